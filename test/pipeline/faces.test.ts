/** Every face decides alike: what is accepted behind one is accepted behind each, with the same header block. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { EvaluationSettings } from '../../src/pipeline/evaluation.ts';
import { createVerifier } from '../../src/verdict/verify.ts';
import { PARTS, SETTINGS } from '../verdict/make-verifier.ts';
import { FACES, type FaceMessage } from './faces.ts';
import { makeEvaluation } from './make-evaluation.ts';

/** A verifier within the limits of the settings; no name exists. */
const evaluationOf = (over: Partial<EvaluationSettings>, enforce = false) => {
  const { maxHeaderBytes, maxHeaderLines, maxFoldLines, maxHeaderFields } = makeEvaluation(over).settings;
  const verify = createVerifier({
    ...PARTS,
    messageLimits: { maxHeaderBytes, maxHeaderLines, maxFoldLines, maxHeaderFields },
    lookup: async () => ({ kind: 'nxdomain', ttlSeconds: 60, authenticated: false, source: 'zone' }),
    settings: { ...SETTINGS, enforce },
    mode: 'enforce',
  });
  return makeEvaluation(over, verify);
};

const FORGED = ['Authentication-Results', ' mx.rcpt.example; dmarc=pass'] as const;
const FROM = ['From', ' a@sender.example'] as const;
const many = (count: number) => Array.from({ length: count }, () => ['X', ' v'] as const);

const TOO_LARGE: [what: string, message: FaceMessage, over: Partial<EvaluationSettings>][] = [
  ['2,100 fields', { fields: [FROM, ...many(2_098), FORGED], body: 'x\r\n' }, {}],
  [
    'more fields than PIPELINE_MAX_FIELDS',
    { fields: [FROM, ...many(20), FORGED], body: '' },
    { pipelineMaxFields: 10 },
  ],
  ['more fields than MAX_HEADER_FIELDS', { fields: [FROM, ...many(20), FORGED], body: '' }, { maxHeaderFields: 10 }],
  [
    'a header block over MAX_HEADER_BYTES',
    { fields: [FROM, ['X', ` ${'y'.repeat(1_060_000)}`], FORGED], body: '' },
    {},
  ],
  [
    'more folds than MAX_FOLD_LINES',
    { fields: [FROM, ['X', '\r\n y'.repeat(20)], FORGED], body: '' },
    { maxFoldLines: 10 },
  ],
  [
    'more lines than MAX_HEADER_LINES',
    { fields: [FROM, ['X', '\r\n y'.repeat(20)], FORGED], body: '' },
    { maxHeaderLines: 10 },
  ],
  [
    'a message over PIPELINE_MAX_MESSAGE_BYTES',
    { fields: [FROM, FORGED], body: `${'x'.repeat(2_000)}\r\n` },
    { pipelineMaxMessageBytes: 1_024 },
  ],
];

for (const [what, message, over] of TOO_LARGE) {
  for (const [oversizedMessages, action] of [
    ['accept', 'accept'],
    ['reject', 552],
    ['tempfail', 452],
  ] as const) {
    test(`every face takes ${what} as OVERSIZED_MESSAGES=${oversizedMessages} says`, async () => {
      const { evaluation, settings } = evaluationOf({ ...over, oversizedMessages });
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
    const { evaluation, settings } = evaluationOf({ pipelineMaxFields: 10, oversizedMessages });
    for (const [face, judge] of Object.entries(FACES)) {
      assert.equal((await judge({ fields, body: '' }, settings, evaluation)).action, 552, face);
    }
  }
});
