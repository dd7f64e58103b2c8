import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OverlayRecord, RecordType } from '../../../schemas/dns.ts';
import type { Lookup } from '../../../src/dns/lookup.ts';
import { parseOverlay, withOverlay } from '../../../src/dns/zone/overlay.ts';

const published: Lookup = async ({ name, type }) =>
  name === 'brand.example' && type === 'TXT'
    ? { kind: 'records', records: [['published']], ttlSeconds: 60, authenticated: true, source: 'cache', rcode: 0 }
    : { kind: 'nxdomain', ttlSeconds: 60, authenticated: false, source: 'network', rcode: 3 };

const overlaid = (records: OverlayRecord[]): Lookup => {
  const parsed = parseOverlay(records);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return withOverlay(parsed.overlay, published);
};
const ask = (lookup: Lookup, name: string, type: RecordType) => lookup({ name, type }, 0);

test('withOverlay replaces one record set and leaves the other types of the name', async () => {
  const lookup = overlaid([
    { name: 'Brand.Example.', type: 'MX', records: [{ priority: 5, exchange: 'mx.example.' }] },
  ]);
  assert.deepEqual(await ask(lookup, 'brand.example', 'MX'), {
    kind: 'records',
    records: [{ priority: 5, exchange: 'mx.example' }],
    ttlSeconds: 300,
    authenticated: false,
    source: 'overlay',
    rcode: 0,
  });
  const other = await ask(lookup, 'brand.example', 'TXT');
  assert.deepEqual(other.kind === 'records' && other.records, [['published']]);
});

test('withOverlay takes TXT as a plain string, cut after each 255 bytes', async () => {
  const long = `v=DKIM1; p=${'A'.repeat(300)}`;
  const lookup = overlaid([
    { name: 's._domainkey.brand.example', type: 'TXT', ttl: 7, records: [long, ['one', 'two']] },
  ]);
  const answer = await ask(lookup, 's._domainkey.brand.example', 'TXT');
  assert.ok(answer.kind === 'records');
  assert.deepEqual(answer.records, [
    [long.slice(0, 255), long.slice(255)],
    ['one', 'two'],
  ]);
  assert.equal(answer.ttlSeconds, 7);
});

test('withOverlay plays every rcode', async () => {
  const cases = [
    ['NOERROR', { kind: 'nodata', ttlSeconds: 300, authenticated: false, source: 'overlay', rcode: 0 }],
    ['NXDOMAIN', { kind: 'nxdomain', ttlSeconds: 300, authenticated: false, source: 'overlay', rcode: 3 }],
    ['SERVFAIL', { kind: 'failure', failure: 'servfail', source: 'overlay', rcode: 2 }],
    ['REFUSED', { kind: 'failure', failure: 'refused', source: 'overlay', rcode: 5 }],
    ['TIMEOUT', { kind: 'failure', failure: 'timeout', source: 'overlay' }],
  ] as const;
  for (const [rcode, expected] of cases)
    assert.deepEqual(
      await ask(overlaid([{ name: 'brand.example', type: 'TXT', rcode }]), 'brand.example', 'TXT'),
      expected,
    );
});

test('withOverlay follows an overlaid CNAME into the overlay and beyond, and ends a loop', async () => {
  const lookup = overlaid([
    { name: 'alias.example', type: 'CNAME', ttl: 30, records: ['inner.example'] },
    { name: 'inner.example', type: 'TXT', records: ['inside'] },
    { name: 'outer.example', type: 'CNAME', ttl: 30, records: ['brand.example'] },
    { name: 'loop.example', type: 'CNAME', records: ['loop.example'] },
  ]);
  const inner = await ask(lookup, 'alias.example', 'TXT');
  assert.deepEqual(inner.kind === 'records' && [inner.records, inner.ttlSeconds, inner.source], [
    [['inside']],
    30,
    'overlay',
  ]);
  const outer = await ask(lookup, 'outer.example', 'TXT');
  assert.deepEqual(outer.kind === 'records' && [outer.records, outer.ttlSeconds, outer.source], [
    [['published']],
    30,
    'cache',
  ]);
  const loop = await ask(lookup, 'loop.example', 'TXT');
  assert.equal(loop.kind === 'failure' && loop.failure, 'servfail');
});

test('withOverlay makes a name exist when it, or a name below it, has an overlaid record', async () => {
  const lookup = overlaid([{ name: '_dmarc.new.test', type: 'TXT', records: ['v=DMARC1; p=none'] }]);
  assert.equal((await ask(lookup, 'new.test', 'A')).kind, 'nodata');
  assert.equal((await ask(lookup, '_dmarc.new.test', 'A')).kind, 'nodata');
  assert.equal((await ask(lookup, 'other.test', 'A')).kind, 'nxdomain');
});

test('withOverlay answers a bad name itself', async () => {
  const answer = await ask(overlaid([]), 'a..b', 'A');
  assert.equal(answer.kind === 'failure' && answer.failure, 'badname');
});

test('parseOverlay names the path of each wrong field', () => {
  const entry = (type: RecordType, record: unknown): OverlayRecord => ({
    name: 'a.example',
    type,
    records: [record as string],
  });
  const cases: [OverlayRecord | OverlayRecord[], string, RegExp][] = [
    [{ name: 'a..example', type: 'A', records: ['192.0.2.1'] }, 'overlay[0].name', /domain name/],
    [{ name: 'a.example', type: 'A' }, 'overlay[0]', /exactly one of records and rcode/],
    [{ name: 'a.example', type: 'A', records: ['192.0.2.1'], rcode: 'NXDOMAIN' }, 'overlay[0]', /exactly one/],
    [entry('A', '192.0.2'), 'overlay[0].records[0]', /A: must be an IPv4 address/],
    [entry('A', { priority: 1, exchange: 'x' }), 'overlay[0].records[0]', /IPv4/],
    [entry('AAAA', '192.0.2.1'), 'overlay[0].records[0]', /IPv6/],
    [entry('TXT', []), 'overlay[0].records[0]', /list of strings/],
    [entry('TXT', ['a', 'b'.repeat(256)]), 'overlay[0].records[0][1]', /255/],
    [entry('TXT', 'caf\u0119'), 'overlay[0].records[0]', /bytes/],
    [entry('TXT', 'x'.repeat(66_000)), 'overlay[0].records[0]', /65535/],
    [entry('MX', 'mail.example'), 'overlay[0].records[0]', /object of priority, exchange/],
    [entry('MX', { priority: -1, exchange: 'x' }), 'overlay[0].records[0].priority', /0 to 65535/],
    [entry('MX', { priority: 1, exchange: 'a..b' }), 'overlay[0].records[0].exchange', /domain name/],
    [entry('MX', { priority: 1, exchange: 'a', host: 'b' }), 'overlay[0].records[0].host', /not a field/],
    [entry('CNAME', ''), 'overlay[0].records[0]', /domain name/],
    [entry('TLSA', { usage: 256, selector: 0, matchingType: 0, data: 'ab' }), 'overlay[0].records[0].usage', /255/],
    [entry('TLSA', { usage: 3, selector: 1, matchingType: 1, data: 'a' }), 'overlay[0].records[0].data', /hexadecimal/],
    [{ name: 'a.example', type: 'CNAME', records: ['b.example', 'c.example'] }, 'overlay[0].records', /one canonical/],
    [[entry('A', '192.0.2.1'), entry('A', '192.0.2.2')], 'overlay[1]', /appears in an earlier entry/],
    [[entry('A', '192.0.2.1'), entry('CNAME', 'b.example')], 'overlay[1]', /a name with a CNAME has no other records/],
    [[entry('CNAME', 'b.example'), entry('A', '192.0.2.1')], 'overlay[1]', /a name with a CNAME has no other records/],
  ];
  for (const [records, path, message] of cases) {
    const parsed = parseOverlay([records].flat());
    assert.ok(!parsed.ok, path);
    assert.deepEqual(
      parsed.errors.map((error) => error.path),
      [path],
    );
    assert.match(parsed.errors[0]?.message ?? '', message);
  }
});
