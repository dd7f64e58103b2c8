/**
 * One rule in one place: what the domain view calls good, the verifier accepts in a message made
 * for it; what the verifier refuses, the view names. Over records put together from sound and
 * faulty pieces; everything follows from the seed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Finding } from '../../schemas/finding.ts';
import { createRandom, type Random } from '../dkim/mutate.ts';
import { KEYS, keyRecord, signMessage } from '../dkim/sign.ts';
import { assessIn, type World, worldLookup } from '../posture/world.ts';
import { makeVerifier } from '../verdict/make-verifier.ts';

const RUNS = 600;
const SEED = 20261127;
const DOMAIN = 'brand.example';
const CLIENT = '192.0.2.25';
const LOGO = 'https://brand.example/logo.svg';

const pick = <Item>(random: Random, items: readonly Item[]): Item => {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
};

/** Some pieces, each with the chance given, in their order or, now and then, in another. */
const some = (random: Random, chance: number, pieces: readonly string[]): string[] => {
  const chosen = pieces.filter(() => random() < chance);
  return random() < 0.1 ? chosen.reverse() : chosen;
};

const spfRecord = (random: Random): string =>
  [
    pick(random, ['v=spf1', 'v=spf1', 'v=spf1', 'V=SPF1', 'v=spf2']),
    ...some(random, 0.25, [
      'a',
      'mx',
      'ip4:192.0.2.0/24',
      'ip4:192.0.2.0/33',
      'include:_spf.brand.example',
      'include:none.example',
      'exists:%{i}.brand.example',
      'a:%{q}.example',
      'ptr',
      'ip6:2001:db8::/32',
      'redirect=_spf.brand.example',
      'foo',
      'exp=why.brand.example',
    ]),
    ...some(random, 0.9, [pick(random, ['-all', '~all', '?all', '+all', '-ALL', '-all.'])]),
  ].join(' ');

const dmarcRecord = (random: Random): string =>
  [
    pick(random, ['v=DMARC1', 'v=DMARC1', 'v=DMARC1', 'v=dmarc1', 'V=DMARC1']),
    ...some(random, 0.95, [`p=${pick(random, ['reject', 'quarantine', 'none', 'REJECT', 'rejekt'])}`]),
    ...some(random, 0.3, [
      `sp=${pick(random, ['reject', 'quarantine', 'none', 'x'])}`,
      `np=${pick(random, ['reject', 'none'])}`,
      `pct=${pick(random, ['100', '50', '0', 'x'])}`,
      `t=${pick(random, ['y', 'n'])}`,
      'rua=mailto:d@brand.example',
      `adkim=${pick(random, ['r', 's', 'x'])}`,
      `psd=${pick(random, ['n', 'u'])}`,
    ]),
  ].join('; ');

const bimiRecord = (random: Random): string =>
  pick(random, [
    `v=BIMI1; l=${LOGO}; a=;`,
    `v=BIMI1; l=${LOGO}`,
    `v=BIMI1; l=http://brand.example/x.svg`,
    'v=BIMI1; l=; a=;',
    `V=BIMI1; L=${LOGO}`,
    'v=BIMI1; a=',
  ]);

const keyText = (random: Random): { readonly key: keyof typeof KEYS; readonly text: string } => {
  const key = pick(random, ['rsa', 'rsa', 'ed25519', 'rsa1024', 'weak', 'other'] as const);
  const type = key === 'ed25519' ? 'ed25519' : 'rsa';
  const tags = [
    'v=DKIM1;',
    ...some(random, 0.15, [
      't=y;',
      't=s;',
      's=email;',
      's=other;',
      'h=sha256;',
      'h=sha1;',
      'n=a note;',
      'x=1;',
      ';',
      'k=dsa;',
      'garbage;',
      'v=DKIM2;',
    ]),
    `k=${type};`,
  ];
  return { key, text: random() < 0.05 ? 'v=DKIM1; k=rsa; p=' : keyRecord(KEYS[key], tags.join(' ')) };
};

/** A revoked key is no fault of the domain, and named all the same. */
const isRaised = ({ severity, code }: Finding): boolean =>
  severity === 'error' || severity === 'warning' || code === 'dkim-revoked';

const run = async (random: Random) => {
  const selector = pick(random, ['s1', 's1', 'a.b', 's_1', 'S1', 'mail-2026']);
  const [spf, dmarc, bimi, key] = [spfRecord(random), dmarcRecord(random), bimiRecord(random), keyText(random)];
  const world: World = {
    [`${DOMAIN} TXT`]: [spf, ...(random() < 0.03 ? ['v=spf1 -all'] : [])],
    [`${DOMAIN} A`]: [CLIENT],
    [`${DOMAIN} MX`]: [{ priority: 10, exchange: DOMAIN }],
    [`_spf.${DOMAIN} TXT`]: [
      pick(random, ['v=spf1 ip4:192.0.2.25 -all', 'v=spf1 ?all', 'v=spf1 include:_spf.brand.example -all']),
    ],
    [`_dmarc.${DOMAIN} TXT`]: [dmarc, ...(random() < 0.03 ? ['v=DMARC1; p=none'] : [])],
    [`default._bimi.${DOMAIN} TXT`]: [bimi],
    [`${selector.toLowerCase()}._domainkey.${DOMAIN} TXT`]: [key.text],
  };
  const text = await signMessage(`From: a@${DOMAIN}\r\nTo: b@receiver.example\r\nSubject: x\r\n\r\nx\r\n`, {
    key: KEYS[key.key],
    tags: `v=1; d=${DOMAIN}; s=${selector};`,
    h: 'from:to:subject',
  });
  const [posture, verdict] = await Promise.all([
    assessIn(world, DOMAIN, { selectors: [selector] }),
    makeVerifier({}, worldLookup(world))(Buffer.from(text, 'latin1'), {
      clientIp: CLIENT,
      mailFrom: `b@${DOMAIN}`,
      helo: DOMAIN,
    }),
  ]);
  return { world, posture, verdict };
};

test(`the domain view and the verifier agree on ${RUNS} generated domains (seed ${SEED})`, async () => {
  const random = createRandom(SEED);
  const seen = new Map<string, number>();
  for (let index = 0; index < RUNS; index++) {
    const { world, posture, verdict } = await run(random);
    const about = `run ${index}: ${JSON.stringify({ world, findings: posture.findings.map(({ code }) => code), spf: verdict.spf?.result, dkim: verdict.dkim[0]?.reason, dmarc: verdict.dmarc.rfc9989.policy, bimi: verdict.bimi }, null, 1)}`;
    const good = (code: string): boolean =>
      posture.findings.some((one) => one.code === code && one.severity === 'good');
    const raised = (subject: string): boolean =>
      posture.findings.some((one) => isRaised(one) && one.code.startsWith(subject));
    const count = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
    const expect = (what: string, holds: boolean): void => {
      count(what);
      assert.ok(holds, `${what}; ${about}`);
    };
    const spf = verdict.spf?.result ?? 'none';
    if (good('spf-good'))
      expect('SPF that the view calls good gives a result', !['permerror', 'none', 'temperror'].includes(spf));
    if (spf === 'permerror') expect('the view names what makes SPF a permerror', raised('spf-'));
    const [signature] = verdict.dkim;
    if (good('dkim-good')) expect('a key that the view calls good verifies', signature?.result === 'pass');
    if (signature?.result !== 'pass')
      expect('the view names what makes a signature fail', raised('dkim-') && !good('dkim-good'));
    const applies = verdict.dmarc.rfc9989.policy?.applies ?? null;
    if (good('dmarc-good'))
      expect('a policy that the view calls good applies', applies === 'quarantine' || applies === 'reject');
    if (applies === null) expect('the view names why no policy applies', raised('dmarc-'));
    const isShown = posture.bimi.state === 'valid' && !posture.bimi.declined && posture.bimi.policyFit === true;
    if (isShown && verdict.dmarc.result === 'pass')
      expect('BIMI that the view calls fit passes', verdict.bimi?.result === 'pass');
    if (verdict.bimi?.result === 'pass') expect('BIMI that passes is fit in the view', isShown);
    if (verdict.bimi?.result === 'skipped' && posture.bimi.state === 'valid' && !posture.bimi.declined)
      expect('the view names why BIMI is skipped', raised('bimi-policy-weak'));
    if (verdict.bimi?.result === 'fail') expect('the view names what makes BIMI fail', raised('bimi-'));
  }
  // Each claim was put to the test, not only stated.
  assert.deepEqual(
    [...seen].filter(([, times]) => times < 3),
    [],
  );
  assert.equal(seen.size, 10, JSON.stringify([...seen]));
});
