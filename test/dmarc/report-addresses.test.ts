/** Whether a receiver of DMARC reports agreed to take them (RFC 9990 section 4). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkReportAddresses } from '../../src/dmarc/report-addresses.ts';
import { recordLookup } from '../../src/dmarc/tree-walk.ts';
import type { Lookup } from '../../src/dns/lookup.ts';
import { parseZone, zoneLookup } from '../../src/dns/zone/zone.ts';
import { parseDmarc } from '../../src/records/dmarc.ts';

const zone = (text: string): Lookup => {
  const parsed = parseZone(`$TTL 300\nexample. SOA ns.example. root.example. 1 3600 600 86400 60\n${text}`);
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return zoneLookup(parsed.zone, async () => ({
    kind: 'nxdomain',
    ttlSeconds: 60,
    authenticated: false,
    source: 'zone',
  }));
};

const look = async (domain: string, text: string, lookup: Lookup) => {
  const record = parseDmarc(text);
  assert.equal(record.kind, 'record');
  if (record.kind !== 'record') return [];
  return checkReportAddresses(
    { domain, record },
    domain,
    (name, type) => lookup({ name, type }, 0),
    recordLookup(lookup, 0),
  );
};

const AT = 'brand.example._report._dmarc.reports.example';

for (const { title, records, authorized, override } of [
  { title: 'no agreement', records: '', authorized: false, override: undefined },
  { title: 'an agreement', records: `${AT}. TXT "v=DMARC1"`, authorized: true, override: undefined },
  {
    title: 'an agreement with a last semicolon',
    records: `${AT}. TXT "v=DMARC1;"`,
    authorized: true,
    override: undefined,
  },
  {
    title: 'a wildcard',
    records: '*._report._dmarc.reports.example. TXT "v=DMARC1"',
    authorized: true,
    override: undefined,
  },
  {
    title: 'a text that is no DMARC record',
    records: `${AT}. TXT "v=spf1 -all"`,
    authorized: false,
    override: undefined,
  },
  {
    title: 'a record with a repeated tag, which is none',
    records: `${AT}. TXT "v=DMARC1; rua=mailto:a@reports.example; rua=mailto:b@reports.example"`,
    authorized: false,
    override: undefined,
  },
  {
    title: 'two records',
    records: `${AT}. TXT "v=DMARC1"\n${AT}. TXT "v=DMARC1; rua=mailto:new@reports.example"`,
    authorized: true,
    override: ['mailto:new@reports.example'],
  },
  {
    title: 'an override on the same host',
    records: `${AT}. TXT "v=DMARC1; rua=mailto:new@Reports.example"`,
    authorized: true,
    override: ['mailto:new@Reports.example'],
  },
  {
    title: 'an override on another host, where neither gets reports',
    records: `${AT}. TXT "v=DMARC1; rua=mailto:victim@other.example"`,
    authorized: false,
    override: ['mailto:victim@other.example'],
  },
  {
    title: 'an override below the host, which is another host',
    records: `${AT}. TXT "v=DMARC1; rua=mailto:a@reports.example,mailto:b@sub.reports.example"`,
    authorized: false,
    override: ['mailto:a@reports.example', 'mailto:b@sub.reports.example'],
  },
] as const)
  test(`checkReportAddresses at a receiver of another organization: ${title}`, async () => {
    const [told] = await look('brand.example', 'v=DMARC1; rua=mailto:r@reports.example', zone(records));
    assert.deepEqual([told?.external, told?.authorized, told?.override], [true, authorized, override]);
    assert.equal(told?.asked, AT);
  });

test('checkReportAddresses asks for nothing in the same organization', async () => {
  const lookup = zone('_dmarc.brand.example. TXT "v=DMARC1; p=none"');
  const [told] = await look('brand.example', 'v=DMARC1; rua=mailto:r@mail.brand.example', lookup);
  assert.deepEqual([told?.external, told?.authorized, told?.asked], [false, true, null]);
});

test('checkReportAddresses refuses a receiver whose agreement would be at a name that is too long', async () => {
  const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.example`;
  const [told] = await look(long, `v=DMARC1; rua=mailto:r@${'d'.repeat(60)}.reports.example`, zone(''));
  assert.deepEqual([told?.external, told?.authorized], [true, false]);
});

test('checkReportAddresses leaves a receiver open when DNS fails', async () => {
  const quiet = zone('');
  const lookup: Lookup = async (question, deadlineMs) =>
    question.name === AT ? { kind: 'failure', failure: 'servfail', source: 'network' } : quiet(question, deadlineMs);
  const [told] = await look('brand.example', 'v=DMARC1; rua=mailto:r@reports.example', lookup);
  assert.deepEqual([told?.external, told?.authorized, told?.asked], [true, null, AT]);
});
