/**
 * Networks as ranges of addresses, counted without counting an address twice: how much of the
 * Internet a record lets send. Pure.
 */
import type { NetworkCount } from '../../../schemas/posture/spf.ts';
import type { IpAddress } from '../../ip/address.ts';

/** A network, cut to its prefix. */
export type Network = {
  readonly family: 4 | 6;
  readonly prefixLength: number;
  /** The first address in hexadecimal: one spelling a network. */
  readonly first: string;
};

/** The network of an address and a prefix length. @param prefixLength 0 to 32 or 128 bits */
export const networkOf = (address: IpAddress, prefixLength: number): Network => {
  const bytes = address.bytes.map((byte, index) => {
    const bits = Math.min(8, Math.max(0, prefixLength - 8 * index));
    return byte & (0xff << (8 - bits)) & 0xff;
  });
  return { family: address.family, prefixLength, first: Buffer.from(bytes).toString('hex') };
};

/** Counts distinct networks, and the IPv4 addresses in their union. */
export const countNetworks = (networks: readonly Network[]): NetworkCount => {
  const distinct = new Map(networks.map((network) => [`${network.first}/${network.prefixLength}`, network]));
  const ip4 = [...distinct.values()].filter(({ family }) => family === 4);
  const ranges = ip4
    .map(({ first, prefixLength }) => {
      const start = Number.parseInt(first, 16);
      return { start, end: start + 2 ** (32 - prefixLength) };
    })
    .toSorted((one, other) => one.start - other.start);
  let addresses = 0;
  let coveredTo = 0;
  for (const { start, end } of ranges) {
    if (end > coveredTo) addresses += end - Math.max(start, coveredTo);
    coveredTo = Math.max(coveredTo, end);
  }
  return { ip4Networks: ip4.length, ip4Addresses: addresses, ip6Networks: distinct.size - ip4.length };
};
