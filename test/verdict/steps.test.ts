/**
 * The steps of a verdict one by one: what they say when facts are missing, when DNS fails, and when
 * a setting changes the ground.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FailureKind } from '../../schemas/dns.ts';
import { reached } from '../../schemas/limit.ts';
import type { SmtpFacts } from '../../schemas/smtp.ts';
import type { Failure, ServerFailure } from '../../src/dns/failure.ts';
import type { Lookup } from '../../src/dns/lookup.ts';
import { toMailauthResolver } from '../../src/verdict/spf/resolver.ts';
import { readTransport } from '../../src/verdict/transport.ts';
import { example, exampleLookup, makeVerifier } from './make-verifier.ts';

const BRAND = { clientIp: '192.0.2.10', helo: 'mail.brand.example', mailFrom: 'alice@brand.example' };
const STRANGER = { clientIp: '198.51.100.200', helo: 'host.stranger.example', mailFrom: 'alice@brand.example' };
/** A lookup in which the questions that match fail. */
const failing =
  (pattern: RegExp, failure: ServerFailure = 'servfail'): Lookup =>
  (question, deadlineMs) =>
    pattern.test(`${question.name} ${question.type}`)
      ? Promise.resolve({ kind: 'failure', failure, source: 'network' })
      : exampleLookup(question, deadlineMs);

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

test('a key that cannot be had makes one signature temperror, and the other one still proves the author', async () => {
  const verdict = await makeVerifier({}, failing(/^rsa\._domainkey/))(example('aligned.eml'), STRANGER);
  assert.deepEqual(
    verdict.dkim.map(({ result }) => result),
    ['temperror', 'pass'],
  );
  assert.equal(verdict.dmarc.result, 'pass');
});

test('a failure of the only proof makes DMARC temperror, never fail', async () => {
  const verdict = await makeVerifier({ enforce: true }, failing(/_domainkey/))(example('ed25519.eml'), STRANGER);
  assert.equal(verdict.dmarc.result, 'temperror');
  assert.equal(verdict.disposition.action, 'tempfail');
  assert.equal(verdict.disposition.smtpReply?.code, 451);
});

test('a key of an ARC seal that cannot be had makes the chain temperror', async () => {
  const smtp = { clientIp: '203.0.113.25', helo: 'mx.lists.example', mailFrom: 'gardening-bounces@lists.example' };
  const verdict = await makeVerifier({}, failing(/_domainkey\.lists\.example/, 'timeout'))(
    example('mailing-list.eml'),
    smtp,
  );
  assert.equal(verdict.arc.result, 'temperror');
});

test('the disposition follows the policy only when it is enforced', async () => {
  const observed = await makeVerifier()(example('spf-fail.eml'), STRANGER);
  assert.deepEqual([observed.disposition.action, observed.disposition.wouldBe], ['accept', 'reject']);
  const enforced = await makeVerifier({ enforce: true })(example('spf-fail.eml'), STRANGER);
  assert.equal(enforced.disposition.action, 'reject');
  assert.equal(enforced.disposition.smtpReply?.code, 550);
  assert.equal(enforced.disposition.smtpReply?.enhancedCode, '5.7.26');
  assert.doesNotMatch(enforced.disposition.smtpReply?.text ?? '', /[^\x20-\x7e]|%/);
});

test('a trusted ARC sealer that saw DMARC pass overrides a failure, an untrusted one does not (RFC 8617 section 7.2)', async () => {
  const smtp = { clientIp: '203.0.113.25', helo: 'mx.lists.example', mailFrom: 'gardening-bounces@lists.example' };
  const strange = await makeVerifier({ enforce: true })(example('mailing-list.eml'), smtp);
  assert.equal(strange.disposition.action, 'reject');
  assert.equal(strange.disposition.override, undefined);
  const trusted = await makeVerifier({ enforce: true, arcTrustedSealers: ['lists.example'] })(
    example('mailing-list.eml'),
    smtp,
  );
  assert.equal(trusted.disposition.action, 'accept');
  assert.equal(trusted.disposition.override?.type, 'mailing_list');
  assert.match(trusted.headers.authenticationResults, /policy\.override=mailing_list/);
  assert.equal(trusted.dmarc.result, 'fail', 'an override changes the action, never the result');
});

test('allow-lists override a failure and are told as local_policy', async () => {
  for (const settings of [{ allowNetworks: ['198.51.100.0/24'] }, { allowNetworks: ['198.51.100.200'] }]) {
    const verdict = await makeVerifier({ enforce: true, ...settings })(example('spf-fail.eml'), STRANGER);
    assert.equal(verdict.disposition.override?.type, 'local_policy');
  }
  const elsewhere = await makeVerifier({ enforce: true, allowNetworks: ['2001:db8::/32', '203.0.113.0/24'] })(
    example('spf-fail.eml'),
    STRANGER,
  );
  assert.equal(elsewhere.disposition.action, 'reject');
  const smtp = { clientIp: '198.51.100.5', helo: 'out.mailer.example', mailFrom: 'bounce-17@mailer.example' };
  const signed = await makeVerifier({ enforce: true, allowDomains: ['mailer.example'] })(
    example('unaligned.eml'),
    smtp,
  );
  assert.equal(signed.disposition.override?.type, 'local_policy');
});

test('a signature whose l= leaves body unsigned is reported, and is no ground for DMARC where the setting says so', async () => {
  const smtp = { ...STRANGER };
  const reported = await makeVerifier()(example('partial-body.eml'), smtp);
  assert.equal(reported.dmarc.result, 'pass');
  assert.ok((reported.dkim[0]?.uncoveredBytes ?? 0) > 0);
  assert.ok(reported.findings.some(({ code }) => code === 'dkim-unsigned-body'));
  assert.equal((await makeVerifier({ bodyLength: 'reject' })(example('partial-body.eml'), smtp)).dmarc.result, 'fail');
});

test('relaying by a stranger is told when the local domains are known', async () => {
  const smtp = { ...BRAND, rcptTo: ['<bob@other.example>', 'carol@receiver.example'] };
  const codes = async (facts: SmtpFacts) =>
    (await makeVerifier({ localDomains: ['receiver.example'] })(example('aligned.eml'), facts)).findings.map(
      ({ code }) => code,
    );
  assert.ok((await codes(smtp)).includes('relay'));
  assert.ok(!(await codes({ ...smtp, rcptTo: ['carol@receiver.example'] })).includes('relay'));
  assert.ok(!(await codes({ ...smtp, auth: { identity: 'alice' } })).includes('relay'));
});

test('an overlay judges unpublished records, marks them, and changes nothing else', async () => {
  const overlay = [{ name: '_dmarc.quiet.example', type: 'TXT' as const, records: ['v=DMARC1; p=reject'] }];
  const smtp = { clientIp: '192.0.2.60', helo: 'mail.quiet.example', mailFrom: 'bob@quiet.example' };
  const verify = makeVerifier();
  const before = await verify(example('unsigned.eml'), smtp);
  const after = await verify(example('unsigned.eml'), smtp, { overlay, include: ['evidence'] });
  assert.deepEqual([before.dmarc.result, after.dmarc.result], ['none', 'fail']);
  assert.equal(after.evidence?.find(({ name }) => name === '_dmarc.quiet.example')?.source, 'overlay');
  assert.equal((await verify(example('unsigned.eml'), smtp)).dmarc.result, 'none');
});

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

test('transport is read from what the facts say and from nothing else', () => {
  const cases: [SmtpFacts, string, boolean | null][] = [
    [{}, 'unknown', null],
    [{ protocol: 'ESMTP' }, 'none', false],
    [{ protocol: 'ESMTPS' }, 'opportunistic', false],
    [{ protocol: 'ESMTPSA' }, 'opportunistic', true],
    [{ protocol: 'UTF8SMTPSA' }, 'opportunistic', true],
    [{ tls: { version: 'TLSv1.3', mode: 'starttls' } }, 'opportunistic', null],
    [{ tls: { mode: 'implicit' } }, 'forced', null],
    [{ auth: { identity: 'alice' } }, 'unknown', true],
  ];
  for (const [facts, encryption, authenticated] of cases) {
    const transport = readTransport(facts);
    assert.deepEqual(
      [transport.encryption, transport.authenticated],
      [encryption, authenticated],
      JSON.stringify(facts),
    );
  }
});

test('facts are derived from the Received field of the own MX and from none below it', async () => {
  const forged =
    'Received: from mail.brand.example (mail.brand.example [192.0.2.10]) by mx.receiver.example with ESMTPS; Mon, 3 Feb 2025 09:00:00 +0000\r\n';
  const ours = (helo: string) =>
    `Received: from ${helo} (unknown [198.51.100.66])\r\n by mx.receiver.example (Postfix) with ESMTP id 4ABC; Mon, 3 Feb 2025 09:00:05 +0000\r\n`;
  const judge = (head: string) =>
    makeVerifier()(
      Buffer.concat([Buffer.from(head), example('unsigned.eml')]),
      {},
      { trustReceived: 'mx.receiver.example' },
    );
  const genuine = await judge(`Return-Path: <bob@quiet.example>\r\n${ours('host.stranger.example')}${forged}`);
  assert.equal(genuine.smtp.clientIp, '198.51.100.66');
  assert.equal(genuine.smtp.mailFrom, 'bob@quiet.example');
  assert.deepEqual(genuine.derived?.facts, ['clientIp', 'helo', 'mailFrom', 'protocol', 'queueId']);
  assert.match(genuine.derived?.from ?? '', /Received field 1/);
  for (const helo of ['x;', 'x (', 'x (y [192.0.2.10]) by mx.receiver.example']) {
    const { smtp } = await judge(`${ours(helo)}${forged}`);
    assert.notEqual(smtp.clientIp, '192.0.2.10', helo);
  }
  const nobody = await judge('Received: from a by other.example; Mon, 3 Feb 2025 09:00:00 +0000\r\n');
  assert.equal(nobody.derived?.from, null);
  assert.ok(nobody.findings.some(({ code }) => code === 'no-trusted-source'));
});

/** Fields above the Received field by which `mx.receiver.example` took the message in. */
const takenIn = (head: string, below = ''): Buffer =>
  Buffer.concat([
    Buffer.from(
      `${head}Received: from a.example (a.example [192.0.2.60]) by mx.receiver.example with ESMTP; Mon, 3 Feb 2025 10:00:00 +0000\r\n${below}`,
    ),
    example('unsigned.eml'),
  ]);

test('results of a trusted authserv-id are listed, of all its fields above the boundary', async () => {
  const head =
    'Authentication-Results: mx.receiver.example; spf=fail smtp.mailfrom=a.example\r\nAuthentication-Results: mx.receiver.example; dkim=none\r\nAuthentication-Results: other.example; dkim=pass\r\n';
  const { derived } = await makeVerifier()(
    takenIn(head, 'Authentication-Results: mx.receiver.example; spf=pass smtp.mailfrom=forged.example\r\n'),
    {},
    { trustedAuthservIds: ['MX.receiver.example'] },
  );
  assert.deepEqual(derived?.authenticationResults, [
    { authservId: 'mx.receiver.example', method: 'spf', result: 'fail', properties: { 'smtp.mailfrom': 'a.example' } },
    { authservId: 'mx.receiver.example', method: 'dkim', result: 'none', properties: {} },
  ]);
});

test('deriveFacts takes nothing from an Authentication-Results of another version', async () => {
  const judge = (head: string) => makeVerifier()(takenIn(head), {}, { trustedAuthservIds: ['mx.receiver.example'] });
  const { derived, findings } = await judge('Authentication-Results: mx.receiver.example 2; spf=pass\r\n');
  assert.deepEqual(derived?.authenticationResults, []);
  const told = findings.find(({ code }) => code === 'unknown-results-version');
  assert.match(told?.message ?? '', /mx\.receiver\.example has version 2/);
  assert.equal(told?.section, 'RFC 8601 section 2.2');
  const mixed = await judge('Authentication-Results: mx.receiver.example 1; spf/2=pass; dkim/1=pass; dmarc=fail\r\n');
  assert.deepEqual(
    mixed.derived?.authenticationResults.map(({ method }) => method),
    ['dkim', 'dmarc'],
  );
  assert.match(mixed.findings.find(({ code }) => code === 'unknown-results-version')?.message ?? '', /spf\/2/);
});

test('prefetchBimi asks for BIMI while the key is still awaited, once an enforcing policy is known', async () => {
  let asked = (): void => {};
  const bimiAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const lookup: Lookup = async (question, deadlineMs) => {
    if (question.name.includes('._bimi.')) asked();
    // The key comes only after the BIMI question: a verifier that asks one after the other would
    // wait for ever.
    if (question.name.includes('._domainkey.')) await bimiAsked;
    return exampleLookup(question, deadlineMs);
  };
  assert.equal((await makeVerifier({}, lookup)(example('ed25519.eml'), BRAND)).dmarc.result, 'pass');
});

test('prefetchBimi asks nothing of a domain without an enforcing policy', async () => {
  const asked: string[] = [];
  const lookup: Lookup = async ({ name }) => {
    asked.push(name);
    return name === '_dmarc.a.example'
      ? { kind: 'records', records: [['v=DMARC1; p=none']], ttlSeconds: 60, authenticated: false, source: 'network' }
      : { kind: 'nxdomain', ttlSeconds: 60, authenticated: false, source: 'network' };
  };
  await makeVerifier({}, lookup)(Buffer.from('From: a@a.example\r\n\r\n'), BRAND);
  assert.ok(asked.includes('_dmarc.a.example'));
  assert.deepEqual(
    asked.filter((name) => name.includes('_bimi')),
    [],
  );
});
