/**
 * How many connections are open, in all and of one address. One over the limit is closed at once,
 * TLS handshakes included.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpSettings } from '../../schemas/settings/http.ts';
import { clientNetwork, proxiesOf } from './client-address.ts';

/**
 * Puts the limits on a server that does not listen yet.
 * @param proxies TRUST_PROXY: many clients come from one of their addresses, so only the limit of
 * all counts for them
 */
export const limitPeers = (
  server: Server,
  limits: Pick<HttpSettings, 'maxConnections' | 'maxPeerConnections'>,
  proxies: readonly string[],
): void => {
  const isProxy = proxiesOf(proxies);
  const ofPeer = new Map<string, number>();
  let open = 0;
  server.prependListener('connection', (socket: Socket) => {
    const { remoteAddress } = socket;
    const peer = remoteAddress === undefined || isProxy(remoteAddress) ? null : clientNetwork(remoteAddress);
    const before = peer === null ? 0 : (ofPeer.get(peer) ?? 0);
    open += 1;
    if (peer !== null) ofPeer.set(peer, before + 1);
    socket.once('close', () => {
      open -= 1;
      if (peer === null) return;
      const left = (ofPeer.get(peer) ?? 1) - 1;
      if (left === 0) ofPeer.delete(peer);
      else ofPeer.set(peer, left);
    });
    if (open > limits.maxConnections || before >= limits.maxPeerConnections) {
      socket.on('error', () => undefined);
      socket.destroy();
    }
  });
};
