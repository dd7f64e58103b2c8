import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { after, test } from 'node:test';
import { createSecureContext, TLSSocket } from 'node:tls';
import type { MailHost, SmtpProbe } from '../../../schemas/posture/mail.ts';
import { isPublicAddress } from '../../../src/ip/public-address.ts';
import { createSmtpProbe } from '../../../src/posture/reach/smtp-probe.ts';
import { type Issued, MX_HOST, OTHER_HOST, TEST_AUTHORITY } from '../certificates.ts';
import { NOW_MS } from '../world.ts';

const servers: Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

/** A mail server of a few lines. Tells what it was sent. */
const serve = async (script: {
  greeting?: string;
  ehlo?: string;
  starttls?: string;
  certificate?: Issued;
  noTls?: boolean;
}): Promise<{ port: number; heard: string[]; connections: () => number }> => {
  const {
    greeting = '220 mx.example ready',
    ehlo = '250-mx.example\r\n250-SIZE 1000\r\n250 STARTTLS',
    starttls = '220 go',
    noTls = false,
  } = script;
  const heard: string[] = [];
  let connections = 0;
  const server = createServer((socket: Socket) => {
    connections += 1;
    socket.on('error', () => undefined);
    socket.write(`${greeting}\r\n`);
    socket.on('data', function onData(chunk: Buffer) {
      const line = chunk.toString('latin1').trim();
      heard.push(line);
      if (line.startsWith('EHLO')) socket.write(`${ehlo}\r\n`);
      else if (line === 'QUIT') socket.end('221 bye\r\n');
      else if (line === 'STARTTLS') {
        socket.write(`${starttls}\r\n`);
        socket.off('data', onData);
        if (noTls) return void socket.end('not TLS at all\r\n');
        const secured = new TLSSocket(socket, {
          isServer: true,
          secureContext: createSecureContext(script.certificate ?? MX_HOST),
        });
        secured.on('error', () => undefined);
        secured.on('data', (data) => heard.push(`tls ${data.toString('latin1').trim()}`));
      }
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, heard, connections: () => connections };
};

const host = (more: Partial<MailHost> = {}): MailHost => ({
  priority: 10,
  exchange: 'mx.example',
  state: 'ok',
  addresses: ['127.0.0.1'],
  cname: null,
  authenticated: false,
  tlsa: { state: 'absent', name: '_25._tcp.mx.example', records: [] },
  ...more,
});
const look = (port: number, mailHost = host(), timeoutMs = 60_000): Promise<SmtpProbe> =>
  createSmtpProbe({
    isAllowed: (address) => address === '127.0.0.1',
    helo: 'probe.example',
    port,
    authorities: [TEST_AUTHORITY],
    nowMs: () => NOW_MS,
  })(mailHost, timeoutMs);

test('createSmtpProbe says EHLO, STARTTLS and QUIT on one connection and tells the certificate', async () => {
  const server = await serve({});
  const seen = await look(server.port);
  assert.equal(seen.state, 'starttls');
  assert.equal(seen.trusted, true, seen.reason);
  assert.deepEqual(seen.certificate?.names, ['mx.example']);
  assert.match(seen.tlsVersion ?? '', /^TLSv1\.[23]$/);
  assert.equal(seen.daneMatch, null);
  assert.equal(server.connections(), 1);
  assert.deepEqual(server.heard.slice(0, 2), ['EHLO probe.example', 'STARTTLS']);
});

test('createSmtpProbe tells that a certificate is for another name', async () => {
  const server = await serve({ certificate: OTHER_HOST });
  const seen = await look(server.port);
  assert.deepEqual([seen.state, seen.trusted, seen.reason], ['starttls', false, 'the certificate is for another name']);
});

test('createSmtpProbe holds the certificate against TLSA records', async () => {
  const server = await serve({});
  const leaf = new X509Certificate(MX_HOST.cert);
  const spki = createHash('sha256')
    .update(leaf.publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
  const whole = createHash('sha512').update(leaf.raw).digest('hex');
  const root = createHash('sha256').update(new X509Certificate(TEST_AUTHORITY).raw).digest('hex');
  const table: readonly (readonly [record: string, matches: boolean])[] = [
    [`3 1 1 ${spki}`, true],
    [`3 0 2 ${whole}`, true],
    [`3 0 0 ${leaf.raw.toString('hex')}`, true],
    [`3 0 1 ${spki}`, false],
    [`2 0 1 ${spki}`, false],
    [`1 1 1 ${spki}`, false],
    [`3 0 1 ${root}`, false],
  ];
  for (const [record, matches] of table) {
    const tlsa = { state: 'usable' as const, name: '', records: [record] };
    assert.equal((await look(server.port, host({ tlsa }))).daneMatch, matches, record);
  }
});

test('createSmtpProbe tells what is wrong with a host', async () => {
  const table: readonly (readonly [script: Parameters<typeof serve>[0], state: SmtpProbe['state']])[] = [
    [{ ehlo: '250 mx.example' }, 'no-starttls'],
    [{ greeting: '554 go away' }, 'protocol-error'],
    [{ greeting: 'SSH-2.0-OpenSSH' }, 'protocol-error'],
    [{ greeting: `220-${'x'.repeat(20_000)}` }, 'protocol-error'],
    [{ starttls: '454 not now' }, 'protocol-error'],
    [{ noTls: true }, 'tls-failure'],
  ];
  for (const [script, state] of table) {
    const { port } = await serve(script);
    assert.equal((await look(port)).state, state, JSON.stringify(script).slice(0, 80));
  }
});

test('createSmtpProbe gives up after its time', async () => {
  const { port } = await serve({ greeting: '220-wait' });
  assert.deepEqual([(await look(port, host(), 200)).state], ['unreachable']);
});

test('createSmtpProbe connects to no address that is not public', async () => {
  const server = await serve({});
  const probe = createSmtpProbe({
    isAllowed: isPublicAddress,
    helo: 'probe.example',
    port: server.port,
    nowMs: () => NOW_MS,
  });
  assert.equal((await probe(host({ addresses: ['127.0.0.1', '::1', '10.0.0.1'] }), 1000)).state, 'refused-address');
  assert.equal((await probe(host({ addresses: [] }), 1000)).state, 'no-address');
  assert.equal(server.connections(), 0);
});
