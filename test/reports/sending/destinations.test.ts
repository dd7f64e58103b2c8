/** Where reports go, by record and agreement (RFC 9990 sections 3.5 and 4). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_ADDRESSES } from '../../../src/dmarc/report-addresses.ts';
import { parseZone, zoneLookup } from '../../../src/dns/zone/zone.ts';
import { findDestinations } from '../../../src/reports/sending/destinations.ts';
import { mailboxOf } from '../../../src/reports/sending/mailbox.ts';
import { type World, worldLookup } from './make-sender.ts';

const find = (world: World) => findDestinations('brand.example', { lookup: worldLookup(world), deadlineMs: 0 });
const record = (rua: string): World => ({ '_dmarc.brand.example': [`v=DMARC1; p=none; rua=${rua}`] });
/** Each destination as its kind and what matters of it. */
const told = async (world: World): Promise<string[]> => {
  const found = await find(world);
  if (found.kind !== 'found') return [found.kind];
  return found.destinations.map((one) =>
    one.kind === 'open' ? `${one.address} ${one.maxBytes ?? 'any'}` : `${one.kind} ${one.uri}`,
  );
};

for (const [title, rua, expected] of [
  ['in order', 'mailto:b@brand.example,mailto:a@brand.example', ['b@brand.example any', 'a@brand.example any']],
  [
    'malformed ones and other schemes ignored',
    'mailto:,https://brand.example/x,a@brand.example,mailto:a@brand.example',
    ['a@brand.example any'],
  ],
  ['the same address once', 'mailto:a@brand.example,mailto:a@BRAND.example', ['a@brand.example any']],
  [
    'sizes in powers of two',
    'mailto:a@brand.example!10,mailto:b@brand.example!10k,mailto:c@brand.example!2M,mailto:d@brand.example!1g,mailto:e@brand.example!1t',
    [
      'a@brand.example 10',
      'b@brand.example 10240',
      `c@brand.example ${2 * 2 ** 20}`,
      `d@brand.example ${2 ** 30}`,
      `e@brand.example ${2 ** 40}`,
    ],
  ],
  ['in the same organization without an agreement', 'mailto:a@mail.brand.example', ['a@mail.brand.example any']],
  ['outside without an agreement', 'mailto:a@other.test', ['barred mailto:a@other.test']],
] as const)
  test(`findDestinations finds the addresses of rua: ${title}`, async () => {
    assert.deepEqual(await told(record(rua)), expected);
  });

test('findDestinations looks at ten addresses, however many the record or an agreement names', async () => {
  const many = Array.from({ length: MAX_ADDRESSES + 1 }, (_, at) => `mailto:a${at}@brand.example`);
  assert.equal((await told(record(many.join(',')))).length, MAX_ADDRESSES);
  const instead = many.map((uri) => uri.replace('brand.example', 'other.test')).join(',');
  const world = {
    ...record('mailto:a@other.test'),
    'brand.example._report._dmarc.other.test': [`v=DMARC1; rua=${instead}`],
  };
  assert.equal((await told(world)).length, MAX_ADDRESSES);
});

test('findDestinations takes a wildcard for an agreement, as DNS itself gives it', async () => {
  const parsed = parseZone(`$TTL 300
example. SOA ns.example. root.example. 1 3600 600 86400 60
_dmarc.brand.example. TXT "v=DMARC1; rua=mailto:a@other.example"
*._report._dmarc.other.example. TXT "v=DMARC1"
`);
  assert.ok(parsed.ok);
  const lookup = zoneLookup(parsed.zone, async () => ({
    kind: 'nxdomain',
    ttlSeconds: 1,
    authenticated: false,
    source: 'zone',
  }));
  const found = await findDestinations('brand.example', { lookup, deadlineMs: 0 });
  assert.deepEqual(found.kind === 'found' && found.destinations.map(({ kind }) => kind), ['open']);
});

test('findDestinations does not believe the record that the report was built with', async () => {
  assert.deepEqual(await told({}), ['none']);
  assert.deepEqual(await told({ '_dmarc.brand.example': ['v=DMARC1; p=reject'] }), ['none']);
  assert.deepEqual(await told({ '_dmarc.brand.example': ['v=DMARC1; p=none', 'v=DMARC1; p=none'] }), ['none']);
  assert.deepEqual(await told({ '_dmarc.brand.example': 'servfail' }), ['unknown']);
});

test('findDestinations leaves an address open whose agreement DNS does not tell, and the others not', async () => {
  const world: World = {
    ...record('mailto:a@brand.example,mailto:b@other.test'),
    'brand.example._report._dmarc.other.test': 'servfail',
  };
  assert.deepEqual(await told(world), ['a@brand.example any', 'unknown mailto:b@other.test']);
});

test('mailboxOf reads one mailbox of ASCII, and nothing that a session could take for more', () => {
  for (const [uri, address] of [
    ['mailto:a@Brand.example', 'a@brand.example'],
    ['MAILTO:a.b+c@brand.example?subject=x', 'a.b+c@brand.example'],
    ['mailto:a%2Bb@brand.example', 'a+b@brand.example'],
    ['mailto:a%0d%0aRCPT@brand.example', null],
    ['mailto:a%3E%3Cb@brand.example', null],
    ['mailto:a%20b@brand.example', null],
    ['mailto:a@x@brand.example', null],
    ['mailto:%ff@brand.example', null],
    ['mailto:%22a%22@brand.example', null],
    ['mailto:a@brand%2eexample', null],
    ['mailto:a@[192.0.2.1]', null],
    ['mailto:a@localhost', null],
    ['mailto:@brand.example', null],
    ['mailto:a@', null],
    ['mailto:.a@brand.example', null],
    [`mailto:${'a'.repeat(65)}@brand.example`, null],
    ['https://brand.example/a@brand.example', null],
  ] as const)
    assert.equal(mailboxOf(uri), address, uri);
});
