/**
 * The whole service on a free port of the loopback interface: the zone of the examples answered by itself, all other names asked from a DNS server of the test,
 * which knows the hostile domain and nothing else.
 */
import { readConfig } from '../../src/config.ts';
import { parseZone, zoneLookup } from '../../src/dns/zone.ts';
import { createLog } from '../../src/log.ts';
import { createService } from '../../src/service.ts';
import { serveLookup } from '../dns/wire-server.ts';
import { HOSTILE_ZONE } from './hostile.ts';

/** A service that runs until it is closed. */
export type PageService = { origin: string; close: () => Promise<void> };

export const startPageService = async (): Promise<PageService> => {
  const parsed = parseZone(HOSTILE_ZONE);
  if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join('; '));
  const dns = await serveLookup(
    zoneLookup(parsed.zone, async () => ({ kind: 'nxdomain', ttlSeconds: 60, authenticated: false, source: 'zone' })),
  );
  const read = readConfig({
    PORT: '0',
    LOG_LEVEL: 'silent',
    DNS_SERVERS: `127.0.0.1:${dns.port}`,
    POSTURE_FETCH: 'no',
  });
  if (read.kind !== 'config') throw new Error(read.mistakes.join('; '));
  const service = await createService(read.config, createLog('silent'));
  const [origin = ''] = await service.listen();
  return {
    origin,
    close: async () => {
      await service.close(1000);
      await dns.close();
    },
  };
};
