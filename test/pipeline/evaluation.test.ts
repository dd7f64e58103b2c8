/**
 * One message through treatment, limits and decision: whatever goes wrong is a decision, and the
 * service lives.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { Verdict } from '../../schemas/verdict.ts';
import type { Content } from '../../src/pipeline/content.ts';
import type { Evaluation } from '../../src/pipeline/evaluation.ts';
import { handTime } from '../hand-time.ts';
import { makeEvaluation } from './make-evaluation.ts';
import { makeDisposition, makeVerdict } from './make-verdict.ts';

const CONTENT: Content = {
  octets: Buffer.from('A: b\r\n\r\n'),
  exactness: 'exact',
  forged: [],
  restored: [],
  forgedIncomplete: false,
};

const candidate = (over: Partial<Candidate> = {}, content: Partial<Content> = {}): Candidate => ({
  face: 'milter',
  content: () => ({ ...CONTENT, ...content }),
  facts: { clientIp: '192.0.2.10', rcptTo: ['bob@rcpt.example'], queueId: 'Q1', receiver: 'mx.rcpt.example' },
  ...over,
});

type Candidate = Parameters<Evaluation['decide']>[0];

/** A verification that ends when the test says so. */
const pendingVerification = () => {
  let end: (outcome: Verdict | Error) => void = () => undefined;
  const signals: AbortSignal[] = [];
  const pending = new Promise<Verdict>((resolve, reject) => {
    end = (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome));
  });
  return {
    verify: (_: Buffer, __: object, options?: { signal?: AbortSignal | undefined }) => {
      if (options?.signal !== undefined) signals.push(options.signal);
      return pending;
    },
    end: (outcome: Verdict | Error) => end(outcome),
    signals,
  };
};

test('createEvaluation decides on the verdict and logs one line that holds the queue id and no content', async () => {
  const { evaluation, lines } = makeEvaluation({}, makeVerdict({ disposition: makeDisposition('reject') }));
  const decision = await evaluation.decide(candidate());
  assert.deepEqual([decision.action, decision.cause], ['reject', 'verdict']);
  assert.equal(lines.length, 1);
  const { queueId, action, wouldBe, dmarc, face } = lines[0]?.fields ?? {};
  assert.deepEqual([queueId, action, wouldBe, dmarc, face], ['Q1', 'reject', 'reject', 'pass', 'milter']);
  assert.equal(JSON.stringify(lines).includes('A: b'), false);
});

test('createEvaluation logs in a dry run what it would have done', async () => {
  const { evaluation, lines } = makeEvaluation(
    { dryRun: true },
    makeVerdict({ disposition: makeDisposition('reject') }),
  );
  const decision = await evaluation.decide(candidate());
  assert.deepEqual([decision.action, decision.add], ['accept', []]);
  assert.equal(lines[0]?.fields.wouldBe, 'reject');
});

for (const [failureMode, action] of [
  ['tempfail', 'tempfail'],
  ['accept', 'accept'],
] as const) {
  test(`createEvaluation answers a fault of the verification with ${action} where FAILURE_MODE is ${failureMode}`, async () => {
    const { evaluation, lines } = makeEvaluation({ failureMode }, async () => {
      throw new Error('broken');
    });
    const decision = await evaluation.decide(candidate());
    assert.deepEqual([decision.action, decision.cause], [action, 'fault']);
    assert.equal(lines.filter(({ level }) => level === 'error').length, 1);
    assert.equal(evaluation.running(), 0);
  });
}

test('createEvaluation answers a verification that throws at once like any fault', async () => {
  const { evaluation } = makeEvaluation({}, () => {
    throw new Error('broken');
  });
  assert.equal((await evaluation.decide(candidate())).cause, 'fault');
  assert.equal(evaluation.running(), 0);
});

test('createEvaluation takes a header block that is too large for an oversized message', async () => {
  const { evaluation } = makeEvaluation({ oversizedMessages: 'reject' }, async () => {
    throw Object.assign(new Error('too large'), { code: 'header-too-large' });
  });
  const decision = await evaluation.decide(candidate());
  assert.deepEqual([decision.action, decision.cause], ['reject', 'over-size']);
});

for (const octets of ['over-size', 'service-full'] as const) {
  test(`createEvaluation verifies nothing of a message whose octets were not kept: ${octets}`, async () => {
    let verified = 0;
    const { evaluation } = makeEvaluation({}, async () => {
      verified += 1;
      return makeVerdict();
    });
    assert.equal((await evaluation.decide(candidate({}, { octets }))).cause, octets);
    assert.equal(verified, 0);
  });
}

test('createEvaluation decides without the verification once its time is up, and tells it to stop', async (context) => {
  const { verify, end, signals } = pendingVerification();
  const { evaluation } = makeEvaluation({ pipelineEvaluationMs: 5 }, verify);
  const time = handTime(context);
  assert.equal((await time.passUntil(evaluation.decide(candidate()), 1)).cause, 'too-slow');
  assert.equal(signals[0]?.aborted, true);
  assert.equal(evaluation.running(), 1, 'what runs on keeps its place');
  end(new Error('stopped'));
  await setImmediate();
  assert.equal(evaluation.running(), 0);
});

test('createEvaluation leaves a verification that nobody waits for its octets to the end, and then gives their memory back', async (context) => {
  const { verify, end } = pendingVerification();
  const { evaluation } = makeEvaluation({ pipelineEvaluationMs: 5 }, verify);
  const octets = Buffer.alloc(100_000, 'x');
  const time = handTime(context);
  assert.equal((await time.passUntil(evaluation.decide(candidate({}, { octets })), 1)).cause, 'too-slow');
  assert.equal(octets.length, 100_000);
  end(makeVerdict());
  await setImmediate();
  assert.equal(octets.length, 0);
});

test('createEvaluation runs no more evaluations at one time than allowed', async () => {
  const { verify, end } = pendingVerification();
  const { evaluation } = makeEvaluation({ pipelineMaxEvaluations: 2 }, verify);
  const running = [evaluation.decide(candidate()), evaluation.decide(candidate())];
  assert.equal((await evaluation.decide(candidate())).cause, 'service-full');
  end(makeVerdict());
  assert.deepEqual(
    (await Promise.all(running)).map(({ cause }) => cause),
    ['verdict', 'verdict'],
  );
  assert.equal((await evaluation.decide(candidate())).cause, 'verdict');
});

test('createEvaluation hands on that the mail server went away, and logs no decision nobody hears', async () => {
  const { verify, end, signals } = pendingVerification();
  const { evaluation, lines } = makeEvaluation({}, verify);
  const gone = new AbortController();
  const deciding = evaluation.decide(candidate({ signal: gone.signal }));
  while (signals.length === 0) await setImmediate();
  gone.abort();
  assert.equal(signals[0]?.aborted, true);
  end(new Error('stopped'));
  await deciding;
  assert.deepEqual(lines, []);
});

test('createEvaluation verifies nothing for a mail server that went away before', async () => {
  const { evaluation } = makeEvaluation({}, () => {
    throw new Error('must not be called');
  });
  const { action } = await evaluation.decide(candidate({ signal: AbortSignal.abort() }));
  assert.equal(action, 'tempfail');
});

test('createEvaluation stamps an authenticated client and verifies nothing', async () => {
  const { evaluation } = makeEvaluation({}, () => {
    throw new Error('must not be called');
  });
  const facts = { ...candidate().facts, auth: { identity: 'bob@rcpt.example', mechanism: 'PLAIN' } };
  const decision = await evaluation.decide(candidate({ facts }));
  assert.equal(decision.cause, 'authenticated');
  assert.equal(decision.add[0]?.value, 'mx.rcpt.example; auth=pass (PLAIN) smtp.auth=bob@rcpt.example');
});

test('createEvaluation answers a fault of its own face with a refusal, never with a passed message', async () => {
  const { evaluation } = makeEvaluation();
  const decision = await evaluation.decide(
    candidate({
      content: () => {
        throw new Error('broken');
      },
    }),
  );
  assert.deepEqual([decision.action, decision.cause], ['tempfail', 'fault']);
});
