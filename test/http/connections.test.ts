/**
 * What a connection may take, over real sockets, plain and TLS: what passes a limit is closed, and
 * everybody else is served.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { Config } from '../../schemas/settings/settings.ts';
import { POLICY_HOST } from '../posture/certificates.ts';
import { makeApp } from './make-app.ts';

const TLS = { cert: Buffer.from(POLICY_HOST.cert), key: Buffer.from(POLICY_HOST.key) };
const GET = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';

type World = { dial: () => Socket; raw: () => Socket; server: Server };
const withApp = async (settings: Partial<Config>, isTls: boolean, work: (world: World) => Promise<void>, more = {}) => {
  const app = await makeApp({ ...(isTls && { tls: TLS }), ...more, settings: { ...Config.parse({}), ...settings } });
  const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port);
  const sockets: Socket[] = [];
  const kept = (socket: Socket): Socket => {
    sockets.push(socket.on('error', () => undefined));
    return socket;
  };
  const raw = () => kept(connect(port, '127.0.0.1'));
  try {
    await work({
      server: app.server,
      raw,
      dial: () => (isTls ? kept(connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })) : raw()),
    });
  } finally {
    for (const socket of sockets) socket.destroy();
    app.server.closeAllConnections();
    await app.close();
  }
};
/** The end of a connection, whether or not it comes with an error. */
const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => (socket.destroyed ? resolve() : void socket.once('close', () => resolve())));
const healthy = async (socket: Socket): Promise<boolean> => {
  const answer = new Promise<string>((resolve) => socket.once('data', (piece) => resolve(String(piece))));
  socket.write(GET);
  return String(await Promise.race([answer, closed(socket)])).startsWith('HTTP/1.1 200');
};

for (const isTls of [false, true]) {
  const face = isTls ? 'TLS' : 'plain';

  test(`a connection beyond those of one address, or of all, is closed until another one ends (${face})`, async () => {
    for (const settings of [{ maxPeerConnections: 2 }, { maxConnections: 2 }])
      await withApp(settings, isTls, async ({ dial }) => {
        const first = dial();
        assert.ok(await healthy(first));
        assert.ok(await healthy(dial()));
        const third = dial();
        await closed(third.resume());
        first.destroy();
        await closed(first);
        // The service hears of the end a moment later.
        let served = false;
        while (!served) served = await healthy(dial());
      });
  });

  test(`a client that sends more requests than it may before it has its answers is disconnected (${face})`, async () => {
    let seen = 0;
    const verify = () => {
      seen += 1;
      return new Promise(() => undefined);
    };
    await withApp(
      { maxPipelinedRequests: 4 },
      isTls,
      async ({ dial }) => {
        const greedy = dial();
        greedy.write('POST /v1/verify HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nA:b'.repeat(1_000));
        await closed(greedy.resume());
        assert.ok(seen >= 1 && seen <= 4, String(seen));
      },
      { verify },
    );
  });

  test(`a client that reads gets the answers of a thousand requests that it sent at once (${face})`, async () => {
    await withApp({ maxPipelinedRequests: 4 }, isTls, async ({ dial }) => {
      const eager = dial();
      eager.write(GET.repeat(1_000));
      let text = '';
      for await (const piece of eager) {
        text += String(piece);
        if (text.split('HTTP/1.1 200').length > 1_000) break;
      }
      const polite = dial();
      for (let request = 0; request < 20; request += 1) assert.ok(await healthy(polite));
    });
  });

  test(`a client that pipelines no more than it may gets every answer in order, however slowly it reads (${face})`, async () => {
    const samples = { messages: [], dns: [], filler: 'x'.repeat(40_000) };
    await withApp(
      { maxPipelinedRequests: 12 },
      isTls,
      async ({ dial }) => {
        const padded = `GET /examples.json HTTP/1.1\r\nHost: localhost\r\nX-Padding: ${'y'.repeat(3_000)}\r\n\r\n`;
        const client = dial();
        client.write(padded.repeat(10) + GET.replace('Host', 'Connection: close\r\nHost'));
        let text = '';
        for await (const piece of client) text += String(piece);
        assert.equal(text.split('HTTP/1.1 200').length - 1, 11);
        assert.equal(text.split('x'.repeat(40_000)).length - 1, 10);
        assert.ok(text.lastIndexOf('xxx') < text.lastIndexOf('HTTP/1.1 200'), 'the short answer comes last');
      },
      { samples: samples as never },
    );
  });

  test(`a client that reads only after it sent a body too large finds the refusal, then the end (${face})`, async () => {
    await withApp({ maxMessageBytes: 1_000_000 }, isTls, async ({ dial, server }) => {
      const answered = new Promise<void>((resolve) =>
        server.prependListener('request', (_, response) => response.once('finish', () => resolve())),
      );
      const client = dial();
      let fault: Error | null = null;
      client.pause().on('error', (cause) => {
        fault = cause;
      });
      client.write(
        'POST /v1/verify HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 5000000\r\n\r\n',
      );
      await answered;
      for (let sent = 0; sent < 5_000_000 && !client.destroyed; sent += 50_000)
        if (!client.write(Buffer.alloc(50_000))) await Promise.race([once(client, 'drain'), closed(client)]);
      let text = '';
      for await (const piece of client) text += String(piece);
      assert.match(text, /^HTTP\/1.1 413 [\s\S]*body-too-large/);
      assert.equal(fault, null);
    });
  });

  test(`a connection that is kept gathers no listeners from answers that came before the end of a body (${face})`, async () => {
    await withApp({}, isTls, async ({ dial, server }) => {
      const accepted = once(server, isTls ? 'secureConnection' : 'connection');
      const client = dial();
      const head =
        'POST /v1/verify HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: gzip\r\nContent-Length: 10\r\n\r\n';
      const ask = async (): Promise<void> => {
        client.write(head);
        const [answer] = await once(client, 'data');
        assert.match(String(answer), /^HTTP\/1.1 415/);
        client.write('0123456789');
      };
      await ask();
      const [connection] = (await accepted) as [Socket];
      const before = connection.listenerCount('close');
      for (let request = 0; request < 15; request += 1) await ask();
      assert.ok(connection.listenerCount('close') <= before + 2, String(connection.listenerCount('close')));
    });
  });

  test(`a client that does not read is disconnected, one that reads is not (${face})`, async () => {
    const large = { messages: [], dns: [], filler: 'x'.repeat(30_000_000) };
    await withApp(
      { writeTimeoutMs: 300 },
      isTls,
      async ({ dial, server }) => {
        const accepted = once(server, isTls ? 'secureConnection' : 'connection');
        const deaf = dial();
        deaf.pause();
        deaf.write(GET.replace('/healthz', '/examples.json'));
        const [connection] = (await accepted) as [Socket];
        const reader = dial();
        assert.ok(await healthy(reader));
        await closed(connection);
        assert.ok(await healthy(reader));
      },
      { samples: large as never },
    );
  });
}

test('headers that stall are answered with 408 within the time of REQUEST_TIMEOUT_MS, and a TLS handshake that stalls is closed', async () => {
  await withApp({ requestTimeoutMs: 1000 }, false, async ({ raw }) => {
    const stalled = raw();
    stalled.write('GET /healthz HTTP/1.1\r\nHost: x\r\n');
    const [answer] = await once(stalled, 'data');
    assert.match(String(answer), /^HTTP\/1.1 408 /);
  });
  await withApp({ requestTimeoutMs: 1000 }, true, async ({ raw }) => {
    await closed(raw().resume());
  });
});

test('answers carry Connection: close while the service drains, but not one behind which others wait', async () => {
  const answersTo = async (bytes: string): Promise<string> => {
    let heard = '';
    await withApp(
      {},
      false,
      async ({ dial }) => {
        const socket = dial();
        socket.write(bytes);
        for await (const piece of socket) {
          heard += String(piece);
          if ((heard.match(/"status":"ok"/g) ?? []).length === bytes.split('GET').length - 1) break;
        }
      },
      { isReady: () => false },
    );
    return heard;
  };
  assert.match(await answersTo(GET), /^connection: close/im);
  assert.equal((await answersTo(GET.repeat(3))).match(/HTTP\/1\.1 200/g)?.length, 3);
});
