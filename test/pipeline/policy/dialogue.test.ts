/** The requests of one policy connection, without a socket: what is checked anew, and what is not. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import type { SpfVerdict } from '../../../schemas/spf.ts';
import type { FaceSettings } from '../../../src/pipeline/face-settings.ts';
import { createLimitedRuns } from '../../../src/pipeline/limited-runs.ts';
import { createLists } from '../../../src/pipeline/lists.ts';
import { UNOBSERVED } from '../../../src/pipeline/observer.ts';
import { PolicyDialogue } from '../../../src/pipeline/policy/dialogue.ts';
import { handTime } from '../../hand-time.ts';
import { makeLog } from '../make-evaluation.ts';
import { makeSettings } from '../make-settings.ts';
import { makeSpf } from '../make-verdict.ts';

const makeDialogue = (check: () => Promise<SpfVerdict>, over: Partial<FaceSettings> = {}) => {
  const settings = makeSettings(over);
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

const RELAY: Partial<FaceSettings> = { enforce: true, relay: 'reject', localDomains: ['rcpt.example'] };
const RELAYS: readonly (readonly [
  of: string,
  over: Partial<FaceSettings>,
  told: Record<string, string>,
  answer: RegExp,
])[] = [
  ['a recipient elsewhere', {}, {}, /^action=550 5\.7\.1 Relaying/],
  ['a recipient here', {}, { recipient: 'bob@rcpt.example' }, /^action=PREPEND/],
  ['no recipient yet', {}, { protocol_state: 'MAIL', recipient: '' }, /^action=PREPEND/],
  ['no ENFORCE', { enforce: false }, {}, /^action=PREPEND/],
  [
    'no ENFORCE, but enforcement of the listener',
    { enforce: false, enforceDaemons: ['25=on'] },
    { server_port: '25' },
    /^action=550/,
  ],
  ['a listener without enforcement', { enforceDaemons: ['25=off'] }, { server_port: '25' }, /^action=PREPEND/],
  ['a dry run', { dryRun: true }, {}, /^action=DUNNO/],
  ['RELAY=report', { relay: 'report' }, {}, /^action=PREPEND/],
  ['an allowed network', { allowNetworks: ['192.0.2.0/24'] }, {}, /^action=PREPEND/],
  ['an own network, enforced', { localNetworks: ['192.0.2.0/24'], localSenders: 'enforce' }, {}, /^action=PREPEND/],
  ['a login, enforced', { authenticatedSenders: 'enforce' }, { sasl_username: 'alice' }, /^action=PREPEND/],
];

for (const [of, over, told, answer] of RELAYS)
  test(`PolicyDialogue answers relaying with ${of}`, async () => {
    const { dialogue, checks } = makeDialogue(async () => makeSpf(), { ...RELAY, ...over });
    assert.match(await dialogue.answer(request({ recipient: 'x@other.example', ...told })), answer);
    assert.equal(checks(), answer.source.includes('550') ? 0 : 1);
  });

test('PolicyDialogue logs and counts a refused relay', async () => {
  const { dialogue, lines } = makeDialogue(async () => makeSpf(), RELAY);
  await dialogue.answer(request({ recipient: 'x@other.example' }));
  assert.equal(lines.length, 1);
  assert.equal(lines[0]?.fields.cause, 'relay');
});
