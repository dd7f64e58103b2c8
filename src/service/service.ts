/** The service: the parts and the faces on top of them, as one thing that listens and drains. */
import { lookup } from 'node:dns/promises';
import { Server as TlsServer } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { type Config, RELOADED_SETTINGS } from '../../schemas/settings/settings.ts';
import type { WorkerGroup } from '../cluster/worker-group.ts';
import { createApp } from '../http/app.ts';
import { readSamples } from '../http/samples.ts';
import { TLS_OPTIONS } from '../http/tls-options.ts';
import { createMemory } from '../message/memory.ts';
import { writeListenAddress } from '../pipeline/connections/listen-address.ts';
import type { Ending } from '../pipeline/connections/pipeline-server.ts';
import type { Log } from '../telemetry/log.ts';
import { logged } from '../telemetry/logged.ts';
import { createMetrics, writeSum } from '../telemetry/metrics.ts';
import { watchThisProcess } from '../telemetry/standstill.ts';
import type { Traces } from '../telemetry/traces.ts';
import { version } from '../version.ts';
import { createMailFaces, createMailverdict } from './core.ts';
import { readAccessFiles } from './secret-files.ts';

/** A service that listens and can be ended. */
export type Service = {
  version: string;
  /** @returns the addresses that are listened on */
  listen: () => Promise<string[]>;
  /**
   * Takes over keys, certificate and lists of other settings, whose files are read again; nothing
   * changes when one is wrong.
   * @returns the settings that differ and need a restart
   * @throws SettingMistake when a file cannot be used
   */
  reload: (next: Config) => (keyof Config)[];
  /**
   * Drains and closes everything: /readyz says 503 at once, listeners stay for a while, running
   * work finishes.
   */
  close: (ending: Ending) => Promise<void>;
};

/**
 * The one address of a host to listen on. Fastify would open one more server for each further
 * address of `localhost`, which no limit of connections and no drain would know.
 */
const addressOf = async (host: string): Promise<string> =>
  host === 'localhost' ? (await lookup(host, { order: 'ipv4first' })).address : host;

/** What a service is made of. */
type ServiceParts = {
  readonly config: Config;
  readonly log: Log;
  /** The processes of the service. */
  readonly group: WorkerGroup;
  readonly traces: Traces;
};

/** Builds the service; nothing listens yet. */
export const createService = async ({ config, log, group, traces }: ServiceParts): Promise<Service> => {
  let files = readAccessFiles(config);
  const metrics = createMetrics(version);
  const watchdog = watchThisProcess((standstill) => {
    metrics.onStandstill(standstill);
    log.warn(standstill, 'the event loop stood still: nothing else was served meanwhile');
  });
  const untraced = createMailverdict(config, log, {
    onQuestion: metrics.onQuestion,
    onProgress: watchdog.onProgress,
    onStep: (step, elapsedMs) => {
      metrics.onStep(step, elapsedMs);
      traces.onStep(step, elapsedMs);
    },
    verify: metrics,
  });
  const parts = {
    ...untraced,
    verify: traces.traced(untraced.verify),
    assess: ((domain, options) =>
      watchdog.assessing(domain, () => untraced.assess(domain, options))) satisfies typeof untraced.assess,
  };
  const { resolver } = parts;
  const levels = () => ({ cache: resolver.cacheStats() });
  group.join({ readGauges: () => metrics.readValues(levels()), flush: resolver.flush });
  const memory = createMemory(config.maxTotalBytes);
  const mailFaces = createMailFaces(config, parts, log, { observer: metrics.observer, memory });
  let ready = false;
  let drainMs = 0;
  const app = await createApp({
    log,
    verify: logged(parts.verify, log),
    replay: parts.replay,
    domains: { assess: parts.assess, width: config.domainConcurrency },
    hooks: mailFaces,
    memory,
    isReady: () => ready,
    drainMs: () => drainMs,
    tellQuiet: group.reportQuiet,
    workers: group.workers,
    settings: config,
    samples: readSamples(config.dnsZone),
    access: { keys: () => files.keys, settings: config, isTls: files.tls !== null },
    tls: files.tls,
    operator: {
      readMetrics: async () => {
        const ofAll = await group.gatherGauges();
        return ofAll === null ? metrics.read(levels()) : writeSum(ofAll);
      },
      dnsCache: {
        cacheStats: resolver.cacheStats,
        flush: (name) => {
          group.flushOthers(name);
          return resolver.flush(name);
        },
      },
    },
    onAnswer: metrics.onAnswer,
  });
  // Before the routes get to see it: what they do belongs to the trace of the request.
  app.server.prependListener('request', ({ headers }) => traces.enterRequest(headers));
  return {
    version,
    listen: async () => {
      const address = await app.listen({ host: await addressOf(config.host), port: config.port });
      const { milter, policy } = await mailFaces.listen();
      ready = true;
      group.reportListening();
      return [address, ...[...milter, ...policy].map(writeListenAddress)];
    },
    reload: (next) => {
      const read = readAccessFiles(next, files);
      // Whether TLS is spoken at all is settled when the listener is made.
      const tlsStays = (read.tls === null) === (files.tls === null);
      if (read.tls !== null && app.server instanceof TlsServer)
        app.server.setSecureContext({ ...read.tls, ...TLS_OPTIONS });
      files = { keys: read.keys, tls: tlsStays ? read.tls : files.tls };
      parts.relist(next);
      mailFaces.relist(next);
      return (Object.keys(config) as (keyof Config)[]).filter(
        (key) =>
          !isDeepStrictEqual(config[key], next[key]) &&
          !(RELOADED_SETTINGS.includes(key) && (tlsStays || !key.startsWith('tls'))),
      );
    },
    close: async (ending) => {
      ready = false;
      drainMs = ending.drainMs;
      const patience = new Promise<void>((resolve) => setTimeout(resolve, drainMs + ending.graceMs).unref());
      const drained = Promise.all([app.close(), mailFaces.close({ ...ending, tellQuiet: group.reportQuiet })]).then(
        () => traces.close(),
      );
      await Promise.race([drained, patience]);
      parts.resolver.close();
      watchdog.close();
    },
  };
};
