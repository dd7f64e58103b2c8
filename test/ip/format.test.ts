import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatIpv4, formatIpv6, parseIp4, parseIp6 } from '../../src/ip/address.ts';

test('formatIpv6 writes the canonical text of RFC 5952', () => {
  const cases: [string, string][] = [
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
    ['::FFFF:c000:201', '::ffff:192.0.2.1'],
    ['64:ff9b::192.0.2.33', '64:ff9b::c000:221'],
  ];
  for (const [given, expected] of cases) {
    const octets = parseIp6(given)?.bytes;
    assert.ok(octets, given);
    assert.equal(formatIpv6(octets), expected);
  }
});

test('parseIp6 and formatIpv6 are inverse', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (octets) => {
      assert.deepEqual(parseIp6(formatIpv6(octets))?.bytes, octets);
    }),
  );
});

test('parseIp4 and formatIpv4 are inverse', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (octets) => {
      assert.deepEqual(parseIp4(formatIpv4(octets))?.bytes, octets);
    }),
  );
});

test('parseIp4 and parseIp6 refuse what is no plain address', () => {
  for (const text of ['', '1.2.3', '1.2.3.256', '01.2.3.4', '1.2.3.4:53', '::1'])
    assert.equal(parseIp4(text), null, text);
  for (const text of ['', ':::', '1::2::3', 'fe80::1%eth0', '[::1]', '1.2.3.4', '12345::'])
    assert.equal(parseIp6(text), null, text);
});
