/**
 * Networks as a question: does this address belong to them? IPv4-mapped IPv6 addresses count as
 * IPv4. Never resolves a name.
 */
import { type IpAddress, inNetwork, parseClientIp } from './address.ts';

/** A set of networks. @returns false for anything that is no IP address */
export type Networks = (address: string | undefined) => boolean;

/** An address or network in CIDR notation. @returns null where the text is none */
export const parseNetwork = (text: string): { address: IpAddress; prefixLength: number } | null => {
  const [written = '', bits] = text.split('/', 2);
  const address = parseClientIp(written);
  if (address === null) return null;
  const most = address.bytes.length * 8;
  if (bits === undefined) return { address, prefixLength: most };
  // Of a mapped network the first 96 bits say no more than that it is mapped.
  const mappedBits = address.family === 4 && written.includes(':') ? 96 : 0;
  const prefixLength = Number(bits) - mappedBits;
  return prefixLength >= 0 && prefixLength <= most ? { address, prefixLength } : null;
};

/** True for an address inside a network in CIDR notation; a text that is neither is false. */
export const isInNetwork = (address: string, network: string): boolean => networksOf([network])(address);

/**
 * Makes the question of a list.
 * @param entries addresses and networks in CIDR notation, already checked by the settings
 */
export const networksOf = (entries: readonly string[]): Networks => {
  const networks = entries.map(parseNetwork).filter((network) => network !== null);
  return (text) => {
    // The zone of a link-local peer (fe80::1%eth0) is no part of its address.
    const address = text === undefined ? null : parseClientIp(text.split('%', 1)[0] ?? '');
    return address !== null && networks.some((network) => inNetwork(address, network.address, network.prefixLength));
  };
};
