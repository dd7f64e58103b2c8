/**
 * How many connections are open, in all and of one address. One over the limit is closed at once,
 * TLS handshakes included.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import type { HttpSettings } from '../../schemas/settings/http.ts';
import { OpenConnections } from '../pipeline/connections/open-connections.ts';
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
  const open = new OpenConnections();
  server.prependListener('connection', (socket: Socket) => {
    const { remoteAddress } = socket;
    const peer = remoteAddress === undefined || isProxy(remoteAddress) ? null : clientNetwork(remoteAddress);
    open.add(socket, peer);
    if (open.all > limits.maxConnections || open.of(peer) > limits.maxPeerConnections) {
      socket.on('error', () => undefined);
      socket.destroy();
    }
  });
};
