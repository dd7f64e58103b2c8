/**
 * Every error is a problem document (RFC 9457), whatever refuses: a route, the router, fastify or
 * node's HTTP parser. Raw bytes in, raw bytes out.
 */
import assert from 'node:assert/strict';
import { maxHeaderSize } from 'node:http';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { Problem } from '../../schemas/problem.ts';
import { makeApp } from './make-app.ts';

const HOST = 'Host: localhost\r\n';
const get = (target: string): string => `GET ${target} HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`;
const use = (method: string, target: string): string => get(target).replace('GET', method);
const post = (fields: string, body: string, target = '/v1/verify'): string =>
  `POST ${target} HTTP/1.1\r\n${HOST}Connection: close\r\n${fields}\r\n${body}`;

const REFUSED: readonly (readonly [what: string, bytes: string, status: number])[] = [
  ['a path that cannot be decoded', get('/v1/domains/%ff'), 400],
  ['a path that ends in a percent sign', get('/%'), 400],
  ['a domain of 1,200 characters', get(`/v1/domains/${'a'.repeat(1200)}`), 414],
  ['an unknown path', get('/nothing'), 404],
  ['an unknown path of 10,000 characters', get(`/${'a'.repeat(10_000)}`), 404],
  ['the asterisk', use('OPTIONS', '*'), 404],
  ...['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'LOCK', 'MKCALENDAR', 'SEARCH', 'M-SEARCH'].map(
    (method) => [`${method} of an unknown path`, use(method, '/nothing'), 404] as const,
  ),
  ['QUERY without a body', use('QUERY', '/nothing'), 400],
  ['another method of a known path', use('PUT', '/v1/verify'), 405],
  ['another method of a path that cannot be decoded', use('PROPFIND', '/%ff'), 400],
  ['CONNECT', use('CONNECT', 'example.org:443'), 501],
  ['a method that nobody knows', use('FETCH', '/'), 400],
  ['bytes that are no HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n', 400],
  ['a version that nobody knows', `GET / HTTP/9.9\r\n${HOST}\r\n`, 400],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
  ['no Host', 'GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
  ['two Hosts', `GET /healthz HTTP/1.1\r\n${HOST}${HOST}Connection: close\r\n\r\n`, 400],
  ['a header field without a name', `GET / HTTP/1.1\r\n${HOST}: x\r\n\r\n`, 400],
  ['a header field with a control character', `GET / HTTP/1.1\r\n${HOST}X: \x01\r\n\r\n`, 400],
  ['header fields over the limit', `GET / HTTP/1.1\r\n${HOST}X: ${'x'.repeat(maxHeaderSize)}\r\n\r\n`, 431],
  ['a target over the limit', get(`/${'a'.repeat(maxHeaderSize)}`), 431],
  ['an Expect that nobody can meet', post('Expect: tea\r\nContent-Length: 1\r\n', 'x'), 417],
  ['two Content-Lengths', post('Content-Length: 1\r\nContent-Length: 2\r\n', 'x'), 400],
  ['Content-Length beside chunks', post('Content-Length: 1\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), 400],
  ['a Content-Length that is no number', post('Content-Length: ten\r\n', 'x'), 400],
  ['a transfer encoding that nobody knows', post('Transfer-Encoding: tea\r\n', 'x'), 400],
  ['a bad chunk at once', post('Transfer-Encoding: chunked\r\n', 'zz\r\n'), 400],
  ['a bad chunk after a good one', post('Transfer-Encoding: chunked\r\n', '1\r\nx\r\nzz\r\n'), 400],
  ['long chunk extensions', post('Transfer-Encoding: chunked\r\n', `1;${'e'.repeat(maxHeaderSize + 1)}\r\nx\r\n`), 413],
  ['an empty body', post('Content-Length: 0\r\n', ''), 400],
  ['a body over the limit', post('Content-Length: 99999999999\r\n', ''), 413],
  ['a content type that cannot be read', post('Content-Type: ,\r\nContent-Length: 1\r\n', 'x', '/v1/replay'), 415],
  ['JSON that is none', post('Content-Type: application/json\r\nContent-Length: 1\r\n', '{'), 400],
  ['a batch of no known type', post('Content-Length: 1\r\n', 'x', '/v1/verify/batch'), 415],
  ['a file of the API reference that is not there', get('/docs/static/nothing'), 404],
  ['a way out of the API reference', get('/docs/static/..%2f..%2fpackage.json'), 404],
  ['a file of the page that is not there', get('/page/nothing'), 404],
];

let app: Awaited<ReturnType<typeof makeApp>>;
let port = 0;
before(async () => {
  app = await makeApp({ domains: { assess: () => assert.fail('nothing is assessed'), width: 1 } });
  port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port);
});
after(() => app.close());

/** Sends bytes and reads until the service ends the connection. */
const exchange = (bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    socket.setEncoding('utf8').on('data', (piece) => (answer += piece));
    socket.once('error', reject).once('end', () => {
      socket.destroy();
      resolve(answer);
    });
  });

for (const [what, bytes, status] of REFUSED)
  test(`${what} is answered with ${status} and a problem document`, async () => {
    const answer = await exchange(bytes);
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} `), answer.slice(0, 300));
    assert.match(head, /^content-type: application\/problem\+json/im);
    assert.equal(answer.match(/HTTP\/1\.1 \d/g)?.length, 1, 'one answer');
    const problem = Problem.parse(JSON.parse(body));
    assert.equal(problem.status, status);
    assert.ok((problem.detail ?? '').length > 0, 'it tells what is wrong');
  });

test('bytes that cannot be read are answered after nothing else: an answer on its way is not cut by another one', async () => {
  const answer = await exchange(`GET /healthz HTTP/1.1\r\n${HOST}\r\nFETCH / HTTP/1.1\r\n\r\n`);
  assert.ok((answer.match(/HTTP\/1\.1 \d/g) ?? []).length <= 2, answer);
  if (answer !== '') assert.match(answer, /^HTTP\/1\.1 200 /);
});
