/** The service: the core and the faces on top of it, which listen, reload and drain as one. */
import { lookup } from 'node:dns/promises';
import { Server as TlsServer } from 'node:tls';
import type { Config } from '../../schemas/settings/settings.ts';
import type { WorkerGroup } from '../cluster/worker-group.ts';
import { createApp } from '../http/app.ts';
import { readSamples } from '../http/samples.ts';
import { TLS_OPTIONS } from '../http/tls-options.ts';
import { createMemory } from '../message/memory.ts';
import { writeListenAddress } from '../pipeline/connections/listen-address.ts';
import type { Ending } from '../pipeline/connections/pipeline-server.ts';
import type { Reporting } from '../reports/reporting.ts';
import { needRestart } from '../settings/reload.ts';
import type { Log } from '../telemetry/log.ts';
import { logged } from '../telemetry/logged.ts';
import { writeSum } from '../telemetry/metrics/registry.ts';
import type { Traces } from '../telemetry/traces.ts';
import { version } from '../version.ts';
import { createMailFaces } from './core.ts';
import { createObservedCore } from './observed-core.ts';
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

/** What a service is made from. */
type ServiceDependencies = {
  readonly config: Config;
  readonly log: Log;
  /** The processes of the service. */
  readonly group: WorkerGroup;
  readonly traces: Traces;
};

/** Builds the service; nothing listens yet. */
export const createService = async (dependencies: ServiceDependencies): Promise<Service> => {
  const { config, log, group, traces } = dependencies;
  const files = { inUse: readAccessFiles(config) };
  const observed = createObservedCore(config, log, traces);
  const { core, metrics } = observed;
  const memory = createMemory(config.maxTotalBytes);
  const reporting = await loadReporting(dependencies, observed);
  const observer =
    reporting === null
      ? metrics.observer
      : { ...metrics.observer, onContent: reporting.onContent, onMessage: reporting.onMessage };
  const mailFaces = createMailFaces(config, core, log, { observer, memory });
  const state = { isReady: false, drainMs: 0 };
  const app = await createApp({
    ...appDependencies(dependencies, observed, files, reporting),
    hooks: mailFaces,
    memory,
    isReady: () => state.isReady,
    drainMs: () => state.drainMs,
  });
  // Before the routes get to see it: what they do belongs to the trace of the request.
  app.server.prependListener('request', ({ headers }) => traces.enterRequest(headers));
  return {
    version,
    listen: async () => {
      const address = await app.listen({ host: await addressOf(config.host), port: config.port });
      const { milter, policy } = await mailFaces.listen();
      reporting?.start();
      state.isReady = true;
      group.reportListening();
      return [address, ...[...milter, ...policy].map(writeListenAddress)];
    },
    reload: (next) => {
      const read = readAccessFiles(next, files.inUse);
      // Whether TLS is spoken at all is settled when the listener is made.
      const tlsStays = (read.tls === null) === (files.inUse.tls === null);
      if (read.tls !== null && app.server instanceof TlsServer)
        app.server.setSecureContext({ ...read.tls, ...TLS_OPTIONS });
      files.inUse = { keys: read.keys, tls: tlsStays ? read.tls : files.inUse.tls };
      core.relist(next);
      mailFaces.relist(next);
      return needRestart(config, next, tlsStays);
    },
    close: async (ending) => {
      state.isReady = false;
      state.drainMs = ending.drainMs;
      const patience = new Promise<void>((resolve) => setTimeout(resolve, ending.drainMs + ending.graceMs).unref());
      const drained = Promise.all([app.close(), mailFaces.close({ ...ending, tellQuiet: group.reportQuiet })]);
      // What was decided last is counted too.
      await Promise.race([drained.then(() => Promise.all([traces.close(), reporting?.close()])), patience]);
      observed.close();
    },
  };
};

/** Loads reporting where the settings ask for it: a plain start needs no SMTP and no signing. */
const loadReporting = async (
  { config, log }: ServiceDependencies,
  { core, metrics }: ReturnType<typeof createObservedCore>,
): Promise<Reporting | null> => {
  if (config.store === '') return null;
  const { createReporting } = await import('./reporting.ts');
  return createReporting(config, { lookup: core.lookup, log, onReport: metrics.onReport });
};

/** What the app gets of the service that does not change while it runs. */
const appDependencies = (
  { config, log, group }: ServiceDependencies,
  { core, metrics }: ReturnType<typeof createObservedCore>,
  files: { readonly inUse: ReturnType<typeof readAccessFiles> },
  reporting: Reporting | null,
) => {
  const { resolver } = core;
  const levels = () => ({ cache: resolver.cacheStats(), counted: reporting?.counted() ?? null });
  group.join({ readGauges: () => metrics.readValues(levels()), flush: resolver.flush });
  return {
    log,
    verify: logged(core.verify, log),
    replay: core.replay,
    domains: { assess: core.assess, width: config.domainConcurrency },
    tellQuiet: group.reportQuiet,
    workers: group.workers,
    storeFailure: () => reporting?.counted().failure ?? null,
    settings: config,
    samples: readSamples(config.dnsZone),
    access: { keys: () => files.inUse.keys, settings: config, isTls: files.inUse.tls !== null },
    tls: files.inUse.tls,
    operator: {
      readMetrics: async () => {
        const ofAll = await group.gatherGauges();
        return ofAll === null ? metrics.read(levels()) : writeSum(ofAll);
      },
      dnsCache: {
        cacheStats: resolver.cacheStats,
        flush: (name?: string) => {
          group.flushOthers(name);
          return resolver.flush(name);
        },
      },
    },
    reports: reporting,
    onAnswer: metrics.onAnswer,
  };
};
