/** The check of report mail: a sample through a real mail server, judged by our own verifier. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import { writeReportMail } from '../../../src/reports/outgoing/mail.ts';
import { signMail } from '../../../src/reports/outgoing/sign.ts';
import {
  forceClearance,
  isCleared,
  judgeSample,
  readCheck,
  sendSample,
} from '../../../src/reports/sending/preflight.ts';
import { createSmtpDelivery } from '../../../src/reports/sending/smtp-delivery.ts';
import { makeVerifier } from '../../verdict/make-verifier.ts';
import { OWN, type Scene, type World, withScene, worldLookup } from './make-sender.ts';

type CheckParts = Parameters<typeof sendSample>[0];

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const KEY_RECORD = `v=DKIM1; k=rsa; p=${publicKey.toString('base64')}`;
const ADDRESS = 'me@operator.test';
const SIGNED_BY_US: World = {
  [`_dmarc.${OWN}`]: ['v=DMARC1; p=none'],
  [`s1._domainkey.${OWN}`]: [KEY_RECORD],
  's1._domainkey.relay.test': [KEY_RECORD],
};

const partsOf = ({ store, clock, sink }: Scene, signer: string | null): CheckParts => ({
  notes: store.notes,
  settings: { reportSender: `reports@${OWN}`, reportSmtp: sink.url, reportDkimKey: '', reportDkimSelector: '' },
  compose: async (report, _rows, to) => {
    const mail = writeReportMail({ ...report, reportSender: `reports@${OWN}`, to, report: Buffer.from('x') });
    assert.ok(mail);
    if (signer === null) return mail;
    const signed = await signMail(mail, { domain: signer, selector: 's1', privateKey }, report.builtSeconds);
    assert.ok(signed.kind === 'signed');
    return signed.mail;
  },
  deliver: createSmtpDelivery({ url: sink.url, helo: OWN }),
  nowSeconds: () => clock.now,
  makeRandom: (octets) => Buffer.alloc(octets, 9),
});

/** Sends a sample and judges what arrived. */
const check = async (
  scene: Scene,
  parts: CheckParts,
  {
    world = SIGNED_BY_US,
    facts = {},
    change = (mail: string) => mail,
  }: { world?: World; facts?: SmtpFacts; change?: (mail: string) => string },
) => {
  assert.equal((await sendSample(parts, ADDRESS)).kind, 'sent');
  const verify = makeVerifier({}, worldLookup(world), {
    clock: { nowMs: () => scene.clock.now * 1000, monotonicMs: () => performance.now() },
  });
  const arrived = scene.sink.received.at(-1)?.octets.toString('latin1') ?? '';
  return judgeSample(parts, Buffer.from(change(arrived), 'latin1'), (message) => verify(message, facts));
};

test('a sample that passes clears the sender, for these settings alone', () =>
  withScene({}, async (scene) => {
    const parts = partsOf(scene, OWN);
    assert.equal(await isCleared(parts.notes, parts.settings), false);
    const done = await check(scene, parts, {});
    assert.equal(done?.state, 'passed', JSON.stringify(done));
    assert.equal(await isCleared(parts.notes, parts.settings), true);
    const { reportSmtp } = parts.settings;
    for (const changed of [
      { reportSender: 'other@mx.example' },
      { reportSmtp: 'smtp://elsewhere.test' },
      { reportSmtp: reportSmtp.replace('smtp://', 'smtp://user@') },
      { reportDkimKey: '/etc/key.pem' },
      { reportDkimSelector: 's2' },
    ])
      assert.equal(await isCleared(parts.notes, { ...parts.settings, ...changed }), false, JSON.stringify(changed));
    const [sample] = scene.sink.received;
    assert.deepEqual(sample?.to, [ADDRESS]);
    assert.match(sample?.from ?? '', /^reports\+check(?:09){12}-[a-z2-7]{12}@mx\.example$/);
  }));

test('a password in REPORT_SMTP is no part of what a check is for, and is not kept', () =>
  withScene({}, async (scene) => {
    const { notes, settings } = partsOf(scene, null);
    const secret = (password: string) => ({ ...settings, reportSmtp: `smtps://me:${password}@mail.example` });
    await forceClearance(notes, secret('one'), scene.clock.now);
    assert.equal(await isCleared(notes, secret('two')), true);
  }));

const SPF_PASS: SmtpFacts = { clientIp: '192.0.2.1', mailFrom: `reports@${OWN}`, helo: OWN };

for (const { title, signer, change, world, facts, problem, next } of [
  { title: 'without a signature', signer: null, problem: /has no DKIM signature/, next: /set REPORT_DKIM_KEY/ },
  {
    title: 'without a signature, and SPF not known',
    signer: null,
    problem: /SPF could not be checked/,
    next: /address of the client/,
  },
  {
    title: 'whose SPF fails',
    signer: null,
    facts: SPF_PASS,
    world: { ...SIGNED_BY_US, [OWN]: ['v=spf1 -all'] },
    problem: /SPF is fail for mx\.example/,
    next: /let the SPF record of mx\.example name the server/,
  },
  {
    title: 'whose MAIL FROM was replaced',
    signer: null,
    facts: { ...SPF_PASS, mailFrom: 'bounce@relay.test' },
    world: { ...SIGNED_BY_US, 'relay.test': ['v=spf1 +all'] },
    problem: /SPF passes for relay\.test, which does not count/,
    next: /replace MAIL FROM/,
  },
  {
    title: 'that a relay signed for itself',
    signer: 'relay.test',
    problem: /signature of relay\.test is valid and does not count/,
    next: /sign with d=mx\.example/,
  },
  {
    title: 'that was changed on the way',
    signer: OWN,
    change: (mail: string) => `${mail}A footer\r\n`,
    problem: /signature of mx\.example with the selector s1 is fail/,
    next: /let no server change the message/,
  },
  {
    title: 'whose key is not published',
    signer: OWN,
    world: { [`_dmarc.${OWN}`]: ['v=DMARC1; p=none'] },
    problem: /with the selector s1 is neutral: there is no key record/,
    next: /publish the public key of the signature at s1\._domainkey\.mx\.example/,
  },
  {
    title: 'of a domain without DMARC',
    signer: OWN,
    world: { [`s1._domainkey.${OWN}`]: [KEY_RECORD] },
    problem: /DMARC does not apply to mx\.example/,
    next: /TXT record at _dmarc\.mx\.example/,
  },
  {
    title: 'while DNS fails',
    signer: OWN,
    world: { [`_dmarc.${OWN}`]: 'servfail' },
    problem: /could not be evaluated/,
    next: /when DNS answers/,
  },
  {
    title: 'whose From was rewritten',
    signer: OWN,
    change: (mail: string) => mail.replace('From: <reports@mx.example>', 'From: <x@relay.test>'),
    problem: /From field of the message names relay\.test and not mx\.example/,
    next: /rewrite From/,
  },
  {
    title: 'that is another message',
    signer: OWN,
    change: () => 'Subject: hello\r\n\r\n',
    problem: /is not the sample/,
    next: /raw message from the mailbox me@operator\.test/,
  },
] as const satisfies readonly {
  title: string;
  signer: string | null;
  change?: (mail: string) => string;
  world?: World;
  facts?: SmtpFacts;
  problem: RegExp;
  next: RegExp;
}[])
  test(`a sample ${title} does not clear the sender, and says what to do`, () =>
    withScene({}, async (scene) => {
      const parts = partsOf(scene, signer);
      const done = await check(scene, parts, {
        ...(change !== undefined && { change }),
        ...(world !== undefined && { world }),
        ...(facts !== undefined && { facts }),
      });
      assert.equal(done?.state, 'failed', JSON.stringify(done));
      const told = done?.problems.find((one) => problem.test(one.problem));
      assert.ok(told, JSON.stringify(done?.problems));
      assert.match(told.next, next);
      assert.equal(await isCleared(parts.notes, parts.settings), false);
      assert.deepEqual(await readCheck(parts.notes, parts.settings), done);
    }));

test('a sample that passes by SPF alone clears the sender, and tells that it is not signed', () =>
  withScene({}, async (scene) => {
    const world: World = { ...SIGNED_BY_US, [OWN]: ['v=spf1 +all'] };
    const done = await check(scene, partsOf(scene, null), { world, facts: SPF_PASS });
    assert.equal(done?.state, 'passed');
    assert.match(done?.problems[0]?.problem ?? '', /no DKIM signature/);
  }));

test('a sample that the mail server does not take is told, and nothing is judged without one', () =>
  withScene({}, async (scene) => {
    const parts = partsOf(scene, OWN);
    scene.sink.acts.rcpt = { code: 550, text: '5.1.1 nobody' };
    assert.deepEqual(await sendSample(parts, ADDRESS), { kind: 'not-sent', reply: '550 5.1.1 nobody' });
    const never = () => assert.fail('nothing to judge');
    assert.equal(await judgeSample(parts, Buffer.from('Subject: x\r\n\r\n'), never), null);
    await forceClearance(parts.notes, parts.settings, scene.clock.now);
    assert.equal(await isCleared(parts.notes, parts.settings), true);
    assert.equal(await judgeSample(parts, Buffer.from('Subject: x\r\n\r\n'), never), null);
  }));
