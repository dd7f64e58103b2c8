import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lookup } from '../../../src/dns/lookup.ts';
import { example, makeVerifier } from '../make-verifier.ts';

test('iprev confirms a name in both directions, and says when none does (RFC 8601 section 2.7.3)', async () => {
  const records = (...values: string[]) => ({
    kind: 'records' as const,
    records: values,
    ttlSeconds: 60,
    authenticated: false,
    source: 'network' as const,
  });
  const lookup: Lookup = async ({ name, type }) => {
    if (name === '10.2.0.192.in-addr.arpa') return records('liar.example', 'Mail.Brand.example');
    if (name === '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa')
      return records('six.brand.example');
    if (type === 'A' && name === 'Mail.Brand.example'.toLowerCase()) return records('192.0.2.10');
    if (type === 'AAAA' && name === 'six.brand.example') return records('2001:db8:0:0::1');
    return { kind: 'nxdomain', ttlSeconds: 60, authenticated: false, source: 'network' };
  };
  const iprev = async (clientIp: string) =>
    (await makeVerifier({}, lookup)(example('unsigned.eml'), { clientIp })).iprev;
  assert.deepEqual(
    [(await iprev('192.0.2.10')).result, (await iprev('192.0.2.10')).name],
    ['pass', 'mail.brand.example'],
  );
  assert.equal((await iprev('2001:db8::1')).result, 'pass');
  assert.equal((await iprev('192.0.2.11')).result, 'permerror');
});
