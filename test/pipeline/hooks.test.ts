/** MTA Hooks and the raw hook: the same decision as behind the milter, in the words of each. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MtaHooksRequest, MtaHooksResponse, RawHookResponse } from '../../schemas/requests/hooks.ts';
import type { SmtpFacts } from '../../schemas/smtp.ts';
import type { Verdict } from '../../schemas/verdict.ts';
import type { EvaluationSettings } from '../../src/pipeline/evaluation.ts';
import { createMtaHooks } from '../../src/pipeline/hooks/mta-hooks.ts';
import { createRawHook } from '../../src/pipeline/hooks/raw-hook.ts';
import { rebuildMessage } from '../../src/pipeline/hooks/rebuild-message.ts';
import { makeEvaluation } from './make-evaluation.ts';
import { makeDisposition, makeSignature, makeVerdict } from './make-verdict.ts';

const HEADERS: [string, string][] = [
  ['Authentication-Results', ' mx.rcpt.example; dkim=pass\r\n'],
  ['From', ' Alice <a@sender.example>\r\n'],
  ['Subject', ' two\r\n lines\r\n'],
];
const OCTETS =
  'Authentication-Results: mx.rcpt.example; dkim=pass\r\nFrom: Alice <a@sender.example>\r\nSubject: two\r\n lines\r\n\r\nHello\r\n';

/** As Stalwart 0.16 sends it. */
const request = (
  over: { stage?: string; contents?: string; size?: number; sasl?: object; headers?: [string, string][] } = {},
) =>
  MtaHooksRequest.parse({
    context: {
      stage: over.stage ?? 'data',
      client: {
        ip: '192.0.2.10',
        port: 40001,
        ptr: 'mail.sender.example.',
        helo: 'mail.sender.example',
        activeConnections: 1,
      },
      ...(over.sasl && { sasl: over.sasl }),
      tls: { version: 'TLSv1.3', cipher: 'TLS13_AES_256_GCM_SHA384' },
      server: { name: 'Stalwart v0.16.18', port: 25, ip: '198.51.100.5' },
      queue: { id: '3a5f0c' },
      protocol: { version: 1 },
    },
    envelope: { from: { address: 'alice@sender.example' }, to: [{ address: 'bob@rcpt.example' }] },
    message: {
      headers: over.headers ?? HEADERS,
      contents: over.contents ?? 'Hello\r\n',
      size: over.size ?? OCTETS.length,
    },
  });

const hook = (over: Partial<EvaluationSettings> = {}, verdict: Verdict = makeVerdict()) => {
  const judged: { octets: string; facts: SmtpFacts }[] = [];
  const { evaluation, settings } = makeEvaluation(over, async (octets, facts) => {
    judged.push({ octets: octets.toString('latin1'), facts });
    return verdict;
  });
  return { mta: createMtaHooks(settings, evaluation), raw: createRawHook(settings, evaluation), judged };
};

test('createMtaHooks removes forged fields and adds ours for an accepted message', async () => {
  const { mta, judged } = hook();
  const response = await mta(request());
  assert.deepEqual(response, {
    action: 'accept',
    modifications: [
      { type: 'deleteHeader', index: 1, name: 'Authentication-Results' },
      {
        type: 'addHeader',
        name: 'Authentication-Results',
        value: 'mx.rcpt.example;\r\n spf=pass smtp.mailfrom=sender.example;\r\n dkim=pass header.d=sender.example',
      },
    ],
  });
  assert.deepEqual(judged, [
    {
      octets: OCTETS,
      facts: {
        clientIp: '192.0.2.10',
        helo: 'mail.sender.example',
        mailFrom: 'alice@sender.example',
        rcptTo: ['bob@rcpt.example'],
        tls: { version: 'TLSv1.3', cipher: 'TLS13_AES_256_GCM_SHA384' },
        queueId: '3a5f0c',
        receiver: 'mx.rcpt.example',
      },
    },
  ]);
});

for (const [wouldBe, status, enhanced] of [
  ['reject', 550, '5.7.26'],
  ['tempfail', 451, '4.7.0'],
] as const) {
  test(`createMtaHooks answers a verdict of ${wouldBe} with status ${status}, in both spellings of the code`, async () => {
    const { mta } = hook({}, makeVerdict({ disposition: makeDisposition(wouldBe) }));
    const response = MtaHooksResponse.parse(await mta(request()));
    assert.equal(response.action, 'reject');
    const { status: code, enhanced_status, enhancedStatus } = response.response ?? {};
    assert.deepEqual([code, enhanced_status, enhancedStatus], [status, enhanced, enhanced]);
    assert.deepEqual(response.modifications, []);
  });
}

test('createMtaHooks accepts a quarantined message with a field, whatever QUARANTINE says', async () => {
  const { mta } = hook({ quarantine: 'hold' }, makeVerdict({ disposition: makeDisposition('quarantine') }));
  const { action, modifications } = await mta(request());
  assert.equal(action, 'accept');
  assert.equal(
    modifications.some(({ name }) => name === 'X-Mailverdict-Quarantine'),
    true,
  );
});

for (const stage of ['connect', 'ehlo', 'auth', 'mail', 'rcpt', 'RCPT']) {
  test(`createMtaHooks accepts at the stage ${stage} without a verification`, async () => {
    const { mta, judged } = hook();
    assert.deepEqual(await mta({ ...request({ stage }), message: null }), { action: 'accept', modifications: [] });
    assert.deepEqual(judged, []);
  });
}

test('createMtaHooks takes the stage in capitals and the name ehlo, as the documentation writes them', async () => {
  const { mta, judged } = hook();
  const given = request({ stage: 'DATA' });
  const client = { ip: '192.0.2.10', ehlo: 'other.example' };
  await mta({ ...given, context: { ...given.context, client } });
  assert.equal(judged[0]?.facts.helo, 'other.example');
});

test('createMtaHooks never rejects for a signature over octets that were lost on the way', async () => {
  const failing = makeVerdict({ disposition: makeDisposition('reject'), dkim: [makeSignature({ result: 'fail' })] });
  const { mta } = hook({}, failing);
  assert.equal((await mta(request())).action, 'reject');
  assert.equal((await mta(request({ contents: 'Gr\ufffdsse\r\n' }))).action, 'accept');
  assert.equal((await mta(request({ size: OCTETS.length - 5 }))).action, 'accept');
});

test('createMtaHooks stamps an authenticated sender', async () => {
  const { mta, judged } = hook();
  const { modifications } = await mta(request({ sasl: { login: 'bob' } }));
  assert.deepEqual(modifications.at(-1), {
    type: 'addHeader',
    name: 'Authentication-Results',
    value: 'mx.rcpt.example; auth=pass smtp.auth=bob',
  });
  assert.deepEqual(judged, []);
});

test('createMtaHooks calls a message with too many fields or octets oversized', async () => {
  const many = Array.from({ length: 11 }, (): [string, string] => ['X', ' v\r\n']);
  const { mta } = hook({ maxHeaderFields: 10, oversizedMessages: 'reject' });
  assert.equal((await mta(request({ headers: many }))).response?.status, 552);
  const { mta: small } = hook({ maxMessageBytes: 20, oversizedMessages: 'tempfail' });
  assert.equal((await small(request())).response?.status, 452);
});

for (const [title, message, octets, exactness] of [
  ['a message', { headers: [['A', ' b\r\n']], contents: 'c\r\n', size: 11 }, 'A: b\r\n\r\nc\r\n', 'exact'],
  ['bare line feeds', { headers: [['A', ' b\n']], contents: 'c\n', size: 8 }, 'A: b\n\nc\n', 'exact'],
  ['a message without a body', { headers: [['A', ' b\r\n']], contents: '', size: 6 }, 'A: b\r\n', 'exact'],
  ['a last line without its end', { headers: [['A', ' b']], contents: '', size: 8 }, 'A: b\r\n\r\n', 'exact'],
  [
    'a line without a colon',
    {
      headers: [
        ['what\r\n', ''],
        ['A', ' b\r\n'],
      ],
      contents: 'c',
      size: 15,
    },
    'what\r\nA: b\r\n\r\nc',
    'exact',
  ],
  ['white space before the colon', { headers: [['A ', ' b\r\n']], contents: 'c', size: 10 }, 'A : b\r\n\r\nc', 'exact'],
  ['a size that does not fit', { headers: [['A', ' b\r\n']], contents: 'c', size: 20 }, 'A: b\r\n\r\nc', 'body-lossy'],
  [
    'a replacement character in a field',
    { headers: [['A', ' \ufffd\r\n']], contents: '', size: 10 },
    'A: \ufffd\r\n\r\n',
    'body-lossy',
  ],
] as const) {
  test(`rebuildMessage puts ${title} together`, () => {
    const headers = message.headers.map(([name, value]): [string, string] => [name, value]);
    const rebuilt = rebuildMessage({ ...message, headers });
    assert.deepEqual([rebuilt.octets.toString(), rebuilt.exactness], [octets, exactness]);
  });
}

test('MtaHooksRequest refuses what has no stage, and ignores members it does not know', () => {
  assert.equal(MtaHooksRequest.safeParse({ context: {} }).success, false);
  assert.equal(MtaHooksRequest.safeParse({ context: { stage: 'connect', news: 1 }, more: {} }).success, true);
});

test('createRawHook tells what to do with a message, with its verdict', async () => {
  const { raw, judged } = hook({}, makeVerdict({ disposition: makeDisposition('reject') }));
  const facts: SmtpFacts = { clientIp: '192.0.2.10', rcptTo: ['bob@rcpt.example'] };
  const response = RawHookResponse.parse(await raw(Buffer.from(OCTETS), facts));
  assert.deepEqual(
    [response.action, response.smtpReply?.code, response.verdict?.dmarc.result, response.removeHeaders],
    ['reject', 550, 'pass', [{ name: 'Authentication-Results', occurrence: 1 }]],
  );
  assert.deepEqual(judged, [{ octets: OCTETS, facts }]);
});

test('createRawHook removes fields that bear the authserv-id of the request', async () => {
  const { raw } = hook();
  const { removeHeaders } = await raw(Buffer.from('Authentication-Results: other.example; none\r\n\r\n'), {
    receiver: 'other.example',
  });
  assert.equal(removeHeaders.length, 1);
});

test('every face answers the same message and facts alike', async () => {
  const { mta, raw } = hook({}, makeVerdict({ disposition: makeDisposition('quarantine') }));
  const viaHooks = await mta(request());
  const viaRaw = await raw(Buffer.from(OCTETS), { clientIp: '192.0.2.10', rcptTo: ['bob@rcpt.example'] });
  assert.deepEqual(viaHooks.modifications, [
    ...viaRaw.removeHeaders.map(({ name, occurrence }) => ({ type: 'deleteHeader', index: occurrence, name })),
    ...viaRaw.addHeaders.map((field) => ({ type: 'addHeader', ...field })),
  ]);
});
