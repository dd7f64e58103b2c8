/** A stranger's page in a browser on this machine: by what name, and from where, it is refused. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { Problem } from '../../schemas/problem.ts';
import { guardedApp } from './guarded-app.ts';

test('guardFromPages answers to names of the loopback and to listed hosts only, while bound to the loopback', async (t) => {
  const cases: { host: string; listen?: string; allowedHosts?: string[]; isRefused: boolean }[] = [
    { host: 'localhost', isRefused: false },
    { host: 'localhost:8080', isRefused: false },
    { host: 'LocalHost.:8080', isRefused: false },
    { host: '127.0.0.1:8080', isRefused: false },
    { host: '127.8.9.1', isRefused: false },
    { host: '[::1]:8080', isRefused: false },
    { host: '[0:0:0:0:0:0:0:1]', isRefused: false },
    { host: 'evil.example', isRefused: true },
    { host: 'evil.example:8080', isRefused: true },
    { host: 'localhost.evil.example', isRefused: true },
    { host: '127.0.0.1.evil.example', isRefused: true },
    { host: 'evil@localhost', isRefused: true },
    { host: 'localhost:8080:evil', isRefused: true },
    { host: '[::1', isRefused: true },
    { host: '192.0.2.1', isRefused: true },
    { host: 'mail.example', allowedHosts: ['mail.example'], isRefused: false },
    { host: 'Mail.Example:443', allowedHosts: ['mail.example'], isRefused: false },
    { host: 'a.mail.example', allowedHosts: ['mail.example'], isRefused: true },
    { host: '[2001:db8:0::1]:8080', allowedHosts: ['2001:db8::1'], isRefused: false },
    { host: 'evil.example', listen: '::1', isRefused: true },
    { host: 'evil.example', listen: 'localhost', isRefused: true },
    { host: 'evil.example', listen: '0.0.0.0', isRefused: false },
    { host: 'evil.example', listen: '0.0.0.0', allowedHosts: ['mail.example'], isRefused: true },
    { host: 'localhost', listen: '0.0.0.0', allowedHosts: ['mail.example'], isRefused: false },
    { host: '192.0.2.1:8080', listen: '192.0.2.1', allowedHosts: ['mail.example'], isRefused: false },
  ];
  for (const { host, listen = '127.0.0.1', allowedHosts = [], isRefused } of cases) {
    await t.test(`Host: ${host} on ${listen} ${allowedHosts.join()}`, async () => {
      const { app } = await guardedApp(false, { host: listen, allowedHosts });
      for (const url of ['/', '/healthz', '/metrics', '/openapi.yaml', '/nowhere']) {
        const answer = await app.inject({ url, headers: { host } });
        assert.equal(answer.statusCode === 421, isRefused, url);
        if (isRefused) assert.equal(Problem.parse(answer.json()).type, 'urn:mailverdict:problem:misdirected-request');
      }
    });
  }
});

test('guardFromPages lets a client without Host pass, for no browser is one, but none whose Host is empty', async (t) => {
  const { app } = await guardedApp(false);
  t.after(() => app.close());
  const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port);
  const statusOf = async (request: string): Promise<number> => {
    const socket = connect(port, '127.0.0.1');
    socket.write(request);
    const [answer] = await once(socket, 'data');
    socket.destroy();
    return Number(String(answer).split(' ')[1]);
  };
  assert.equal(await statusOf('GET /healthz HTTP/1.0\r\n\r\n'), 200);
  assert.equal(await statusOf('GET /healthz HTTP/1.1\r\nHost:\r\n\r\n'), 421);
});

test("guardFromPages refuses what another site's page sends, where it could change something", async (t) => {
  const cases: { headers: Record<string, string>; allowedHosts?: string[]; isRefused: boolean }[] = [
    { headers: {}, isRefused: false },
    { headers: { origin: 'http://localhost:8080' }, isRefused: false },
    { headers: { origin: 'http://localhost:8080', 'sec-fetch-site': 'same-origin' }, isRefused: false },
    { headers: { 'sec-fetch-site': 'none' }, isRefused: false },
    { headers: { 'sec-fetch-site': 'cross-site' }, isRefused: true },
    { headers: { origin: 'https://evil.example' }, isRefused: true },
    { headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, isRefused: true },
    { headers: { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' }, isRefused: true },
    { headers: { origin: 'http://localhost' }, isRefused: true },
    { headers: { origin: 'null' }, isRefused: true },
    { headers: { origin: 'localhost:8080' }, isRefused: true },
    { headers: { origin: '' }, isRefused: true },
    { headers: { origin: 'https://mail.example', host: 'mail.example:443' }, isRefused: false },
    { headers: { origin: 'https://mail.example', host: 'mail.example' }, isRefused: false },
    { headers: { origin: 'https://mail.example' }, allowedHosts: ['mail.example'], isRefused: false },
    { headers: { origin: 'https://mail.example:8443' }, allowedHosts: ['mail.example'], isRefused: false },
    { headers: { origin: 'https://a.mail.example' }, allowedHosts: ['mail.example'], isRefused: true },
  ];
  for (const { headers, allowedHosts = [], isRefused } of cases) {
    await t.test(JSON.stringify(headers), async () => {
      const { app, flushed } = await guardedApp(false, { host: '0.0.0.0', allowedHosts });
      const ask = async (method: 'GET' | 'POST' | 'DELETE', url: string) => {
        const answer = await app.inject({ method, url, headers: { host: 'localhost:8080', ...headers } });
        return answer.statusCode;
      };
      assert.equal((await ask('POST', '/v1/verify')) === 403, isRefused);
      assert.equal((await ask('DELETE', '/v1/dns/cache')) === 403, isRefused);
      assert.equal(flushed.length, isRefused ? 0 : 1);
      assert.equal(await ask('GET', '/v1/dns/cache'), 200);
    });
  }
});

test("guardFromPages keeps a stranger's page from using up the requests of its reader", async () => {
  const { app } = await guardedApp(false, { rateLimitPerAddress: 1 });
  for (const headers of [{ host: 'evil.example' }, { host: 'localhost', origin: 'https://evil.example' }])
    for (let index = 0; index < 3; index++)
      assert.notEqual((await app.inject({ method: 'POST', url: '/v1/verify', headers })).statusCode, 429);
  assert.equal((await app.inject({ method: 'POST', url: '/v1/verify' })).statusCode, 400);
});
