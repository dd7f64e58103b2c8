import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { isPublicAddress } from '../../../src/ip/public-address.ts';
import type { Ask } from '../../../src/posture/ask.ts';
import { createHttpsFetch, type Fetched, type FetchLimits } from '../../../src/posture/reach/https-fetch.ts';
import { EXPIRED, POLICY_HOST, TEST_AUTHORITY } from '../certificates.ts';
import { NOW_MS, type World, worldLookup } from '../world.ts';

const LIMITS: FetchLimits = { maxBytes: 1000, maxRedirects: 0, timeoutMs: 60_000, types: ['text/plain'] };
const WORLD: World = {
  'policy.example A': ['127.0.0.1'],
  'other.example A': ['127.0.0.1'],
  'inside.example A': ['127.0.0.2'],
  'several.example A': ['10.0.0.1', '127.0.0.1'],
  'unnamed.example A': ['127.0.0.1'],
  'broken.example A': 'servfail',
};

const PAGES: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
  '/good': (_, response) => response.setHeader('content-type', 'text/plain; charset=utf-8').end('hello'),
  '/moved': (_, response) => response.writeHead(301, { location: 'https://other.example/good' }).end(),
  '/moved-inside': (_, response) => response.writeHead(302, { location: 'https://inside.example/good' }).end(),
  '/moved-to-http': (_, response) => response.writeHead(302, { location: 'http://policy.example/good' }).end(),
  '/circle': (_, response) => response.writeHead(302, { location: '/circle' }).end(),
  '/html': (_, response) => response.setHeader('content-type', 'text/html').end('<p>'),
  '/untyped': (_, response) => response.end('hello'),
  '/large': (_, response) => response.setHeader('content-type', 'text/plain').end('x'.repeat(1001)),
  '/endless': (_, response) => {
    response.setHeader('content-type', 'text/plain');
    const more = (): void => {
      while (response.write('x'.repeat(100)));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  },
  '/header': (_, response) => response.setHeader('x-large', 'x'.repeat(40_000)).end(),
  '/cut': (_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '100' });
    response.write('half', () => response.destroy());
  },
  '/upgrade': (_, response) =>
    response.socket?.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nmore'),
  '/closed': (_, response) => response.socket?.end(),
  '/reset': (_, response) => response.socket?.destroy(),
  '/early-hints': (_, response) => {
    response.writeEarlyHints({ link: '</x>; rel=preload' });
    response.socket?.end();
  },
  '/stalled': (_, response) => void response.writeHead(200, { 'content-type': 'text/plain' }).write('half'),
  '/silent': () => undefined,
  '/host': (request, response) => response.setHeader('content-type', 'text/plain').end(request.headers.host),
};

const servers: Server[] = [];
const listen = async ({ key, cert }: { key: string; cert: string }): Promise<number> => {
  const server = createServer({ key, cert }, (request, response) => {
    const page = PAGES[request.url ?? ''];
    if (page === undefined) response.writeHead(404).end();
    else page(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
};
let port = 0;
let expiredPort = 0;
before(async () => {
  port = await listen(POLICY_HOST);
  expiredPort = await listen(EXPIRED);
});
after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

const lookup = worldLookup(WORLD);
const ask: Ask = (name, type) => lookup({ name, type }, Number.POSITIVE_INFINITY);
const fetchFrom = (
  url: string,
  limits: Partial<FetchLimits> = {},
  parts: { port?: number; authorities?: readonly string[]; isAllowed?: (address: string) => boolean } = {},
): Promise<Fetched> =>
  createHttpsFetch({
    isAllowed: (address) => address === '127.0.0.1',
    authorities: [TEST_AUTHORITY],
    port,
    nowMs: () => NOW_MS,
    ...parts,
  })(url, ask, { ...LIMITS, ...limits });
const codeOf = (fetched: Fetched): string => (fetched.kind === 'failed' ? fetched.code : fetched.kind);

test('createHttpsFetch fetches a document and tells its certificate', async () => {
  const fetched = await fetchFrom('https://policy.example/good');
  assert.equal(fetched.kind, 'fetched');
  if (fetched.kind !== 'fetched') return;
  assert.equal(fetched.body.toString(), 'hello');
  assert.deepEqual(fetched.certificate?.names, ['policy.example', 'other.example', 'mta-sts.policy.example']);
  assert.equal(fetched.certificate?.issuer, 'Test Authority');
});

test('createHttpsFetch asks the host by its name, though it dials an address', async () => {
  const fetched = await fetchFrom('https://policy.example/host');
  assert.equal(fetched.kind === 'fetched' && fetched.body.toString(), 'policy.example');
});

test('createHttpsFetch dials an allowed address among others', async () => {
  // The certificate does not name the host, so the connection to the allowed address was made.
  assert.equal(codeOf(await fetchFrom('https://several.example/good')), 'certificate');
});

const FAILING: readonly (readonly [url: string, code: string])[] = [
  ['http://policy.example/good', 'bad-url'],
  ['ftp://policy.example/good', 'bad-url'],
  ['no address at all', 'bad-url'],
  ['https://policy.example:8443/good', 'bad-url'],
  ['https://user:secret@policy.example/good', 'bad-url'],
  ['https://127.0.0.1/good', 'bad-url'],
  ['https://2130706433/good', 'bad-url'],
  ['https://[::1]/good', 'bad-url'],
  ['https://localhost/good', 'bad-url'],
  ['https://absent.example/good', 'no-address'],
  ['https://broken.example/good', 'dns-failure'],
  ['https://inside.example/good', 'not-public'],
  ['https://unnamed.example/good', 'certificate'],
  ['https://policy.example/nothing', 'status'],
  ['https://policy.example/moved', 'redirect'],
  ['https://policy.example/html', 'type'],
  ['https://policy.example/untyped', 'type'],
  ['https://policy.example/large', 'too-large'],
  ['https://policy.example/endless', 'too-large'],
  ['https://policy.example/header', 'too-large'],
  ['https://policy.example/cut', 'unreachable'],
  ['https://policy.example/upgrade', 'status'],
  ['https://policy.example/closed', 'unreachable'],
  ['https://policy.example/reset', 'unreachable'],
  ['https://policy.example/early-hints', 'unreachable'],
];

test('createHttpsFetch tells why it did not fetch', async () => {
  for (const [url, code] of FAILING) assert.equal(codeOf(await fetchFrom(url)), code, url);
});

test('createHttpsFetch gives up after its time', async () => {
  assert.equal(codeOf(await fetchFrom('https://policy.example/silent', { timeoutMs: 200 })), 'timeout');
  assert.equal(codeOf(await fetchFrom('https://policy.example/stalled', { timeoutMs: 200 })), 'timeout');
});

test('createHttpsFetch tells that a port refuses connections', async () => {
  const closed = await fetchFrom('https://policy.example/good', {}, { port: 1 });
  assert.deepEqual(closed, { kind: 'failed', code: 'unreachable', reason: 'the server refuses connections' });
});

test('createHttpsFetch refuses a certificate of an unknown authority, and one that has expired', async () => {
  assert.equal(
    codeOf(await fetchFrom('https://policy.example/good', {}, { authorities: [EXPIRED.cert] })),
    'certificate',
  );
  const expired = await fetchFrom('https://policy.example/good', {}, { port: expiredPort });
  assert.equal(codeOf(expired), 'certificate');
});

test('createHttpsFetch follows as many redirects as it may, and checks the address after each one', async () => {
  const fetched = await fetchFrom('https://policy.example/moved', { maxRedirects: 1 });
  assert.equal(fetched.kind === 'fetched' && fetched.body.toString(), 'hello');
  assert.equal(codeOf(await fetchFrom('https://policy.example/moved-inside', { maxRedirects: 3 })), 'not-public');
  assert.equal(codeOf(await fetchFrom('https://policy.example/moved-to-http', { maxRedirects: 3 })), 'bad-url');
  assert.equal(codeOf(await fetchFrom('https://policy.example/circle', { maxRedirects: 3 })), 'redirect');
});

test('createHttpsFetch in service connects to nothing on the loopback', async () => {
  assert.equal(
    codeOf(await fetchFrom('https://policy.example/good', {}, { isAllowed: isPublicAddress })),
    'not-public',
  );
});
