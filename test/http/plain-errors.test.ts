/** What a person gets to read who sent the wrong thing: which field, what is known, what is near. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { PROBLEMS } from '../../schemas/problem-kinds.ts';
import { example } from '../verdict/make-verifier.ts';
import { makeApp } from './make-app.ts';

const app = await makeApp();
after(() => app.close());

const JSON_TYPE = { 'content-type': 'application/json' };
const MESSAGE = 'From: a@brand.example\r\n\r\n';

type Problem = { type: string; detail?: string; errors?: { path: string; message: string }[] };

const verify = async (body: object, query = '') => {
  const reply = await app.inject({
    method: 'POST',
    url: `/v1/verify${query}`,
    headers: JSON_TYPE,
    payload: JSON.stringify(body),
  });
  return { status: reply.statusCode, problem: reply.json<Problem>() };
};

test('an unknown parameter is told with the known ones and the nearest', async () => {
  const reply = await app.inject({ method: 'POST', url: '/v1/verify?clientip=192.0.2.10', payload: MESSAGE });
  const [error] = reply.json<Problem>().errors ?? [];
  assert.equal(error?.path, 'query.clientip');
  assert.match(error?.message ?? '', /^unknown parameter; known: .*\bhelo\b.* \(did you mean clientIp\?\)$/);
});

const wrong: readonly (readonly [body: object, path: string, message: RegExp])[] = [
  [
    { mesage: 'x', message: MESSAGE },
    'mesage',
    /^unknown member; known: message, encoding, .*\(did you mean message\?\)$/,
  ],
  [{ message: MESSAGE, smtp: { clientip: '192.0.2.10' } }, 'smtp.clientip', /\(did you mean clientIp\?\)$/],
  [
    { message: MESSAGE, smtp: { tls: { ciphr: 'x' } } },
    'smtp.tls.ciphr',
    /known: .*cipher.*\(did you mean cipher\?\)$/,
  ],
  [{ message: MESSAGE, somethingElse: 1 }, 'somethingElse', /^unknown member; known: [^(]*$/],
  [{}, 'message', /^is missing: the message, header block and body$/],
  [{ message: 7 }, 'message', /^must be text in quotation marks: the message/],
  [{ message: '' }, 'message', /^must not be empty$/],
  [{ message: MESSAGE, encoding: 'base63' }, 'encoding', /^must be utf8 or base64$/],
  [{ message: MESSAGE, include: 'trace' }, 'include', /^must be a list in square brackets/],
];

for (const [body, path, message] of wrong)
  test(`a body is refused at ${path} in words that tell what is right: ${message.source}`, async () => {
    const { status, problem } = await verify(body);
    assert.equal(status, 400);
    const error = problem.errors?.find((one) => one.path === path);
    assert.match(error?.message ?? JSON.stringify(problem), message);
    assert.doesNotMatch(JSON.stringify(problem), /undefined|Invalid input|expected/);
  });

test('what is asked for beside the verdict may stand in the query of a JSON body, facts may not', async () => {
  const { status, problem } = await verify({ message: MESSAGE }, '?include=evidence');
  assert.equal(status, 200);
  assert.ok('evidence' in problem);
  assert.ok('decision' in (await verify({ message: MESSAGE }, '?require=proven')).problem);
  const facts = await verify({ message: MESSAGE }, '?clientIp=192.0.2.10');
  assert.equal(facts.status, 400);
  assert.match(facts.problem.detail ?? '', /query\.clientIp: belongs into "smtp" of the body/);
});

test('a method that a path does not take is 405 with those that it does', async () => {
  for (const [method, url, allow] of [
    ['GET', '/v1/verify', 'POST'],
    ['DELETE', '/v1/replay', 'POST'],
    ['POST', '/healthz', 'GET, HEAD'],
  ] as const) {
    const reply = await app.inject({ method, url });
    assert.equal(reply.statusCode, 405, url);
    assert.equal(reply.headers.allow, allow, url);
    assert.equal(reply.json<Problem>().type, 'urn:mailverdict:problem:method-not-allowed');
    assert.equal(PROBLEMS['method-not-allowed'].status, 405);
  }
  assert.equal((await app.inject({ method: 'GET', url: '/nowhere' })).statusCode, 404);
  assert.equal((await app.inject({ method: 'GET', url: '/v1/verify/batch/x' })).statusCode, 404);
});

test('a URL in place of a domain is told how to send the name', async () => {
  for (const url of ['/v1/domains/https://brand.example/x', '/v1/domains/https%3A%2F%2Fbrand.example']) {
    const reply = await app.inject({ method: 'GET', url });
    assert.equal(reply.statusCode, 400, url);
    assert.deepEqual(reply.json<Problem>().errors, [
      { path: 'domain', message: 'must be a domain name such as brand.example, not a URL' },
    ]);
  }
});

test('the description of the API is there as JSON too', async () => {
  const reply = await app.inject({ method: 'GET', url: '/openapi.json' });
  assert.equal(reply.statusCode, 200);
  assert.ok(reply.json<{ paths: object }>().paths);
});

const form = (parts: readonly (readonly [head: string, body: Buffer | string])[], boundary = 'b'): Buffer =>
  Buffer.concat([
    ...parts.flatMap(([head, body]) => [
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; ${head}\r\n\r\n`),
      Buffer.from(body),
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${boundary}--\r\n`),
  ]);

const sendForm = (payload: Buffer, url = '/v1/verify', type = 'multipart/form-data; boundary=b') =>
  app.inject({ method: 'POST', url, headers: { 'content-type': type }, payload });

test('a form with the message as its file is judged octet by octet, with its fields as facts', async () => {
  const message = example('aligned.eml');
  const reply = await sendForm(
    form([
      ['name="clientIp"', '192.0.2.10'],
      ['name="file"; filename="aligned.eml"', message],
      ['name="rcptTo"', 'a@receiver.example'],
      ['name="rcptTo"', 'b@receiver.example'],
    ]),
  );
  const verdict = reply.json();
  assert.equal(reply.statusCode, 200, reply.body);
  assert.equal(verdict.message.size, message.length);
  assert.equal(verdict.dmarc.result, 'pass');
  assert.equal(verdict.smtp.clientIp, '192.0.2.10');
  assert.deepEqual(verdict.smtp.rcptTo, ['a@receiver.example', 'b@receiver.example']);
});

const badForms: readonly (readonly [
  what: string,
  payload: Buffer,
  status: number,
  told: RegExp,
  url?: string,
  type?: string,
])[] = [
  ['no file', form([['name="clientIp"', '192.0.2.10']]), 400, /curl -F file=@message\.eml/],
  [
    'two files',
    form([
      ['name="a"; filename="a"', MESSAGE],
      ['name="b"; filename="b"', MESSAGE],
    ]),
    400,
    /more than one file/,
  ],
  [
    '51 fields',
    form(Array.from({ length: 51 }, (_, at) => [`name="f${at}"`, 'x'] as const)),
    400,
    /more than 50 fields/,
  ],
  ['a long field', form([['name="helo"', 'x'.repeat(9000)]]), 400, /more than 8192 octets/],
  [
    'an unknown field',
    form([
      ['name="clientip"', 'x'],
      ['name="f"; filename="f"', MESSAGE],
    ]),
    400,
    /form\.clientip: .*clientIp\?/,
  ],
  ['no end', form([['name="f"; filename="f"', MESSAGE]]).subarray(0, 60), 400, /cannot be read/],
  ['no boundary', form([]), 400, /cannot be read/, '/v1/verify', 'multipart/form-data'],
  ['another route', form([]), 415, /\/v1\/verify alone/, '/v1/domains/brand.example'],
];

for (const [what, payload, status, told, url, type] of badForms)
  test(`a form with ${what} is refused`, async () => {
    const reply = await sendForm(payload, url, type);
    assert.equal(reply.statusCode, status, reply.body);
    assert.match(reply.body, told);
  });

const batch = (type: string, payload: string) =>
  app.inject({ method: 'POST', url: '/v1/verify/batch', headers: { 'content-type': type }, payload });

test('a batch without a message, and a text that is no mbox, are told', async () => {
  for (const type of ['application/x-ndjson', 'application/mbox']) {
    const reply = await batch(type, '');
    assert.equal(reply.statusCode, 400, type);
    assert.match(reply.body, /the batch has no message/);
  }
  assert.match((await batch('application/x-ndjson', '\n\n')).body, /the batch has no message/);
  assert.match((await batch('application/mbox', 'hello\nthis is no mbox\n')).body, /no mbox: it begins with neither/);
  assert.match((await batch('application/mbox', 'hello')).body, /no mbox/);
  for (const text of [`From x\n${MESSAGE}`, MESSAGE, `\n\nFrom x\n${MESSAGE}`])
    assert.match((await batch('application/mbox', text)).body, /^\{"index":0,"verdict"/);
});
