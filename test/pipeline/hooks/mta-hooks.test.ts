/** MTA Hooks: the same decision as behind the milter, in the words of Stalwart. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MtaHooksRequest, MtaHooksResponse } from '../../../schemas/requests/hooks.ts';
import { makeDisposition, makeSignature, makeVerdict } from '../make-verdict.ts';
import { makeHooks, makeRequest, OCTETS } from './make-hooks.ts';

test('createMtaHooks removes forged fields and adds ours for an accepted message', async () => {
  const { mta, judged } = makeHooks();
  const response = await mta(makeRequest());
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
    const { mta } = makeHooks({}, makeVerdict({ disposition: makeDisposition(wouldBe) }));
    const response = MtaHooksResponse.parse(await mta(makeRequest()));
    assert.equal(response.action, 'reject');
    const { status: code, enhanced_status, enhancedStatus } = response.response ?? {};
    assert.deepEqual([code, enhanced_status, enhancedStatus], [status, enhanced, enhanced]);
    assert.deepEqual(response.modifications, []);
  });
}

test('createMtaHooks accepts a quarantined message with a field, whatever QUARANTINE says', async () => {
  const { mta } = makeHooks({ quarantine: 'hold' }, makeVerdict({ disposition: makeDisposition('quarantine') }));
  const { action, modifications } = await mta(makeRequest());
  assert.equal(action, 'accept');
  assert.equal(
    modifications.some(({ name }) => name === 'X-Mailverdict-Quarantine'),
    true,
  );
});

for (const stage of ['connect', 'ehlo', 'auth', 'mail', 'rcpt', 'RCPT']) {
  test(`createMtaHooks accepts at the stage ${stage} without a verification`, async () => {
    const { mta, judged } = makeHooks();
    assert.deepEqual(await mta({ ...makeRequest({ stage }), message: null }), { action: 'accept', modifications: [] });
    assert.deepEqual(judged, []);
  });
}

test('createMtaHooks takes the stage in capitals and the name ehlo, as the documentation writes them', async () => {
  const { mta, judged } = makeHooks();
  const given = makeRequest({ stage: 'DATA' });
  const client = { ip: '192.0.2.10', ehlo: 'other.example' };
  await mta({ ...given, context: { ...given.context, client } });
  assert.equal(judged[0]?.facts.helo, 'other.example');
});

test('createMtaHooks never rejects for a signature over octets that were lost on the way', async () => {
  const failing = makeVerdict({ disposition: makeDisposition('reject'), dkim: [makeSignature({ result: 'fail' })] });
  const { mta } = makeHooks({}, failing);
  assert.equal((await mta(makeRequest())).action, 'reject');
  assert.equal((await mta(makeRequest({ contents: 'Gr\ufffdsse\r\n' }))).action, 'accept');
  assert.equal((await mta(makeRequest({ size: OCTETS.length - 5 }))).action, 'accept');
});

test('createMtaHooks stamps an authenticated sender', async () => {
  const { mta, judged } = makeHooks();
  const { modifications } = await mta(makeRequest({ sasl: { login: 'bob' } }));
  assert.deepEqual(modifications.at(-1), {
    type: 'addHeader',
    name: 'Authentication-Results',
    value: 'mx.rcpt.example; auth=pass smtp.auth=bob',
  });
  assert.deepEqual(judged, []);
});

test('createMtaHooks calls a message with too many fields or octets oversized', async () => {
  const many = Array.from({ length: 11 }, (): [string, string] => ['X', ' v\r\n']);
  const { mta } = makeHooks({ maxHeaderFields: 10, oversizedMessages: 'reject' });
  assert.equal((await mta(makeRequest({ headers: many }))).response?.status, 552);
  const { mta: small } = makeHooks({ maxMessageBytes: 20, oversizedMessages: 'tempfail' });
  assert.equal((await small(makeRequest())).response?.status, 452);
});

test('MtaHooksRequest refuses what has no stage, and ignores members it does not know', () => {
  assert.equal(MtaHooksRequest.safeParse({ context: {} }).success, false);
  assert.equal(MtaHooksRequest.safeParse({ context: { stage: 'connect', news: 1 }, more: {} }).success, true);
});

test('createMtaHooks and createRawHook answer the same message and facts alike', async () => {
  const { mta, raw } = makeHooks({}, makeVerdict({ disposition: makeDisposition('quarantine') }));
  const viaHooks = await mta(makeRequest());
  const viaRaw = await raw(Buffer.from(OCTETS), { clientIp: '192.0.2.10', rcptTo: ['bob@rcpt.example'] });
  assert.deepEqual(viaHooks.modifications, [
    ...viaRaw.removeHeaders.map(({ name, occurrence }) => ({ type: 'deleteHeader', index: occurrence, name })),
    ...viaRaw.addHeaders.map((field) => ({ type: 'addHeader', ...field })),
  ]);
});
