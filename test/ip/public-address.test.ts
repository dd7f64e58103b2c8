import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPublicAddress } from '../../src/ip/public-address.ts';

const PUBLIC = [
  '11.0.0.1',
  '8.8.8.8',
  '172.15.0.1',
  '172.32.0.1',
  '2600::1',
  '2a00:1450::1',
  '::ffff:8.8.8.8',
  '64:ff9b::808:808',
];

const NOT_PUBLIC = [
  ['0.0.0.0', 'this network'],
  ['10.1.2.3', 'private'],
  ['100.64.0.1', 'carrier-grade NAT'],
  ['127.0.0.1', 'loopback'],
  ['169.254.169.254', 'link-local, where clouds keep their metadata'],
  ['172.16.0.1', 'private'],
  ['172.31.255.255', 'private'],
  ['192.0.0.8', 'IETF protocol assignments'],
  ['192.0.2.1', 'documentation'],
  ['192.168.1.1', 'private'],
  ['198.18.0.1', 'benchmarks'],
  ['198.51.100.1', 'documentation'],
  ['203.0.113.1', 'documentation'],
  ['224.0.0.1', 'multicast'],
  ['240.0.0.1', 'reserved'],
  ['255.255.255.255', 'broadcast'],
  ['::', 'unspecified'],
  ['::1', 'loopback'],
  ['::ffff:127.0.0.1', 'IPv4-mapped loopback'],
  ['::ffff:10.0.0.1', 'IPv4-mapped private'],
  ['::7f00:1', 'IPv4-compatible loopback'],
  ['64:ff9b::7f00:1', 'NAT64 of loopback'],
  ['64:ff9b::a9fe:a9fe', 'NAT64 of link-local'],
  ['64:ff9b:1::1', 'local NAT64'],
  ['100::1', 'discard'],
  ['2001::1', 'Teredo'],
  ['2001:db8::1', 'documentation'],
  ['2002:7f00:1::', '6to4 of loopback'],
  ['3fff::1', 'documentation'],
  ['5f00::1', 'SRv6 SIDs'],
  ['fc00::1', 'unique local'],
  ['fd12:3456::1', 'unique local'],
  ['fe80::1', 'link-local'],
  ['fec0::1', 'site-local'],
  ['ff02::1', 'multicast'],
  ['fe80::1%eth0', 'a zone'],
  ['127.1', 'a short form'],
  ['0x7f000001', 'a hexadecimal form'],
  ['2130706433', 'a decimal form'],
  ['0177.0.0.1', 'an octal form'],
  ['', 'nothing'],
  ['brand.example', 'a name'],
] as const;

test('isPublicAddress lets addresses of the public Internet through', () => {
  for (const address of PUBLIC) assert.equal(isPublicAddress(address), true, address);
});

test('isPublicAddress refuses every address that leads inside, by whatever disguise', () => {
  for (const [address, what] of NOT_PUBLIC) assert.equal(isPublicAddress(address), false, `${address} (${what})`);
});
