import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordType } from '../../../schemas/dns.ts';
import type { Lookup } from '../../../src/dns/lookup.ts';
import { MAX_ZONE_CHARACTERS, parseZone, withZone, zoneLookup } from '../../../src/dns/zone/zone.ts';

type Zone = Parameters<typeof zoneLookup>[0];

const SOA = '@ IN SOA ns.brand.example. host\\.master.brand.example. ( 1 1h 15m 1w 5m )';
const FILE = String.raw`; a comment before anything
$ORIGIN brand.example.
$TTL 1h
${SOA}
        NS   ns
        MX   10 mail
        MX   20 mail.other.test.   ; another host
        TXT  "v=spf1 ip4:192.0.2.10" " -all"
mail 60 IN A 192.0.2.10
     IN 30 A 192.0.2.11
     AAAA 2001:DB8::A
mail    A    192.0.2.10     ; the same record again
null    MX   0 .
sel._domainkey TXT ( "v=DKIM1; k=rsa; "   ; parts
                     "p=AAAA" )
quoted  TXT  "semi;colon \"inner\" \\ \065\255" plain\;word
utf8    TXT  "é"
alias   2m CNAME target
target  TXT  "reached"
out     90 CNAME elsewhere.test.
chain   CNAME alias
loop    CNAME loop
*.wild  TXT "from a wildcard"
here.wild A 192.0.2.1
deep.empty A 192.0.2.2
$ORIGIN sub
a       PTR  b
_25._tcp TLSA 3 1 1 ABCD ef01
srv     SRV 0 0 25 mail.brand.example.
odd     TYPE65280 \# 0
old     SPF "v=spf1 -all"
`;

const zoneOf = (text: string): Zone => {
  const parsed = parseZone(text);
  assert.deepEqual(parsed.ok ? [] : parsed.errors, []);
  assert.ok(parsed.ok);
  return parsed.zone;
};
const ask = (lookup: Lookup, name: string, type: RecordType) => lookup({ name, type }, 0);

test('parseZone reads every construct of a master file', async () => {
  const lookup = zoneLookup(zoneOf(FILE));
  const cases: [string, RecordType, unknown, number][] = [
    ['brand.example', 'TXT', [['v=spf1 ip4:192.0.2.10', ' -all']], 3600],
    ['BRAND.example.', 'NS', ['ns.brand.example'], 3600],
    [
      'brand.example',
      'MX',
      [
        { priority: 10, exchange: 'mail.brand.example' },
        { priority: 20, exchange: 'mail.other.test' },
      ],
      3600,
    ],
    [
      'brand.example',
      'SOA',
      [
        {
          mname: 'ns.brand.example',
          rname: 'host\\.master.brand.example',
          serial: 1,
          refresh: 3600,
          retry: 900,
          expire: 604800,
          minimum: 300,
        },
      ],
      3600,
    ],
    ['mail.brand.example', 'A', ['192.0.2.10', '192.0.2.11'], 30],
    ['mail.brand.example', 'AAAA', ['2001:db8::a'], 3600],
    ['null.brand.example', 'MX', [{ priority: 0, exchange: '' }], 3600],
    ['sel._domainkey.brand.example', 'TXT', [['v=DKIM1; k=rsa; ', 'p=AAAA']], 3600],
    ['quoted.brand.example', 'TXT', [['semi;colon "inner" \\ A\xff', 'plain;word']], 3600],
    ['utf8.brand.example', 'TXT', [['\xc3\xa9']], 3600],
    ['alias.brand.example', 'TXT', [['reached']], 120],
    ['alias.brand.example', 'CNAME', ['target.brand.example'], 120],
    ['chain.brand.example', 'TXT', [['reached']], 120],
    ['any.thing.wild.brand.example', 'TXT', [['from a wildcard']], 3600],
    ['a.sub.brand.example', 'PTR', ['b.sub.brand.example'], 3600],
    ['_25._tcp.sub.brand.example', 'TLSA', [{ usage: 3, selector: 1, matchingType: 1, data: 'abcdef01' }], 3600],
    ['old.sub.brand.example', 'SPF', [['v=spf1 -all']], 3600],
  ];
  for (const [name, type, records, ttlSeconds] of cases)
    assert.deepEqual(
      await ask(lookup, name, type),
      { kind: 'records', records, ttlSeconds, authenticated: false, source: 'zone', rcode: 0 },
      `${name} ${type}`,
    );
});

test('zoneLookup tells a name without the type from a name that does not exist', async () => {
  const lookup = zoneLookup(zoneOf(FILE));
  const cases: [string, RecordType, 'nodata' | 'nxdomain', number][] = [
    ['mail.brand.example', 'TXT', 'nodata', 300],
    ['empty.brand.example', 'A', 'nodata', 300],
    ['_domainkey.brand.example', 'TXT', 'nodata', 300],
    ['alias.brand.example', 'A', 'nodata', 120],
    ['srv.sub.brand.example', 'A', 'nodata', 300],
    ['odd.sub.brand.example', 'A', 'nodata', 300],
    ['here.wild.brand.example', 'TXT', 'nodata', 300],
    ['x.wild.brand.example', 'A', 'nodata', 300],
    ['nothing.brand.example', 'TXT', 'nxdomain', 300],
    ['below.here.wild.brand.example', 'TXT', 'nxdomain', 300],
    ['x.deep.empty.brand.example', 'A', 'nxdomain', 300],
  ];
  for (const [name, type, kind, ttlSeconds] of cases)
    assert.deepEqual(
      await ask(lookup, name, type),
      { kind, ttlSeconds, authenticated: false, source: 'zone', rcode: kind === 'nodata' ? 0 : 3 },
      `${name} ${type}`,
    );
});

test('zoneLookup refuses names of others, ends a CNAME loop and answers a bad name itself', async () => {
  const lookup = zoneLookup(zoneOf(FILE));
  const cases: [string, string][] = [
    ['other.test', 'refused'],
    ['out.brand.example', 'refused'],
    ['notbrand.example', 'refused'],
    ['loop.brand.example', 'servfail'],
    ['a..brand.example', 'badname'],
  ];
  for (const [name, failure] of cases) {
    const answer = await ask(lookup, name, 'TXT');
    assert.equal(answer.kind === 'failure' && answer.failure, failure, name);
  }
});

test('withZone answers its own names and passes on all others, with the TTL of the CNAME that leads out', async () => {
  const asked: string[] = [];
  const lookup = withZone(zoneOf(FILE), async ({ name }) => {
    asked.push(name);
    return { kind: 'records', records: [['next']], ttlSeconds: 500, authenticated: true, source: 'network', rcode: 0 };
  });
  assert.equal((await ask(lookup, 'target.brand.example', 'TXT')).source, 'zone');
  assert.deepEqual(asked, []);
  const direct = await ask(lookup, 'Other.test.', 'TXT');
  assert.equal(direct.kind === 'records' && direct.ttlSeconds, 500);
  const led = await ask(lookup, 'out.brand.example', 'TXT');
  assert.equal(led.kind === 'records' && led.ttlSeconds, 90);
  assert.equal(led.source, 'network');
  assert.deepEqual(asked, ['Other.test.', 'elsewhere.test']);
});

test('parseZone tells each error with its line', () => {
  const cases: [string, number, RegExp][] = [
    ['$INCLUDE other.zone', 2, /^\$INCLUDE is not supported/],
    ['$GENERATE 1-2 a A 192.0.2.$', 2, /^\$GENERATE is not supported/],
    ['$TTL soon', 2, /not a time/],
    ['$TTL', 2, /takes one value/],
    ['$ORIGIN', 2, /takes one value/],
    ['$ORIGIN a..b', 2, /not a domain name/],
    ['a 60 A 192.0.2.300', 2, /^A record: must be an IPv4 address/],
    ['a 60 AAAA ::g', 2, /^AAAA record: must be an IPv6 address/],
    ['a 60 A 192.0.2.1 192.0.2.2', 2, /one address expected, 2 given/],
    ['a 60 MX mail', 2, /preference and host expected, 1 given/],
    ['a 60 MX x mail', 2, /^MX record: priority must be a whole number/],
    ['a 60 CNAME a..b', 2, /^CNAME record: must be a domain name/],
    [`a 60 TXT "${'x'.repeat(256)}"`, 2, /^TXT record: 0 must be at most 255 bytes/],
    ['a 60 TXT "\\300"', 2, /escape/],
    ['a 60 TXT', 2, /at least one string expected/],
    ['a 60 TLSA 3 1 1 ABC', 2, /^TLSA record: data must be hexadecimal/],
    ['a TXTT "x"', 2, /^TXTT: unknown record type/],
    ['a CH TXT "x"', 2, /only IN/],
    ['a IN', 2, /no record type/],
    ['a "TXT" "x"', 2, /record type is expected/],
    ['a\\.b 60 A 192.0.2.1', 2, /not a domain name/],
    [`${'l'.repeat(64)} 60 A 192.0.2.1`, 2, /not a domain name/],
    ['a 60 A 192.0.2.1\na 60 CNAME b', 3, /a name with a CNAME has no other records/],
    ['a 60 CNAME b\na 60 A 192.0.2.1', 3, /beside a CNAME/],
    ['a 60 CNAME b\na 60 CNAME c', 3, /a name with a CNAME has no other records/],
    ['\n\na 60 TXT "open', 4, /not closed/],
    ['a 60 TXT ( "x"', 3, /do not nest/],
    ['a 60 TXT "x" )', 2, /without an opening/],
    ['a 60 TXT ( ( "x" ) )', 2, /do not nest/],
    ['x.other.test. 60 A 192.0.2.1', 2, /outside the zone/],
    [`@ 60${SOA.slice(1)}`, 3, /second one/],
  ];
  for (const [lines, at, message] of cases) {
    const parsed = parseZone(`$ORIGIN brand.example.\n${lines}\n@ 60${SOA.slice(1)}\n`);
    const errors = parsed.ok ? [] : parsed.errors;
    assert.ok(
      errors.some((error) => error.line === at && message.test(error.message)),
      `${lines}\n${JSON.stringify(errors)}`,
    );
  }
});

test('parseZone needs an SOA, a TTL, an owner and an origin', () => {
  const cases: [string, RegExp][] = [
    ['', /no SOA record/],
    ['a.example. 60 A 192.0.2.1', /no SOA record/],
    [' 60 A 192.0.2.1', /no record before this one/],
    ['a.example. A 192.0.2.1', /no TTL/],
    ['a 60 A 192.0.2.1', /relative one needs \$ORIGIN/],
    ['a.example. 60 TXT ( "x"', /parenthesis is never closed/],
    ['. 60 SOA a. b. 1 1 1 1 1', /not a domain name/],
  ];
  for (const [text, message] of cases) {
    const parsed = parseZone(text);
    assert.ok(!parsed.ok && parsed.errors.some((error) => message.test(error.message)), text);
  }
});

test('parseZone names the file, keeps the order of lines and bounds errors and size', () => {
  const many = parseZone('bad line\n'.repeat(500), 'zone.txt');
  assert.ok(!many.ok);
  assert.equal(many.errors.length, 100);
  assert.match(many.errors[1]?.message ?? '', /^zone\.txt:1: |^zone\.txt:2: /);
  const large = parseZone(' '.repeat(MAX_ZONE_CHARACTERS + 1));
  assert.ok(!large.ok && /over/.test(large.errors[0]?.message ?? ''));
  const wordy = parseZone(`x.example. 60 IN TXT ${'a '.repeat(40_000)}`);
  assert.ok(!wordy.ok && wordy.errors.some(({ message }) => message === 'an entry has at most 40000 words'));
});
