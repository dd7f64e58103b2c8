/** The requests of one policy connection, without a socket: what is checked anew, and what is not. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { SpfVerdict } from '../../../schemas/spf.ts';
import { createLimitedRuns } from '../../../src/pipeline/limited-runs.ts';
import { createLists } from '../../../src/pipeline/lists.ts';
import { UNOBSERVED } from '../../../src/pipeline/observer.ts';
import { PolicyDialogue } from '../../../src/pipeline/policy/dialogue.ts';
import { handTime } from '../../hand-time.ts';
import { makeLog } from '../make-evaluation.ts';
import { makeSettings } from '../make-settings.ts';
import { makeSpf } from '../make-verdict.ts';

const makeDialogue = (check: () => Promise<SpfVerdict>) => {
  const settings = makeSettings({});
  const { log, lines } = makeLog();
  let checks = 0;
  const dialogue = new PolicyDialogue({
    settings,
    checkSpf: () => {
      checks += 1;
      return check();
    },
    runs: createLimitedRuns(1, 10),
    lists: createLists(settings),
    log,
    clock: () => 0,
    observer: UNOBSERVED,
  });
  return { dialogue, lines, checks: () => checks };
};

const request = (over: Record<string, string> = {}) =>
  new Map(
    Object.entries({
      request: 'smtpd_access_policy',
      protocol_state: 'RCPT',
      client_address: '192.0.2.10',
      sender: 'a@sender.example',
      recipient: 'bob@rcpt.example',
      ...over,
    }),
  );

test('PolicyDialogue takes requests without an instance for different messages', async () => {
  const { dialogue, checks } = makeDialogue(async () => makeSpf());
  for (let count = 0; count < 2; count++) assert.match(await dialogue.answer(request()), /^action=PREPEND/);
  assert.equal(checks(), 2);
});

test('PolicyDialogue remembers the last message only', async () => {
  const { dialogue, checks } = makeDialogue(async () => makeSpf());
  for (const instance of ['one', 'two', 'one']) await dialogue.answer(request({ instance }));
  assert.equal(checks(), 3);
});

test('PolicyDialogue checks a message again whose check failed', async () => {
  let isBroken = true;
  const { dialogue } = makeDialogue(async () => {
    if (isBroken) throw new Error('broken');
    return makeSpf();
  });
  assert.match(await dialogue.answer(request({ instance: 'one' })), /^action=451/);
  isBroken = false;
  assert.match(await dialogue.answer(request({ instance: 'one' })), /^action=PREPEND/);
});

test('PolicyDialogue logs the fault of a check also when nobody waits for it any more', async (context: TestContext) => {
  const time = handTime(context);
  const { promise, reject } = Promise.withResolvers<never>();
  const { dialogue, lines } = makeDialogue(() => promise);
  assert.match(await time.passUntil(dialogue.answer(request()), 1), /^action=451 4\.4\.3/);
  reject(new Error('broken'));
  await setImmediate();
  assert.deepEqual(
    lines.map(({ level, sentence }) => [level, sentence]),
    [
      ['info', 'envelope decided'],
      ['error', 'SPF check failed'],
    ],
  );
});
