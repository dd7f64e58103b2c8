/**
 * Networks as a question: does this address belong to them? IPv4-mapped IPv6 addresses count as
 * IPv4. Never resolves a name.
 */
import { BlockList, isIP } from 'node:net';

/** A set of networks. */
export type Networks = (address: string | undefined) => boolean;

/**
 * Makes the question of a list.
 * @param entries addresses and networks in CIDR notation, already checked by the settings
 * @returns false for anything that is no IP address
 */
export const networksOf = (entries: readonly string[]): Networks => {
  const members = new BlockList();
  for (const entry of entries) {
    const [address = '', bits] = entry.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (bits === undefined) members.addAddress(address, family);
    else members.addSubnet(address, Number(bits), family);
  }
  return (address) => {
    const version = isIP(address ?? '');
    return version !== 0 && address !== undefined && members.check(address, version === 6 ? 'ipv6' : 'ipv4');
  };
};
