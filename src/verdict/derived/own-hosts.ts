/**
 * Which hosts are the caller's own: names, `*.` wildcards, addresses and networks, as a request
 * names them. Never resolves a name, because what a name leads to today says nothing of the day
 * when the message came.
 */
import { type IpAddress, inNetwork, parseClientIp } from '../../ip/address.ts';

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
  const networks: { network: IpAddress; prefixLength: number }[] = [];
  for (const entry of entries) {
    const [base = '', bits] = entry.split('/', 2);
    const network = parseClientIp(base);
    if (network !== null) {
      networks.push({ network, prefixLength: bits === undefined ? network.bytes.length * 8 : Number(bits) });
    } else if (entry.startsWith('*.')) suffixes.push(comparableName(entry.slice(1)));
    else names.add(comparableName(entry));
  }
  return {
    hasName: (name) => {
      if (name === null) return false;
      const comparable = comparableName(name);
      return names.has(comparable) || suffixes.some((suffix) => isBelow(comparable, suffix));
    },
    hasAddress: (text) => {
      const address = text === null ? null : parseClientIp(text);
      return (
        address !== null && networks.some(({ network, prefixLength }) => inNetwork(address, network, prefixLength))
      );
    },
  };
};

/** A host name as it is compared: lower case, without the final dot. */
export const comparableName = (name: string): string => name.toLowerCase().replace(/\.$/, '');

/** A wildcard stands for one label or more, never for none. */
const isBelow = (name: string, suffix: string): boolean => name.length > suffix.length && name.endsWith(suffix);

/** Networks of one machine. */
const LOOPBACK = networks(['127.0.0.0/8', '::1/128']);
/**
 * Networks that no address of the public Internet is in: RFC 1918, shared (RFC 6598), link-local,
 * unique local.
 */
const PRIVATE = networks([
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
export const reachOf = (text: string): 'loopback' | 'private' | 'public' | null => {
  const address = parseClientIp(text);
  if (address === null) return null;
  if (LOOPBACK(address)) return 'loopback';
  return PRIVATE(address) ? 'private' : 'public';
};

function networks(list: readonly string[]): (address: IpAddress) => boolean {
  const members = list.map((text) => {
    const [base = '', bits] = text.split('/');
    return { network: parseClientIp(base), prefixLength: Number(bits) };
  });
  return (address) =>
    members.some(({ network, prefixLength }) => network !== null && inNetwork(address, network, prefixLength));
}
