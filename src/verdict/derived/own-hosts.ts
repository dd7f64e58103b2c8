/**
 * Which hosts are the caller's own: names, `*.` wildcards, addresses and networks, as a request
 * names them. Never resolves a name, because what a name leads to today says nothing of the day
 * when the message came.
 */
import { parseClientIp } from '../../ip/address.ts';
import { networksOf, parseNetwork } from '../../ip/networks.ts';

/** The hosts that a caller trusts. */
export type OwnHosts = {
  /** True for a name that is listed, or below the domain of a listed wildcard. */
  readonly hasName: (name: string | null) => boolean;
  /** True for an address that is listed, or in a listed network. */
  readonly hasAddress: (address: string | null) => boolean;
};

/**
 * Reads a list of own hosts, which the schema has checked; an entry that is neither name nor
 * address belongs to nobody.
 */
export const readOwnHosts = (entries: readonly string[]): OwnHosts => {
  const names = new Set<string>();
  const suffixes: string[] = [];
  const networks: string[] = [];
  for (const entry of entries) {
    if (parseNetwork(entry) !== null) networks.push(entry);
    else if (entry.startsWith('*.')) suffixes.push(comparableName(entry.slice(1)));
    else names.add(comparableName(entry));
  }
  const isListed = networksOf(networks);
  return {
    hasName: (name) => {
      if (name === null) return false;
      const comparable = comparableName(name);
      return names.has(comparable) || suffixes.some((suffix) => isBelow(comparable, suffix));
    },
    hasAddress: (address) => isListed(address ?? undefined),
  };
};

/** A host name as it is compared: lower case, without the final dot. */
export const comparableName = (name: string): string => name.toLowerCase().replace(/\.$/, '');

/** A wildcard matches one label or more, never none. */
const isBelow = (name: string, suffix: string): boolean => name.length > suffix.length && name.endsWith(suffix);

/** Networks of one machine. */
const isLoopback = networksOf(['127.0.0.0/8', '::1/128']);
/**
 * Networks that no address of the public Internet is in: RFC 1918, shared (RFC 6598), link-local,
 * unique local.
 */
const isPrivate = networksOf([
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  'fc00::/7',
  'fe80::/10',
]);

/**
 * Where an address is: on the machine itself, in a network of its own, or on the public Internet.
 * @returns null for no address
 */
export const reachOf = (address: string): 'loopback' | 'private' | 'public' | null => {
  if (parseClientIp(address) === null) return null;
  if (isLoopback(address)) return 'loopback';
  return isPrivate(address) ? 'private' : 'public';
};
