/**
 * The resolver against Unbound, which asks NSD: what a host really has. Every daemon is this test's
 * own, on the loopback.
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { z } from 'zod';
import type { RecordType } from '../../schemas/dns.ts';
import { DnsSettings } from '../../schemas/settings/dns.ts';
import type { Answer } from '../../src/dns/lookup.ts';
import { createResolver, type Resolver } from '../../src/dns/resolver.ts';
import { type DnsDaemons, startDnsDaemons } from './dns-daemons.ts';

const keyOf = (bits: number): string =>
  generateKeyPairSync('rsa', { modulusLength: bits })
    .publicKey.export({ type: 'spki', format: 'der' })
    .toString('base64');
const KEYS = { rsa2048: `v=DKIM1; k=rsa; p=${keyOf(2048)}`, rsa4096: `v=DKIM1; k=rsa; p=${keyOf(4096)}` };
const strings = (text: string): string[] => text.match(/.{1,255}/g) ?? [];
const quoted = (text: string): string =>
  strings(text)
    .map((string) => `"${string}"`)
    .join(' ');

const head = (apex: string) => `$ORIGIN ${apex}.
$TTL 300
@ 120 SOA ns.${apex}. host.${apex}. 1 3600 600 86400 77
@ NS ns
ns A 127.0.0.1
`;
const BRAND = `${head('brand.example')}
@                    MX 10 mail
mail                 A 192.0.2.10
mail                 AAAA 2001:db8::10
short._domainkey     TXT ${quoted(KEYS.rsa2048)}
long._domainkey      TXT ${quoted(KEYS.rsa4096)} ${quoted('x'.repeat(900))}
alias._domainkey 40  CNAME sel.keys.esp.example.
dangling._domainkey  CNAME gone.keys.esp.example.
empty._domainkey     CNAME keys.esp.example.
_25._tcp.mail        TLSA 3 1 1 ${'ab'.repeat(32)}
*.many               TXT "right"
`;
const ESP = `${head('esp.example')}
sel.keys TXT ${quoted(KEYS.rsa2048)}
`;
const SIGNED = `${head('signed.example')}
a TXT "signed"
`;

let daemons: DnsDaemons;
before(async () => {
  daemons = await startDnsDaemons([
    { apex: 'brand.example', text: BRAND },
    { apex: 'esp.example', text: ESP },
    { apex: 'signed.example', text: SIGNED, isSigned: true },
  ]);
});
after(() => daemons.close());

const resolverWith = (settings: z.input<typeof DnsSettings> = {}): Resolver =>
  createResolver(DnsSettings.parse({ dnsServers: [daemons.literal], ...settings }));
const ask = async (
  name: string,
  type: RecordType = 'TXT',
  settings: z.input<typeof DnsSettings> = {},
): Promise<Answer> => {
  const resolver = resolverWith(settings);
  const answer = await resolver.lookup({ name, type }, performance.now() + 60_000);
  resolver.close();
  return answer;
};

test('createResolver gets a DKIM key of over 512 bytes in one datagram', async () => {
  const answer = await ask('short._domainkey.brand.example');
  assert.ok(answer.kind === 'records', JSON.stringify(answer));
  assert.deepEqual(answer.records, [strings(KEYS.rsa2048)]);
  assert.equal(answer.ttlSeconds, 300);
});

test('createResolver gets an answer of over 1232 bytes over TCP', async () => {
  const answer = await ask('long._domainkey.brand.example');
  assert.ok(answer.kind === 'records', JSON.stringify(answer));
  assert.equal(String(answer.records).replaceAll(',', ''), KEYS.rsa4096 + 'x'.repeat(900));
});

/** Seconds since now: what a slow machine takes off a TTL. */
const stopwatch = () => {
  const startedMs = performance.now();
  return () => (performance.now() - startedMs) / 1000;
};

test('createResolver follows the CNAME of a selector, with the least TTL of the chain', async () => {
  const passedSeconds = stopwatch();
  const answer = await ask('ALIAS._domainkey.brand.example.');
  assert.ok(answer.kind === 'records', JSON.stringify(answer));
  assert.deepEqual(answer.records, [strings(KEYS.rsa2048)]);
  assert.ok(answer.ttlSeconds > 30 - passedSeconds() && answer.ttlSeconds <= 40);
});

test('createResolver tells NXDOMAIN and NODATA apart and takes their TTL from the SOA', async () => {
  const cases: [string, RecordType, 'nodata' | 'nxdomain'][] = [
    ['nothing.brand.example', 'TXT', 'nxdomain'],
    ['mail.brand.example', 'TXT', 'nodata'],
    ['_tcp.mail.brand.example', 'A', 'nodata'],
    ['dangling._domainkey.brand.example', 'TXT', 'nxdomain'],
    ['empty._domainkey.brand.example', 'TXT', 'nodata'],
  ];
  for (const [name, type, kind] of cases) {
    const passedSeconds = stopwatch();
    const answer = await ask(name, type);
    assert.equal(answer.kind, kind, `${name} ${JSON.stringify(answer)}`);
    assert.ok(answer.ttlSeconds > 60 - passedSeconds() && answer.ttlSeconds <= 77, JSON.stringify(answer));
  }
});

test('createResolver reads each type as the servers write it', async () => {
  const cases: [string, RecordType, unknown][] = [
    ['brand.example', 'MX', [{ priority: 10, exchange: 'mail.brand.example' }]],
    ['mail.brand.example', 'A', ['192.0.2.10']],
    ['mail.brand.example', 'AAAA', ['2001:db8::10']],
    ['brand.example', 'NS', ['ns.brand.example']],
    ['alias._domainkey.brand.example', 'CNAME', ['sel.keys.esp.example']],
    ['_25._tcp.mail.brand.example', 'TLSA', [{ usage: 3, selector: 1, matchingType: 1, data: 'ab'.repeat(32) }]],
    [
      'brand.example',
      'SOA',
      [
        {
          mname: 'ns.brand.example',
          rname: 'host.brand.example',
          serial: 1,
          refresh: 3600,
          retry: 600,
          expire: 86_400,
          minimum: 77,
        },
      ],
    ],
  ];
  for (const [name, type, records] of cases) {
    const answer = await ask(name, type);
    assert.deepEqual(answer.kind === 'records' && answer.records, records, `${name} ${type}`);
  }
});

test('createResolver sees AD on a signed zone, on records and on negatives, and not elsewhere', async () => {
  const cases: [string, boolean][] = [
    ['a.signed.example', true],
    ['nothing.signed.example', true],
    ['short._domainkey.brand.example', false],
    ['nothing.brand.example', false],
  ];
  for (const [name, authenticated] of cases) {
    const answer = await ask(name);
    assert.equal(answer.kind !== 'failure' && answer.authenticated, authenticated, `${name} ${JSON.stringify(answer)}`);
  }
});

test('createResolver gives no wrong answer while servers are killed and restarted', async () => {
  const resolver = resolverWith({
    dnsQuestionTimeoutMs: 800,
    dnsFirstTryMs: 100,
    dnsLaterTryMs: 200,
    dnsMaxTtlSeconds: 1,
    dnsMinTtlSeconds: 0,
  });
  const counts = { right: 0, failed: 0 };
  let isOver = false;
  const load = Array.from({ length: 8 }, async (_, worker) => {
    for (let at = 0; !isOver; at++) {
      const answer = await resolver.lookup(
        { name: `w${worker}n${at}.many.brand.example`, type: 'TXT' },
        performance.now() + 1000,
      );
      if (answer.kind === 'failure') counts.failed++;
      else {
        assert.deepEqual(answer.kind === 'records' && answer.records, [['right']], JSON.stringify(answer));
        counts.right++;
      }
      await nextTurn();
    }
  });
  /** Waits for some more of them. */
  const more = async (outcome: keyof typeof counts): Promise<void> => {
    for (const before = counts[outcome]; counts[outcome] < before + 20; ) await nextTurn();
  };
  for (const which of ['unbound', 'nsd', 'unbound'] as const) {
    await more('right');
    await daemons.stop(which);
    await more('failed');
    await daemons.start(which);
  }
  await more('right');
  isOver = true;
  await Promise.all(load);
  resolver.close();
});
