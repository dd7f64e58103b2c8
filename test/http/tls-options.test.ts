/** How TLS is spoken, over real sockets: forward secrecy with every suite of TLS 1.2. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { type ConnectionOptions, connect, Server, type TLSSocket } from 'node:tls';
import { TLS_OPTIONS } from '../../src/http/tls-options.ts';
import { POLICY_HOST } from '../posture/certificates.ts';
import { makeApp } from './make-app.ts';

const PAIR = { cert: Buffer.from(POLICY_HOST.cert), key: Buffer.from(POLICY_HOST.key) };

test('the app speaks TLS 1.2 and 1.3 with forward secrecy only, with its first certificate and with the next', async (t) => {
  const app = await makeApp({ tls: PAIR });
  t.after(() => app.close());
  const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port);
  const protocolWith = async (options: ConnectionOptions): Promise<string | null> => {
    const socket: TLSSocket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    try {
      await once(socket, 'secureConnect');
      return socket.getProtocol();
    } catch {
      return null;
    } finally {
      socket.destroy();
    }
  };
  const spoken = async () => ({
    newest: await protocolWith({}),
    ephemeral: await protocolWith({ maxVersion: 'TLSv1.2', ciphers: 'ECDHE' }),
    rsaGcm: await protocolWith({ maxVersion: 'TLSv1.2', ciphers: 'AES256-GCM-SHA384:AES128-GCM-SHA256' }),
    rsaCbc: await protocolWith({ maxVersion: 'TLSv1.2', ciphers: 'AES256-SHA256:AES128-SHA:@SECLEVEL=0' }),
    old: await protocolWith({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }),
  });
  const expected = { newest: 'TLSv1.3', ephemeral: 'TLSv1.2', rsaGcm: null, rsaCbc: null, old: null };
  assert.deepEqual(await spoken(), expected);
  assert.ok(app.server instanceof Server);
  app.server.setSecureContext({ ...PAIR, ...TLS_OPTIONS });
  assert.deepEqual(await spoken(), expected, 'with another certificate');
});
