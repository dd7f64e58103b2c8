/** POST /v1/verify/batch and POST /v1/replay over HTTP. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Problem } from '../../schemas/problem.ts';
import { BatchLine } from '../../schemas/requests/batch.ts';
import { ReplayAnswer } from '../../schemas/requests/replay.ts';
import { Config } from '../../schemas/settings/settings.ts';
import { example, makeVerifier } from '../verdict/make-verifier.ts';
import { makeApp } from './make-app.ts';

const app = await makeApp();
after(() => app.close());
const FACTS = { clientIp: '192.0.2.10', helo: 'mail.brand.example', mailFrom: 'alice@brand.example' };
const lines = (body: string): BatchLine[] =>
  body
    .trimEnd()
    .split('\n')
    .map((line) => BatchLine.parse(JSON.parse(line)));

test('POST /v1/verify/batch answers an mbox in order, and undoes its quoting', async () => {
  const quoted = 'From: a@brand.example\r\n\r\n>From the start\r\n>>From twice\r\n';
  const mbox = Buffer.concat([
    Buffer.from('From alice@brand.example Mon Feb  3 09:00:00 2025\r\n'),
    example('aligned.eml'),
    Buffer.from('\r\nFrom x Mon Feb  3 09:00:00 2025\r\n'),
    Buffer.from(quoted),
    Buffer.from('\r\nFrom x Mon Feb  3 09:00:00 2025\r\n'),
    example('unsigned.eml'),
  ]);
  const query = new URLSearchParams(FACTS).toString();
  const response = await app.inject({
    method: 'POST',
    url: `/v1/verify/batch?${query}`,
    payload: mbox,
    headers: { 'content-type': 'application/mbox' },
  });
  const answers = lines(response.body);
  assert.deepEqual(
    answers.map(({ index, verdict }) => [index, verdict?.message.size, verdict?.dkim.length]),
    [
      [0, example('aligned.eml').length, 2],
      [1, quoted.length - 2, 0],
      [2, example('unsigned.eml').length, 0],
    ],
  );
  assert.equal(answers[0]?.verdict?.dmarc.result, 'pass');
});

test('POST /v1/verify/batch answers each line of NDJSON, a bad one with its problem', async () => {
  const good = JSON.stringify({ message: example('aligned.eml').toString('base64'), encoding: 'base64', smtp: FACTS });
  const payload = [
    good,
    'not json',
    '',
    JSON.stringify({ message: 'x', smtp: { clientIp: 'x' } }),
    JSON.stringify({ message: '*', encoding: 'base64' }),
    good,
  ].join('\n');
  const response = await app.inject({
    method: 'POST',
    url: '/v1/verify/batch',
    payload,
    headers: { 'content-type': 'application/x-ndjson' },
  });
  const answers = lines(response.body);
  assert.deepEqual(
    answers.map(({ verdict, problem }) => verdict?.dmarc.result ?? problem?.type.split(':').at(-1)),
    ['pass', 'invalid-json', 'invalid-request', 'invalid-base64', 'pass'],
  );
  assert.equal(answers[2]?.problem?.errors?.[0]?.path, 'smtp.clientIp');
});

test('POST /v1/verify/batch decides with require: for the whole mbox, and for each line by itself', async () => {
  const message = example('aligned.eml').toString('base64');
  const mbox = Buffer.concat(
    ['aligned.eml', 'unsigned.eml'].flatMap((file) => [Buffer.from('From x\r\n'), example(file), Buffer.from('\r\n')]),
  );
  const batch = async (url: string, type: string, payload: Buffer | string) =>
    lines((await app.inject({ method: 'POST', url, payload, headers: { 'content-type': type } })).body).map(
      ({ verdict }) => verdict?.decision?.satisfied,
    );
  assert.deepEqual(await batch('/v1/verify/batch?require=proven', 'application/mbox', mbox), [true, false]);
  const requests = [{ require: 'proven' }, {}].map((asked) =>
    JSON.stringify({ message, encoding: 'base64', ...asked }),
  );
  assert.deepEqual(await batch('/v1/verify/batch', 'application/x-ndjson', requests.join('\n')), [true, undefined]);
});

test('POST /v1/verify/batch judges 1,000 messages in one request, a few at a time', async () => {
  const verify = makeVerifier();
  let running = 0;
  let most = 0;
  const counting = await makeApp({
    verify: async (...words) => {
      most = Math.max(most, ++running);
      try {
        return await verify(...words);
      } finally {
        running--;
      }
    },
  });
  try {
    const payload = Array.from({ length: 1000 }, (_, index) =>
      JSON.stringify({ message: `From: a@brand.example\r\nSubject: ${index}\r\n\r\n` }),
    ).join('\n');
    const response = await counting.inject({
      method: 'POST',
      url: '/v1/verify/batch',
      payload,
      headers: { 'content-type': 'application/x-ndjson' },
    });
    const answers = lines(response.body);
    assert.deepEqual(
      answers.map(({ verdict }) => verdict?.message.subject),
      Array.from({ length: 1000 }, (_, index) => String(index)),
    );
    assert.ok(most <= Config.parse({}).batchWidth, String(most));
  } finally {
    await counting.close();
  }
});

test('POST /v1/verify/batch reads no further than its limits, and says so', async () => {
  const few = await makeApp({ settings: { ...Config.parse({}), maxBatchMessages: 2, maxMessageBytes: 1024 } });
  try {
    const line = JSON.stringify({ message: 'From: a@brand.example\r\n\r\n' });
    const over = await few.inject({
      method: 'POST',
      url: '/v1/verify/batch',
      payload: [line, line, line, line].join('\n'),
      headers: { 'content-type': 'application/x-ndjson' },
    });
    assert.deepEqual(
      lines(over.body).map(({ problem }) => problem?.status),
      [undefined, undefined, 413],
    );
    const mbox = `From a\nFrom: a@brand.example\n\n${'x'.repeat(3000)}\n\nFrom b\nFrom: b@brand.example\n\nsmall\n`;
    const large = await few.inject({
      method: 'POST',
      url: '/v1/verify/batch',
      payload: mbox,
      headers: { 'content-type': 'application/mbox' },
    });
    assert.deepEqual(
      lines(large.body).map(({ problem, verdict }) => problem?.status ?? verdict?.message.from[0]),
      [413, 'b@brand.example'],
    );
  } finally {
    await few.close();
  }
});

test('POST /v1/verify/batch refuses a content type it does not read', async () => {
  const response = await app.inject({
    method: 'POST',
    url: '/v1/verify/batch',
    payload: 'x',
    headers: { 'content-type': 'text/plain' },
  });
  assert.equal(Problem.parse(response.json()).status, 415);
});

test('POST /v1/replay gives the verdict again, and names what is missing', async () => {
  const message = example('aligned.eml').toString('base64');
  const verdict = (
    await app.inject({
      method: 'POST',
      url: '/v1/verify',
      payload: { message, encoding: 'base64', smtp: FACTS, include: ['evidence'] },
    })
  ).json();
  const replayed = await app.inject({
    method: 'POST',
    url: '/v1/replay',
    payload: { message, encoding: 'base64', verdict },
  });
  assert.equal(replayed.statusCode, 200, replayed.body);
  assert.deepEqual(ReplayAnswer.parse(replayed.json()).differences, []);
  const { evidence: _, ...bare } = verdict;
  const cases: [payload: object, path: string][] = [
    [{ message, encoding: 'base64', verdict: bare }, 'verdict.evidence'],
    [{ message, encoding: 'base64' }, 'verdict'],
    [{ message: Buffer.from('other').toString('base64'), encoding: 'base64', verdict }, 'message'],
  ];
  for (const [payload, path] of cases) {
    const response = await app.inject({ method: 'POST', url: '/v1/replay', payload });
    assert.equal(response.statusCode, 400);
    assert.equal(Problem.parse(response.json()).errors?.[0]?.path, path);
  }
});
