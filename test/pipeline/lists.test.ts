/**
 * Lists that change while the faces work: what is asked after the change gets the new lists, what
 * was open stays open.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { createMemory } from '../../src/message/memory.ts';
import type { FaceSettings } from '../../src/pipeline/face-settings.ts';
import { UNOBSERVED } from '../../src/pipeline/observer.ts';
import { createPipeline } from '../../src/pipeline/pipeline.ts';
import { makeLog } from './make-evaluation.ts';
import { makeSettings } from './make-settings.ts';
import { makeDisposition, makeVerdict } from './make-verdict.ts';
import { send } from './milter/mta.ts';

const SETTINGS = makeSettings({ milterListen: ['inet:0@127.0.0.1'], enforceDomains: ['rcpt.example=off'] });
const MESSAGE = Buffer.from(
  'Authentication-Results: old.example; dkim=pass\r\nFrom: a@sender.example\r\n\r\nHello\r\n',
);
const FACTS = { clientIp: '192.0.2.10', rcptTo: ['bob@rcpt.example'] };

const make = () => {
  const { log } = makeLog();
  return createPipeline(SETTINGS, {
    verify: async () => makeVerdict({ disposition: makeDisposition('reject') }),
    checkSpf: () => assert.fail('nobody asks'),
    log,
    clock: () => 0,
    observer: UNOBSERVED,
    memory: createMemory(10_000_000),
  });
};

const CHANGES: readonly (readonly [title: string, change: Partial<FaceSettings>, action: string])[] = [
  ['the recipient domains whose policy is enforced', { enforceDomains: ['rcpt.example=on'] }, 'reject'],
  ['the listeners whose policy is enforced', { enforceDomains: [], enforceDaemons: ['smtp=on'] }, 'reject'],
  [
    "the clients that are one's own",
    { enforceDomains: ['rcpt.example=on'], localNetworks: ['192.0.2.0/24'] },
    'accept',
  ],
  ['no setting that is no list', { enforceDomains: [], dryRun: true }, 'reject'],
];

for (const [title, change, action] of CHANGES) {
  test(`createPipeline takes over ${title}`, async () => {
    const { rawHook, relist } = make();
    const facts = { ...FACTS, daemonName: 'smtp' };
    assert.equal((await rawHook(MESSAGE, facts)).action, 'accept');
    relist({ ...SETTINGS, ...change });
    assert.equal((await rawHook(MESSAGE, facts)).action, action);
  });
}

test('createPipeline takes over the authserv-ids whose fields are removed', async () => {
  const { rawHook, relist } = make();
  assert.deepEqual((await rawHook(MESSAGE, FACTS)).removeHeaders, []);
  relist({ ...SETTINGS, removeAuthservIds: ['old.example'] });
  assert.deepEqual((await rawHook(MESSAGE, FACTS)).removeHeaders, [{ name: 'Authentication-Results', occurrence: 1 }]);
});

test('createPipeline holds new networks against new connections, and leaves open ones open', async (t) => {
  const { listen, close, relist } = make();
  const { milter } = await listen();
  t.after(() => close({ drainMs: 0, graceMs: 0 }));
  const port = milter[0]?.kind === 'inet' ? milter[0].port : 0;
  const open = connect({ host: '127.0.0.1', port });
  open.write(send.optneg());
  await once(open, 'data');
  relist({ ...SETTINGS, pipelineNetworks: ['192.0.2.0/24'] });
  const refused = connect({ host: '127.0.0.1', port });
  refused.resume();
  await once(refused, 'close');
  open.write(send.helo('mail.sender.example'));
  const [reply] = await once(open, 'data');
  assert.equal(String(reply.subarray(4)), 'c');
  open.destroy();
});
