/**
 * The watchdog of the event loop: a pause is told with what was under way, and nothing else is.
 * Clock, CPU time and timer are the test's.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LOOK_MS, STANDSTILL_MS, type Standstill, watchEventLoop } from '../../src/telemetry/standstill.ts';
import type { Progress } from '../../src/verdict/run.ts';
import { example, makeVerifier } from '../verdict/make-verifier.ts';

const begin = () => {
  let nowMs = 1000;
  let cpuMs = 10;
  let look = (): void => {};
  const told: Standstill[] = [];
  let ended = false;
  let ids = 0;
  const watchdog = watchEventLoop({
    nowMs: () => nowMs,
    cpuMs: () => cpuMs,
    newId: () => `id ${++ids}`,
    every: (_, call) => {
      look = call;
      return () => {
        ended = true;
      };
    },
    onStandstill: (standstill) => told.push(standstill),
  });
  /** Time passes until the next look. */
  const pass = (elapsedMs: number, cpu = elapsedMs): void => {
    nowMs += elapsedMs;
    cpuMs += cpu;
    look();
  };
  return { ...watchdog, told, pass, hasEnded: () => ended };
};

test('watchEventLoop tells a pause over the limit, and none up to it', () => {
  const { pass, told, close, hasEnded } = begin();
  pass(LOOK_MS);
  pass(LOOK_MS + STANDSTILL_MS);
  assert.deepEqual(told, []);
  pass(LOOK_MS + STANDSTILL_MS + 1, 3);
  pass(LOOK_MS);
  assert.deepEqual(told, [{ elapsedMs: STANDSTILL_MS + 1, cpuMs: 3, during: [], assessments: [] }]);
  close();
  assert.ok(hasEnded());
});

test('watchEventLoop names the largest verifications that were under way or ended during the pause, with the step they were in', () => {
  const { pass, told, onProgress } = begin();
  onProgress({ id: 'before', bytes: 9_000_000, step: 'read' });
  onProgress({ id: 'before', bytes: 9_000_000, step: 'end' });
  pass(LOOK_MS);
  for (let at = 0; at < 10; at++) onProgress({ id: `small ${at}`, bytes: at, step: 'spf' });
  onProgress({ id: 'large', bytes: 5_000_000, step: 'read' });
  onProgress({ id: 'large', bytes: 5_000_000, step: 'signatures' });
  onProgress({ id: 'large', bytes: 5_000_000, step: 'end' });
  pass(4000);
  assert.equal(told.length, 1);
  assert.deepEqual(told[0]?.during.slice(0, 2), [
    { id: 'large', bytes: 5_000_000, step: 'signatures' },
    { id: 'small 9', bytes: 9, step: 'spf' },
  ]);
  assert.equal(told[0]?.during.length, 5);
});

test('watchEventLoop names the assessments of domains that were under way or ended during the pause', async () => {
  const { pass, told, assessing } = begin();
  const ends: (() => void)[] = [];
  const running = ['a.example', 'b.example', 'x'.repeat(1000)].map((domain) =>
    assessing(domain, () => new Promise<string>((resolve) => ends.push(() => resolve(domain)))),
  );
  ends[0]?.();
  assert.equal(await running[0], 'a.example');
  pass(4000);
  assert.deepEqual(told[0]?.assessments, [
    { id: 'id 2', domain: 'b.example' },
    { id: 'id 3', domain: 'x'.repeat(255) },
    { id: 'id 1', domain: 'a.example' },
  ]);
  assert.deepEqual(told[0]?.during, []);
  pass(4000);
  assert.equal(told[1]?.assessments.length, 2, 'what ended before the pause is not named');
  await assert.rejects(
    assessing('c.example', () => Promise.reject(new Error('broken'))),
    /broken/,
  );
  for (let at = 0; at < 10; at++) void assessing(`d${at}.example`, () => new Promise(() => undefined));
  pass(4000);
  assert.equal(told[2]?.assessments.length, 5);
});

test('verify tells its progress under the id of the verdict, from the first step to the end, whatever the end is', async () => {
  const told: Progress[] = [];
  const verify = makeVerifier({}, undefined, { newId: () => 'the id', onProgress: (progress) => told.push(progress) });
  const message = example('aligned.eml');
  const { id } = await verify(message, {});
  assert.ok(told.every((progress) => progress.id === id && progress.bytes === message.length));
  const steps = told.map(({ step }) => step);
  assert.deepEqual([steps[0], ...steps.slice(-2)], ['read', 'decide', 'end']);
  assert.ok(steps.includes('signatures') && steps.includes('spf'));
  await assert.rejects(verify(Buffer.alloc(2_000_000, 'A: b\r\n'), {}));
  assert.equal(told.at(-1)?.step, 'end');
});
