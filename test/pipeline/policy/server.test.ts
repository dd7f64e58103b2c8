/**
 * The policy service over a real socket on loopback: one field per message, refusals by settings,
 * faults, shutdown.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { SpfVerdict } from '../../../schemas/spf.ts';
import { createMemory } from '../../../src/message/memory.ts';
import type { CheckSpf } from '../../../src/pipeline/dependencies.ts';
import type { FaceSettings } from '../../../src/pipeline/face-settings.ts';
import { createLists } from '../../../src/pipeline/lists.ts';
import { UNOBSERVED } from '../../../src/pipeline/observer.ts';
import { createPolicyServer } from '../../../src/pipeline/policy/server.ts';
import { sendWithoutReading, socketPath } from '../connections/silent-peer.ts';
import { makeLog } from '../make-evaluation.ts';
import { makeSettings } from '../make-settings.ts';
import { makeSpf } from '../make-verdict.ts';

const start = async (t: TestContext, over: Partial<FaceSettings> = {}, spf: SpfVerdict | CheckSpf = makeSpf()) => {
  const settings = makeSettings({ policyListen: ['inet:0@127.0.0.1'], ...over });
  const { log, lines } = makeLog();
  const checked: string[] = [];
  const memory = createMemory(settings.pipelineMaxTotalBytes);
  const server = createPolicyServer(settings, {
    checkSpf: (facts) => {
      checked.push(facts.mailFrom ?? '');
      return typeof spf === 'function' ? spf(facts) : Promise.resolve(spf);
    },
    log,
    clock: () => 0,
    lists: createLists(settings),
    observer: UNOBSERVED,
    memory,
  });
  const [address] = await server.listen();
  t.after(() => server.close({ drainMs: 0, graceMs: 0 }));
  return { server, port: address?.kind === 'inet' ? address.port : 0, lines, checked, memory };
};

const request = (over: Record<string, string> = {}): string =>
  `${Object.entries({
    request: 'smtpd_access_policy',
    protocol_state: 'RCPT',
    client_address: '192.0.2.10',
    helo_name: 'mail.sender.example',
    sender: 'a@sender.example',
    recipient: 'bob@rcpt.example',
    instance: 'one',
    server_port: '25',
    ...over,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')}\n`;

/** Sends requests in one write and reads as many answers. */
const ask = async (port: number, ...requests: string[]): Promise<string[]> => {
  const socket = connect({ host: '127.0.0.1', port });
  let heard = '';
  socket.on('data', (chunk) => {
    heard += chunk;
    if (heard.split('\n\n').length > requests.length) socket.destroy();
  });
  socket.write(requests.join(''));
  await once(socket, 'close');
  return heard.split('\n\n').slice(0, -1);
};

const PREPEND =
  'action=PREPEND Received-SPF: pass (SPF says pass) client-ip=192.0.2.10; envelope-from="a@sender.example"; helo=mail.sender.example; receiver=mx.rcpt.example; identity=mailfrom';

test('createPolicyServer checks a message once and adds one field, however many recipients it has', async (t) => {
  const { port, checked } = await start(t);
  const answers = await ask(
    port,
    request(),
    request({ recipient: 'carol@rcpt.example' }),
    request({ instance: 'two' }),
  );
  assert.deepEqual(answers, [PREPEND, 'action=DUNNO', PREPEND]);
  assert.equal(checked.length, 2);
});

test('createPolicyServer checks anew when the envelope of an instance changes', async (t) => {
  const { port, checked } = await start(t);
  await ask(port, request(), request({ sender: 'b@sender.example' }));
  assert.deepEqual(checked, ['a@sender.example', 'b@sender.example']);
});

for (const [title, over, changes, result, expected] of [
  ['prepends a failure by default', {}, {}, 'fail', /^action=PREPEND Received-SPF: fail/],
  [
    'rejects a failure where set',
    { policySpfFail: 'reject' },
    {},
    'fail',
    /^action=550 5\.7\.23 sender\.example does not allow/,
  ],
  ['defers a temporary failure where set', { policySpfTemperror: 'defer' }, {}, 'temperror', /^action=451 4\.7\.24 /],
  ['refuses nobody in a dry run', { policySpfFail: 'reject', dryRun: true }, {}, 'fail', /^action=DUNNO$/],
  [
    'refuses nobody for a domain that is off',
    { policySpfFail: 'reject', enforceDomains: ['rcpt.example=off'] },
    {},
    'fail',
    /^action=PREPEND/,
  ],
  [
    'refuses nobody at a listener that is off',
    { policySpfFail: 'reject', enforceDaemons: ['25=off'] },
    {},
    'fail',
    /^action=PREPEND/,
  ],
  [
    'leaves authenticated clients alone',
    { policySpfFail: 'reject' },
    { sasl_username: 'bob' },
    'fail',
    /^action=DUNNO$/,
  ],
  ['refuses no local client', { policySpfFail: 'reject' }, { client_address: '127.0.0.1' }, 'fail', /^action=PREPEND/],
  ['has no opinion at other stages', { policySpfFail: 'reject' }, { protocol_state: 'EHLO' }, 'fail', /^action=DUNNO$/],
] as const) {
  test(`createPolicyServer ${title}`, async (t) => {
    const { port } = await start(t, { ...over } as Partial<FaceSettings>, makeSpf(result));
    const [answer = ''] = await ask(port, request(changes));
    assert.match(answer, expected);
  });
}

for (const [title, checkSpf, over] of [
  ['a fault', () => Promise.reject(new Error('broken')), {}],
  ['an evaluation that takes too long', () => new Promise<never>(() => undefined), { pipelineEvaluationMs: 10 }],
] as const) {
  test(`createPolicyServer answers ${title} with a temporary refusal, or not at all where FAILURE_MODE is accept`, async (t) => {
    const tempfail = await start(t, over, checkSpf);
    assert.match((await ask(tempfail.port, request()))[0] ?? '', /^action=451 4\./);
    const accept = await start(t, { ...over, failureMode: 'accept' }, checkSpf);
    assert.deepEqual(await ask(accept.port, request()), ['action=DUNNO']);
  });
}

test('createPolicyServer closes a connection that does not speak the protocol, and no other', async (t) => {
  const { port, lines } = await start(t);
  assert.deepEqual(await ask(port, 'GET / HTTP/1.1\n\n'), []);
  assert.equal(lines[0]?.fields.reason, 'malformed-request');
  assert.deepEqual(await ask(port, request()), [PREPEND]);
});

test('createPolicyServer answers what is in hand before it closes', async (t) => {
  const { promise, resolve } = Promise.withResolvers<SpfVerdict>();
  const started = Promise.withResolvers<void>();
  const { port, server } = await start(t, {}, () => {
    started.resolve();
    return promise;
  });
  const answers = ask(port, request());
  await started.promise;
  const closing = server.close({ drainMs: 0, graceMs: 10_000 });
  resolve(makeSpf());
  assert.deepEqual(await answers, [PREPEND]);
  await closing;
});

test('createPolicyServer stops taking requests from a mail server that never reads, and cuts it off', async (t) => {
  const path = socketPath(t);
  const { lines, memory } = await start(t, { policyListen: [`unix:${path}`], writeTimeoutMs: 100 });
  const taken = await sendWithoutReading(path, Buffer.alloc(0), Buffer.from('a=b\n\n'.repeat(1_000)));
  assert.equal(taken < 8_000_000, true, `${taken} octets`);
  assert.deepEqual(
    lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields.reason),
    ['does not read'],
  );
  while (memory.held > 0) await new Promise((resolve) => setImmediate(resolve));
});

test('createPolicyServer reads a request that comes octet by octet, and counts it', async (t) => {
  const { port, memory } = await start(t);
  const socket = connect({ host: '127.0.0.1', port });
  const octets = Buffer.from(request());
  for (const octet of octets) socket.write(Buffer.from([octet]));
  const [answer] = await once(socket, 'data');
  assert.equal(String(answer), `${PREPEND}\n\n`);
  socket.destroy();
  while (memory.held > 0) await new Promise((resolve) => setImmediate(resolve));
});
