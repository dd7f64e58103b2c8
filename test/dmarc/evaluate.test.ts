/** DMARC by RFC section: both readings, and what a DNS failure does to them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DmarcVerdict } from '../../schemas/dmarc.ts';
import { beginDmarc, noAuthorDomain } from '../../src/dmarc/evaluate.ts';
import type { Identifiers } from '../../src/dmarc/reading.ts';
import type { Lookup } from '../../src/dns/lookup.ts';
import { parseZone, zoneLookup } from '../../src/dns/zone/zone.ts';

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
const none: Identifiers = { spf: [], dkim: [] };
const pass = (domain: string) => ({ domain, state: 'pass' as const });
const unknown = (domain: string) => ({ domain, state: 'unknown' as const });
const judge = (domain: string, lookup: Lookup, identifiers: Identifiers): Promise<DmarcVerdict> =>
  beginDmarc(domain, lookup, performance.now() + 5000).finish(identifiers);
const failing =
  (name: string, lookup: Lookup): Lookup =>
  (question, deadlineMs) =>
    question.name === name
      ? Promise.resolve({ kind: 'failure', failure: 'servfail', source: 'network' })
      : lookup(question, deadlineMs);

const BRAND =
  '_dmarc.brand.example. TXT "v=DMARC1; p=reject; sp=quarantine; np=none"\nwww.brand.example. A 192.0.2.1\n';

test('RFC 9989 4.10.1: p, sp and np apply to the domain, its subdomain and a subdomain that does not exist', async () => {
  for (const [domain, tag, applies] of [
    ['brand.example', 'p', 'reject'],
    ['www.brand.example', 'sp', 'quarantine'],
    ['nowhere.brand.example', 'np', 'none'],
  ] as const) {
    const { rfc9989 } = await judge(domain, zone(BRAND), none);
    assert.equal(rfc9989.result, 'fail');
    assert.equal(rfc9989.policy?.tag, tag);
    assert.equal(rfc9989.policy?.applies, applies);
    assert.equal(rfc9989.recordDomain, 'brand.example');
  }
});

test('RFC 9989 4.7: t=y lowers the policy by one level, and RFC 7489 does not know it', async () => {
  const verdict = await judge('brand.example', zone('_dmarc.brand.example. TXT "v=DMARC1; p=reject; t=y"'), none);
  assert.equal(verdict.rfc9989.policy?.applies, 'quarantine');
  assert.equal(verdict.rfc7489.applies, 'reject');
  assert.equal(verdict.agree, false);
  assert.match(verdict.difference ?? '', /t=y/);
});

test('RFC 9989 4.4: relaxed alignment takes a domain under the same Organizational Domain, strict alignment does not', async () => {
  const identifiers = { spf: [pass('bounce.brand.example')], dkim: [pass('mail.brand.example')] };
  const relaxed = await judge('brand.example', zone('_dmarc.brand.example. TXT "v=DMARC1; p=reject"'), identifiers);
  assert.equal(relaxed.result, 'pass');
  assert.equal(relaxed.rfc9989.alignment.spf.domain, 'bounce.brand.example');
  const strict = await judge(
    'brand.example',
    zone('_dmarc.brand.example. TXT "v=DMARC1; p=reject; aspf=s; adkim=s"'),
    identifiers,
  );
  assert.equal(strict.result, 'fail');
  assert.deepEqual(strict.rfc9989.alignment.dkim, {
    mode: 'strict',
    aligned: false,
    domain: null,
    compared: ['mail.brand.example'],
  });
});

test('RFC 9989 4.10.2: psd=n makes a subdomain an Organizational Domain of its own, which the Public Suffix List does not see', async () => {
  const records = zone(
    '_dmarc.brand.example. TXT "v=DMARC1; p=none"\n_dmarc.unit.brand.example. TXT "v=DMARC1; p=reject; psd=n"',
  );
  const verdict = await judge('unit.brand.example', records, { spf: [pass('brand.example')], dkim: [] });
  assert.equal(verdict.rfc9989.organizationalDomain, 'unit.brand.example');
  assert.equal(verdict.rfc9989.result, 'fail');
  assert.equal(verdict.rfc7489.result, 'pass');
  assert.match(
    verdict.difference ?? '',
    /organizational domain is unit\.brand\.example by the Tree Walk and brand\.example/,
  );
});

test('RFC 9989 4.10: several records at one name count as none, and a record without a policy asks for nothing', async () => {
  const twice = await judge(
    'brand.example',
    zone('_dmarc.brand.example. TXT "v=DMARC1; p=reject"\n_dmarc.brand.example. TXT "v=DMARC1; p=none"'),
    none,
  );
  assert.equal(twice.result, 'none');
  const empty = await judge('brand.example', zone('_dmarc.brand.example. TXT "v=DMARC1"'), none);
  assert.equal(empty.result, 'none');
  assert.match(empty.rfc9989.reason, /no valid policy/);
});

test('a DNS failure is temperror where it could change the result', async () => {
  const records = zone(
    '_dmarc.brand.example. TXT "v=DMARC1; p=reject; np=none"\n_dmarc.a.brand.example. TXT "v=DMARC1; p=none"',
  );
  const cases: [string, string, Identifiers][] = [
    ['the record itself', '_dmarc.brand.example', none],
    ['the existence test for np', 'gone.brand.example', none],
  ];
  for (const [what, name, identifiers] of cases) {
    const verdict = await judge('gone.brand.example', failing(name, records), identifiers);
    assert.equal(verdict.result, 'temperror', what);
  }
});

test('a DNS failure above the author record leaves a pass a pass and a fail of a stranger a fail', async () => {
  const records = failing('_dmarc.example', zone('_dmarc.brand.example. TXT "v=DMARC1; p=reject"'));
  assert.equal((await judge('brand.example', records, { spf: [], dkim: [pass('brand.example')] })).result, 'pass');
  assert.equal((await judge('brand.example', records, { spf: [pass('other.test')], dkim: [] })).result, 'fail');
  assert.equal((await judge('brand.example', records, { spf: [pass('other.example')], dkim: [] })).result, 'temperror');
});

test('an aligned identifier that a failure left open makes temperror, never fail; a stranger left open changes nothing', async () => {
  const records = zone('_dmarc.brand.example. TXT "v=DMARC1; p=reject"');
  assert.equal(
    (await judge('brand.example', records, { spf: [unknown('brand.example')], dkim: [] })).result,
    'temperror',
  );
  assert.equal(
    (await judge('brand.example', records, { spf: [unknown('brand.example')], dkim: [pass('brand.example')] })).result,
    'pass',
  );
  assert.equal((await judge('brand.example', records, { spf: [unknown('other.test')], dkim: [] })).result, 'fail');
});

test('RFC 7489 6.6.4: pct is told, and pct=0 lowers the older policy', async () => {
  const half = await judge('brand.example', zone('_dmarc.brand.example. TXT "v=DMARC1; p=reject; pct=50"'), none);
  assert.equal(half.rfc7489.percent, 50);
  const zero = await judge('brand.example', zone('_dmarc.brand.example. TXT "v=DMARC1; p=reject; pct=0"'), none);
  assert.equal(zero.rfc7489.applies, 'quarantine');
  assert.match(zero.difference ?? '', /pct=0/);
});

test('RFC 9989 5.3.1: without exactly one Author Domain the result is permerror and the reason is told', () => {
  const verdict = noAuthorDomain('the message has more than one From field');
  assert.equal(verdict.result, 'permerror');
  assert.equal(verdict.authorDomain, null);
  assert.match(verdict.rfc9989.reason, /more than one From field/);
});

test('an address literal as author domain publishes nothing and no question is asked for it', async () => {
  const asked: string[] = [];
  const lookup: Lookup = async ({ name }) => {
    asked.push(name);
    return { kind: 'failure', failure: 'servfail', source: 'network' };
  };
  const verdict = await judge('[192.0.2.1]', lookup, none);
  assert.equal(verdict.result, 'none');
  assert.deepEqual(asked, []);
});
