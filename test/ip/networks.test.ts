/**
 * Networks as a question, beside node's BlockList on generated lists, and by hand where the two may
 * differ.
 */
import assert from 'node:assert/strict';
import { BlockList } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatIpv4, formatIpv6 } from '../../src/ip/address.ts';
import { networksOf } from '../../src/ip/networks.ts';

const ip4 = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((octets) => formatIpv4(octets));
const ip6 = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((octets) => formatIpv6(octets));

for (const [family, address, most] of [
  ['ipv4', ip4, 32],
  ['ipv6', ip6, 128],
] as const) {
  test(`networksOf says what BlockList says of ${family}`, () => {
    fc.assert(
      fc.property(address, address, fc.integer({ min: 0, max: most }), (base, other, bits) => {
        const list = new BlockList();
        list.addSubnet(base, bits, family);
        const isMember = networksOf([`${base}/${bits}`]);
        for (const one of [base, other])
          assert.equal(isMember(one), list.check(one, family), `${one} in ${base}/${bits}`);
      }),
      { numRuns: 2000 },
    );
  });
}

const cases: readonly (readonly [list: readonly string[], address: string | undefined, isMember: boolean])[] = [
  [['192.0.2.7'], '192.0.2.7', true],
  [['192.0.2.7'], '192.0.2.8', false],
  [['192.0.2.0/24'], '::ffff:192.0.2.9', true],
  [['::ffff:192.0.2.0/120'], '192.0.2.9', true],
  [['::ffff:192.0.2.0/120'], '192.0.3.9', false],
  [['::/0'], '192.0.2.9', false],
  [['2001:db8::/32', '192.0.2.1'], '2001:DB8:0::1', true],
  [['fe80::/10'], 'fe80::1%eth0', true],
  [['0.0.0.0/0'], 'localhost', false],
  [['0.0.0.0/0'], '', false],
  [['0.0.0.0/0'], undefined, false],
  [[], '192.0.2.1', false],
];
for (const [list, address, isMember] of cases) {
  test(`networksOf(${list.join(' ')}) says ${isMember} of ${address}`, () =>
    assert.equal(networksOf(list)(address), isMember));
}
