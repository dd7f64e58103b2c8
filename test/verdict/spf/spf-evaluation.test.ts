/** SPF of a verdict: what it says when facts are missing and when DNS fails. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FailureKind } from '../../../schemas/dns.ts';
import { reached } from '../../../schemas/limit.ts';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import type { Failure } from '../../../src/dns/failure.ts';
import type { Lookup } from '../../../src/dns/lookup.ts';
import { toMailauthResolver } from '../../../src/verdict/spf/resolver.ts';
import { example, makeVerifier } from '../make-verifier.ts';

const BRAND = { clientIp: '192.0.2.10', helo: 'mail.brand.example', mailFrom: 'alice@brand.example' };

test('spf is none with the reason when a fact is unknown (RFC 7208 section 2.4)', async () => {
  const verify = makeVerifier();
  const cases: [SmtpFacts, RegExp][] = [
    [{}, /client address is unknown/],
    [{ clientIp: '192.0.2.10', helo: 'mail.brand.example' }, /MAIL FROM is unknown/],
    [{ clientIp: '192.0.2.10', mailFrom: '', helo: '[192.0.2.10]' }, /no identity to check/],
    [{ clientIp: '192.0.2.10', mailFrom: '<>' }, /no identity to check/],
  ];
  for (const [smtp, reason] of cases) {
    const { spf } = await verify(example('aligned.eml'), smtp);
    assert.equal(spf.result, 'none');
    assert.match(spf.reason ?? '', reason);
  }
});

test('spf checks both identities, and counts HELO for the null reverse-path alone', async () => {
  const verify = makeVerifier();
  const both = (await verify(example('aligned.eml'), { ...BRAND, clientIp: '198.51.100.200' })).spf;
  assert.equal(both.identity, 'mailfrom');
  assert.equal(both.mailFrom?.result, 'fail');
  assert.equal(both.helo?.domain, 'mail.brand.example');
  const bounce = (await verify(example('bounce.eml'), { ...BRAND, mailFrom: '' })).spf;
  assert.equal(bounce.identity, 'helo');
  assert.equal(bounce.mailFrom, null);
});

test('spf judges an IPv4-mapped client as the IPv4 address it is (RFC 7208 section 5)', async () => {
  assert.equal(
    (await makeVerifier()(example('aligned.eml'), { ...BRAND, clientIp: '::ffff:192.0.2.10' })).spf.result,
    'pass',
  );
});

test('the SPF trace tells the deciding term, and agrees with the result', async () => {
  const { spf, findings } = await makeVerifier()(example('aligned.eml'), BRAND, { include: ['trace'] });
  const trace = spf.mailFrom?.trace;
  assert.equal(trace?.result, 'pass');
  assert.ok(trace?.terms.some(({ decided, text }) => decided && text === 'ip4:192.0.2.10'));
  assert.ok(
    trace?.terms.some(({ text, record }) => text.startsWith('include:') && record !== undefined),
    'the tree goes on past the deciding term',
  );
  assert.match(spf.mailFrom?.matched ?? '', /ip4:192\.0\.2\.10/);
  assert.ok(!findings.some(({ code }) => code === 'spf-evaluators-differ'));
});

/** Codes in which mailauth reads something else than a temporary failure. */
const ANSWERS = /^(?:ENOTFOUND|ENODATA)$/;

test('every failure of a DNS question becomes temperror, and the code that mailauth takes for one', async () => {
  for (const kind of FailureKind.options) {
    const cause: Failure = kind === 'limit' ? { failure: kind, limit: reached('time', 500) } : { failure: kind };
    const lookup: Lookup = async () => ({ kind: 'failure', ...cause, source: 'network' });
    await assert.rejects(toMailauthResolver(lookup, 0)('a.example', 'TXT'), ({ code }: { code: string }) => {
      assert.match(code, /^E[A-Z]+$/);
      assert.doesNotMatch(code, ANSWERS);
      return true;
    });
    // A name that cannot be asked for is no temporary failure.
    if (kind === 'badname') continue;
    const verdict = await makeVerifier({}, lookup)(example('ed25519.eml'), BRAND);
    assert.deepEqual(
      [verdict.spf.result, verdict.dkim[0]?.result, verdict.dmarc.result, verdict.iprev.result],
      ['temperror', 'temperror', 'temperror', 'temperror'],
      kind,
    );
    assert.equal(verdict.author.authenticated, null);
    assert.equal(verdict.disposition.wouldBe, 'tempfail');
  }
});
