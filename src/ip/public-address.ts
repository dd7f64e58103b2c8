/**
 * Which addresses may be connected to: unicast addresses of the public Internet, and nothing that
 * leads back inside, by whatever disguise. A name in DNS is written by a stranger; without this
 * check it would let them knock at our neighbours (RFC 6890, RFC 8190).
 */
import ipaddr from 'ipaddr.js';

/** NAT64 by the well-known prefix (RFC 6052 section 2.1): an IPv4 address in the last 32 bits. */
const NAT64 = ipaddr.parseCIDR('64:ff9b::/96');
/**
 * Networks that ipaddr.js counts as unicast and that are not public: local NAT64, IPv6
 * documentation, SRv6 SIDs, and deprecated site-local and compatible addresses.
 */
const NOT_PUBLIC = [
  '64:ff9b:1::/48',
  '3fff::/20',
  '5f00::/16',
  'fec0::/10',
  '::/96',
  '2001:20::/28',
  '100:0:0:1::/64',
].map((network) => ipaddr.parseCIDR(network));
const NOT_PUBLIC_IP4 = ['192.88.99.0/24', '192.0.0.0/24', '198.18.0.0/15'].map((network) => ipaddr.parseCIDR(network));

/**
 * True for an address of the public Internet. IPv4-mapped and NAT64 addresses are judged by the
 * IPv4 address inside; 6to4 and Teredo are refused.
 */
export const isPublicAddress = (text: string): boolean => {
  if (!ipaddr.isValid(text) || text.includes('%')) return false;
  // ipaddr.js reads "127.1" and "0x7f000001" too: what it reads must be what is written.
  const address = ipaddr.parse(text);
  if (address instanceof ipaddr.IPv4) return ipaddr.IPv4.isValidFourPartDecimal(text) && isPublicIp4(address);
  if (!(address instanceof ipaddr.IPv6)) return false;
  if (address.isIPv4MappedAddress()) return isPublicIp4(address.toIPv4Address());
  if (address.match(NAT64 as [ipaddr.IPv6, number])) {
    const bytes = address.toByteArray().slice(12);
    return isPublicIp4(new ipaddr.IPv4(bytes));
  }
  // Global unicast is 2000::/3 (RFC 4291 section 2.4); ipaddr.js calls "unicast" all that has no
  // name of its own.
  return (
    address.range() === 'unicast' &&
    (address.parts[0] ?? 0) >> 13 === 1 &&
    !NOT_PUBLIC.some((network) => address.match(network as [ipaddr.IPv6, number]))
  );
};

const isPublicIp4 = (address: ipaddr.IPv4): boolean =>
  address.range() === 'unicast' && !NOT_PUBLIC_IP4.some((network) => address.match(network as [ipaddr.IPv4, number]));
