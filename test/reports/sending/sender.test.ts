/** The loop that sends as long as the process lives. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SendingOutcome } from '../../../src/reports/sending/send-due.ts';
import { startSending } from '../../../src/reports/sending/sender.ts';

const done = (hasMore: boolean): SendingOutcome => ({ kind: 'done', reports: 1, hasMore });

test('startSending goes on without a pause while more is due, after a failure too, and ends when it is stopped', async () => {
  const steps: string[] = [];
  const script = [done(true), done(false), new Error('store'), { kind: 'not-ours' } as const];
  const stopped = Promise.withResolvers<void>();
  const stop = startSending({
    sender: {
      sendDue: async () => {
        const next = script.shift();
        if (next instanceof Error) throw next;
        return next ?? done(false);
      },
      release: async () => void steps.push('release'),
    },
    wait: async (milliseconds, signal) => {
      assert.ok(milliseconds > 0);
      steps.push('wait');
      if (script.length > 0) return;
      stopped.resolve();
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    },
    onOutcome: ({ kind }) => steps.push(kind),
    onFailure: (cause) => steps.push(String(cause)),
  });
  await stopped.promise;
  await stop();
  assert.deepEqual(steps, ['done', 'done', 'wait', 'Error: store', 'wait', 'not-ours', 'wait', 'release']);
});

test('startSending waits for the mail that is on its way when it is stopped', async () => {
  const sending = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<AbortSignal | undefined>();
  let isReleased = false;
  const stop = startSending({
    sender: {
      sendDue: async (signal) => {
        begun.resolve(signal);
        await sending.promise;
        return { kind: 'stopped' };
      },
      release: async () => {
        isReleased = true;
      },
    },
    wait: async () => undefined,
    onOutcome: () => undefined,
    onFailure: () => undefined,
  });
  const signal = await begun.promise;
  const ended = stop();
  assert.equal(signal?.aborted, true);
  assert.equal(isReleased, false);
  sending.resolve();
  await ended;
  assert.equal(isReleased, true);
});
