/**
 * Every face decides alike: what is accepted behind one is accepted behind each, with the same
 * header block.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_MESSAGE_LIMITS, type MessageLimits } from '../../src/message/message.ts';
import type { FaceSettings } from '../../src/pipeline/face-settings.ts';
import { createRawHook } from '../../src/pipeline/hooks/raw-hook.ts';
import { createVerifier } from '../../src/verdict/verify.ts';
import { PARTS, SETTINGS } from '../verdict/make-verifier.ts';
import { FACES, type FaceMessage } from './faces.ts';
import { makeEvaluation } from './make-evaluation.ts';
import { makeVerdict } from './make-verdict.ts';

/** A verifier within the limits on messages; no name exists. */
const evaluationOf = (over: Partial<FaceSettings>, enforce = false, limits = DEFAULT_MESSAGE_LIMITS) => {
  const verify = createVerifier({
    ...PARTS,
    messageLimits: limits,
    lookup: async () => ({ kind: 'nxdomain', ttlSeconds: 60, authenticated: false, source: 'zone' }),
    settings: { ...SETTINGS, authservId: 'mx.rcpt.example', enforce },
    mode: 'enforce',
  });
  return makeEvaluation(over, verify);
};

const FORGED = ['Authentication-Results', ' mx.rcpt.example; dmarc=pass'] as const;
const FROM = ['From', ' a@sender.example'] as const;
const many = (count: number) => Array.from({ length: count }, () => ['X', ' v'] as const);

const TOO_LARGE: [what: string, message: FaceMessage, over: Partial<FaceSettings>, limits?: Partial<MessageLimits>][] =
  [
    ['2,100 fields', { fields: [FROM, ...many(2_098), FORGED], body: 'x\r\n' }, {}],
    ['more fields than MAX_HEADER_FIELDS', { fields: [FROM, ...many(20), FORGED], body: '' }, { maxHeaderFields: 10 }],
    [
      'a header block over MAX_HEADER_BYTES',
      { fields: [FROM, ['X', ` ${'y'.repeat(1_060_000)}`], FORGED], body: '' },
      {},
    ],
    [
      'more lines than a header block may have',
      { fields: [FROM, ['X', '\r\n y'.repeat(20)], FORGED], body: '' },
      {},
      { maxHeaderLines: 10 },
    ],
    [
      'a message over MAX_MESSAGE_BYTES',
      { fields: [FROM, FORGED], body: `${'x'.repeat(2_000)}\r\n` },
      { maxMessageBytes: 1_024 },
    ],
  ];

for (const [what, message, over, limits] of TOO_LARGE) {
  for (const [oversizedMessages, action] of [
    ['accept', 'accept'],
    ['reject', 552],
    ['tempfail', 452],
  ] as const) {
    test(`every face takes ${what} as OVERSIZED_MESSAGES=${oversizedMessages} says`, async () => {
      const { evaluation, settings } = evaluationOf({ ...over, oversizedMessages }, false, {
        ...DEFAULT_MESSAGE_LIMITS,
        ...limits,
      });
      const kept = message.fields.filter((field) => field !== FORGED).map(([name, value]) => `${name}:${value}`);
      const stamp = 'Authentication-Results: mx.rcpt.example; none (not evaluated because it is too large)';
      for (const [face, judge] of Object.entries(FACES)) {
        const answer = await judge(message, settings, evaluation);
        assert.equal(answer.action, action, face);
        if (action === 'accept') assert.deepEqual(answer.fields, [stamp, ...kept], face);
      }
    });
  }
}

test('every face refuses a message with more forged fields than are kept, whatever OVERSIZED_MESSAGES says', async () => {
  const fields = [FROM, ...Array.from({ length: 11 }, () => FORGED)];
  for (const oversizedMessages of ['accept', 'reject', 'tempfail'] as const) {
    const { evaluation, settings } = evaluationOf({ maxHeaderFields: 10, oversizedMessages });
    for (const [face, judge] of Object.entries(FACES)) {
      assert.equal((await judge({ fields, body: '' }, settings, evaluation)).action, 552, face);
    }
  }
});

/**
 * A reader that takes CR, LF and NUL each for the end of a line, which is the most that any reader
 * sees.
 */
const linesOf = (fields: readonly string[]): string[] =>
  fields.flatMap((field) => field.replace(/\r?\n[ \t]/g, ' ').split(/[\r\n\0]/));

const INSIDE = 'Authentication-Results: mx.rcpt.example; dmarc=pass';
const STRAY: [what: string, octet: string, field: readonly [string, string]][] = [
  ['a bare CR in Subject', 'bare CR', ['Subject', ` a\r${INSIDE}`]],
  ['a bare LF in Subject', 'bare LF', ['Subject', ` a\n${INSIDE}`]],
  ['NUL in Subject', 'NUL', ['Subject', ` a\0${INSIDE}`]],
  ['a bare CR behind a fold', 'bare CR', ['X-A', ` a\r\n b\r${INSIDE}`]],
  ['a bare CR at the end', 'bare CR', ['X-A', ` a\r`]],
  ['a bare CR in a field of ours', 'bare CR', ['Authentication-Results', ' mx.rcpt.example\r; dmarc=pass']],
  ['a bare CR in a field of others', 'bare CR', ['Authentication-Results', ` mx.other.example; none\r${INSIDE}`]],
  ['a bare CR in a name', 'bare CR', ['X-A\rAuthentication-Results', ' mx.rcpt.example; dmarc=pass']],
];
for (const [what, octet, field] of STRAY) {
  const message = { fields: [FROM, field, ['Subject', ' last'] as const], body: 'x\r\n' };
  test(`every face refuses ${what} where policy is enforced`, async () => {
    const { evaluation, settings, lines } = evaluationOf({}, true);
    for (const [face, judge] of Object.entries(FACES)) {
      assert.deepEqual(await judge(message, settings, evaluation), { action: 550, fields: [] }, face);
      // In JSON and over the milter a bare LF cannot stand beside the field that it would begin.
      const expected = octet === 'bare LF' && face !== 'raw hook' ? 'bare CR' : octet;
      assert.match(String(lines.at(-1)?.fields.reason), new RegExp(`holds a ${expected}`), face);
    }
  });
  test(`every face lets ${what} pass as one field where policy is not enforced`, async () => {
    const { evaluation, settings } = evaluationOf({});
    for (const [face, judge] of Object.entries(FACES)) {
      const { action, fields } = await judge(message, settings, evaluation);
      assert.equal(action, 'accept', face);
      const claims = linesOf(fields).filter((line) => /^authentication-results: mx\.rcpt\.example/i.test(line));
      assert.equal(claims.length, 1, `${face}: ${JSON.stringify(fields)}`);
      assert.doesNotMatch(claims[0] ?? '', /dmarc=pass/, face);
      // Nothing of the message is lost but the forgery.
      assert.equal(linesOf(fields).filter((line) => line === 'Subject: last').length, 1, face);
      if (field[0] === 'Subject' && octet !== 'bare LF')
        assert.ok(fields.includes(`Subject: a ${INSIDE}`), `${face}: ${JSON.stringify(fields)}`);
    }
  });
}

test('every face removes a field with a bare CR also from mail that it does not judge', async () => {
  const fields = [FROM, ['Subject', ` a\r${INSIDE}`] as const];
  const { evaluation, settings } = evaluationOf({ maxMessageBytes: 1_024 });
  for (const [face, judge] of Object.entries(FACES)) {
    const answer = await judge({ fields, body: 'x'.repeat(2_000) }, settings, evaluation);
    assert.equal(answer.action, 'accept', face);
    assert.deepEqual(answer.fields.slice(1), [`Subject: a ${INSIDE}`, 'From: a@sender.example'], face);
  }
});

test('the raw hook takes a message whose lines all end with LF', async () => {
  const { evaluation, settings } = evaluationOf({}, true);
  const raw = createRawHook(settings, evaluation);
  const file = 'From: a@sender.example\nSubject: a\n b\n\nx\n';
  assert.equal((await raw(Buffer.from(file), {})).action, 'accept');
  assert.equal((await raw(Buffer.from(file.replace('\n\n', '\r\n\n')), {})).smtpReply?.code, 550);
});

const utf8 = (text: string): string => Buffer.from(text).toString('latin1');
for (const [what, sent, mailFrom] of [
  ['UTF-8', utf8('jürgen@münchen.example'), 'jürgen@münchen.example'],
  ['Latin-1', 'j\xfcrgen@sender.example', undefined],
  ['a control character', 'a\x01b@sender.example', undefined],
  ['more than 1,000 characters', `${'a'.repeat(1_000)}@sender.example`, undefined],
] as const) {
  test(`every face tells a MAIL FROM of ${what} exactly or not at all`, async () => {
    const seen: (string | undefined)[] = [];
    const { evaluation, settings } = makeEvaluation({}, async (_, facts) => {
      seen.push(facts.mailFrom);
      return makeVerdict();
    });
    const message = { fields: [FROM], body: '', mailFrom: sent };
    await FACES.milter(message, settings, evaluation);
    // JSON is text: octets that are no UTF-8 come as U+FFFD.
    await FACES['JSON hook']({ ...message, mailFrom: Buffer.from(sent, 'latin1').toString() }, settings, evaluation);
    assert.deepEqual(seen, [mailFrom, mailFrom]);
  });
}
