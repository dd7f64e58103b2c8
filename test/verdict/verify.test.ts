/**
 * The steps of a verdict one by one: what they say when facts are missing, when DNS fails, and when
 * a setting changes the ground.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SmtpFacts } from '../../schemas/smtp.ts';
import type { ServerFailure } from '../../src/dns/failure.ts';
import type { Lookup } from '../../src/dns/lookup.ts';
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
