/**
 * The HTTP face with its real parts on a free port of the loopback interface: the zone of the
 * examples answered by itself, all other names asked from a DNS server of the test, which knows the
 * hostile domain, refuses to answer for refused.test, and knows nothing else.
 */

import { parseZone, zoneLookup } from '../../src/dns/zone/zone.ts';
import { createApp } from '../../src/http/app.ts';
import { readSamples } from '../../src/http/samples.ts';
import { createMailFaces, createMailverdict } from '../../src/service/core.ts';
import { readConfig } from '../../src/settings/read-settings.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { serveLookup } from '../dns/wire-server.ts';
import { HOSTILE_ZONE } from './hostile.ts';

/** A service that runs until it is closed. */
export type PageService = { origin: string; close: () => Promise<void> };

/** Parts of the app that a test brings along. */
type BroughtParts = Partial<Pick<Parameters<typeof createApp>[0], 'access' | 'reports'>>;

/**
 * Starts it.
 * @param servedZone what the samples are told about the zone that the service answers from; ""
 * makes them bring their records along
 * @param environment settings of its own
 * @param brought none by default: no keys and no reports
 */
export const startPageService = async (
  servedZone?: string,
  environment: Readonly<Record<string, string>> = {},
  brought: BroughtParts = {},
): Promise<PageService> => {
  const parsed = parseZone(HOSTILE_ZONE);
  if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join('; '));
  const dns = await serveLookup(
    zoneLookup(parsed.zone, async ({ name }) =>
      name.endsWith('refused.test')
        ? { kind: 'failure', failure: 'refused', source: 'zone' }
        : { kind: 'nxdomain', ttlSeconds: 60, authenticated: false, source: 'zone' },
    ),
  );
  const read = readConfig({ LOG_LEVEL: 'silent', DNS_SERVERS: dns.literal, DOMAIN_FETCH: 'no', ...environment });
  if (read.kind !== 'config') throw new Error(read.mistakes.join('; '));
  const { config } = read;
  const log = createLog('silent');
  const parts = createMailverdict(config, log);
  const app = await createApp({
    log,
    verify: parts.verify,
    replay: parts.replay,
    hooks: createMailFaces(config, parts, log),
    isReady: () => true,
    settings: config,
    samples: readSamples(servedZone ?? config.dnsZone),
    domains: { assess: parts.assess, width: 1 },
    ...brought,
  });
  return {
    origin: await app.listen({ host: '127.0.0.1', port: 0 }),
    close: async () => {
      await app.close();
      parts.resolver.close();
      await dns.close();
    },
  };
};
