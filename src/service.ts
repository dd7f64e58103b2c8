/** The service: the parts and the faces on top of them, as one thing that listens and drains. */
import type { Config } from '../schemas/config.ts';
import { createApp } from './http/app.ts';
import type { Log } from './log.ts';
import { createMailFaces } from './mail-faces.ts';
import { createParts } from './parts.ts';
import { writeListenAddress } from './pipeline/listener.ts';
import { readSamples } from './samples.ts';
import { version } from './version.ts';

/** A service that listens and can be ended. */
export type Service = {
  version: string;
  /** @returns the addresses that are listened on */
  listen: () => Promise<string[]>;
  /** Stops listening, lets running work finish for at most `graceMs` milliseconds, closes everything. */
  close: (graceMs: number) => Promise<void>;
};

/** Builds the service; nothing listens yet. */
export const createService = async (config: Config, log: Log): Promise<Service> => {
  const parts = createParts(config, log);
  const mailFaces = createMailFaces(config, parts, log);
  let ready = false;
  const app = await createApp({
    log,
    verify: parts.verify,
    replay: parts.replay,
    isReady: () => ready,
    settings: config,
    samples: readSamples(config.dnsZone),
  });
  return {
    version,
    listen: async () => {
      const address = await app.listen({ host: config.host, port: config.port });
      const { milter, policy } = await mailFaces.listen();
      ready = true;
      return [address, ...[...milter, ...policy].map(writeListenAddress)];
    },
    close: async (graceMs) => {
      ready = false;
      const patience = new Promise<void>((resolve) => setTimeout(resolve, graceMs).unref());
      await Promise.race([Promise.all([app.close(), mailFaces.close(graceMs)]), patience]);
      parts.resolver.close();
    },
  };
};
