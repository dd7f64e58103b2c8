/**
 * The app over the zone of the examples, listening on a free port of the loopback, for tests of the
 * client.
 */
import type { AddressInfo } from 'node:net';
import { createAssessor } from '../../src/posture/assess.ts';
import { makeApp } from '../http/make-app.ts';
import { GOOD } from '../posture/cases.ts';
import { worldParts } from '../posture/world.ts';

/** Starts it. @param parts in place of its own */
export const startApp = async (
  parts: Parameters<typeof makeApp>[0] = {},
): Promise<{ baseUrl: string; close: () => Promise<void> }> => {
  const app = await makeApp({ domains: { assess: createAssessor(worldParts(GOOD)), width: 4 }, ...parts });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    close: async () => {
      app.server.closeAllConnections();
      await app.close();
    },
  };
};
