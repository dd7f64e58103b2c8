import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  dottedIp,
  formatIp,
  type IpAddress,
  inNetwork,
  parseClientIp,
  parseIp4,
  parseIp6,
  reverseName,
} from '../../src/ip/address.ts';

const ip = (text: string): IpAddress => {
  const parsed = parseClientIp(text);
  if (parsed === null) assert.fail(text);
  return parsed;
};

describe('parseIp6 reads every form of RFC 4291 section 2.2, and formatIp writes that of RFC 5952', () => {
  for (const [text, canonical] of [
    ['2001:DB8:0:0:8:800:200C:417A', '2001:db8::8:800:200c:417a'],
    ['::', '::'],
    ['::1', '::1'],
    ['1::', '1::'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ] as const) {
    it(text, () => {
      const parsed = parseIp6(text);
      assert.equal(parsed === null ? null : formatIp(parsed), canonical);
    });
  }
  for (const text of [
    '',
    ':',
    ':::',
    '1',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '12345::',
    'g::',
    '1:2:3:4:5:6:7::8',
    '::1%eth0',
    '192.0.2.1::',
    '::192.0.2.1:1',
    '::1.2.3',
    ' ::1',
  ]) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseIp6(text), null));
  }
});

describe('parseIp4', () => {
  for (const text of ['1.2.3', '1.2.3.4.5', '01.2.3.4', '256.1.1.1', '1.2.3.', 'a.b.c.d', '', '1.2.3.4 ']) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseIp4(text), null));
  }
});

describe('parseClientIp', () => {
  it('takes an IPv4-mapped address as IPv4 (RFC 7208 section 5)', () => {
    assert.equal(formatIp(ip('::FFFF:192.0.2.1')), '192.0.2.1');
    assert.equal(ip('::192.0.2.1').family, 6);
  });
});

describe('inNetwork compares the leading bits within a family', () => {
  const cases: readonly (readonly [string, string, number, boolean])[] = [
    ['192.0.2.255', '192.0.2.0', 24, true],
    ['192.0.3.0', '192.0.2.0', 24, false],
    ['192.0.3.0', '192.0.2.0', 23, true],
    ['10.0.0.1', '192.0.2.0', 0, true],
    ['192.0.2.1', '192.0.2.1', 32, true],
    ['192.0.2.1', '192.0.2.0', 32, false],
    ['2001:db8::1', '2001:db8::', 127, true],
    ['2001:db8::2', '2001:db8::', 127, false],
    ['2001:db8::1', '192.0.2.0', 0, false],
  ];
  for (const [address, network, prefix, expected] of cases) {
    it(`${address} in ${network}/${prefix}`, () => assert.equal(inNetwork(ip(address), ip(network), prefix), expected));
  }
});

describe('reverseName and dottedIp', () => {
  it('write IPv4 and IPv6 (RFC 1035 section 3.5, RFC 3596 section 2.5)', () => {
    assert.equal(reverseName(ip('192.0.2.3')), '3.2.0.192.in-addr.arpa');
    assert.equal(dottedIp(ip('2001:db8::cb01')), '2.0.0.1.0.d.b.8.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.c.b.0.1');
    assert.equal(reverseName(ip('::1')), `1.${'0.'.repeat(31)}ip6.arpa`);
  });
});
