/**
 * The servers to ask and how well each is doing. Addresses are IP literals from the configuration
 * or the system, never names and never from a message. A server that failed goes behind the healthy
 * ones and is tried again after a pause, by one question at a time.
 */
import { isIP } from 'node:net';
import { parseIp4 } from '../../ip/address.ts';
import type { Clock } from '../deadline.ts';
import type { RandomNumbers } from './random.ts';

/** One DNS server. */
export type Server = {
  readonly address: string;
  readonly port: number;
  readonly family: 4 | 6;
  /** True for ::1 and 127.0.0.0/8: no one can stand between. */
  readonly isLoopback: boolean;
};

/**
 * Reads `192.0.2.1`, `192.0.2.1:53`, `2001:db8::1`, `[2001:db8::1]:53`, `fe80::1%eth0`.
 * @returns null when it is not an IP literal with an optional port (default 53)
 */
export const parseServer = (text: string): Server | null => {
  const bracketed = /^\[(?<address>[^\]]+)\](:(?<port>\d{1,5}))?$/.exec(text);
  const dotted = /^(?<address>[\d.]+)(:(?<port>\d{1,5}))?$/.exec(text);
  const { address = text, port = '53' } = (bracketed ?? dotted)?.groups ?? {};
  const family = isIP(address);
  if ((family !== 4 && family !== 6) || Number(port) < 1 || Number(port) > 65_535) return null;
  const isLoopback = family === 4 ? parseIp4(address)?.bytes[0] === 127 : address === '::1';
  return { address, port: Number(port), family, isLoopback };
};

/** The servers with their health. */
export type Servers = {
  readonly all: readonly Server[];
  /**
   * All servers, the one to ask first in front: healthy ones in random order, then the failed, the
   * longest ago first.
   */
  readonly order: () => readonly Server[];
  /** A reply came that answers a question. */
  readonly succeeded: (server: Server) => void;
  /** No reply in time, an error, or a reply that is no answer. */
  readonly failed: (server: Server) => void;
};

type Health = { failures: number; failedAtMs: number; probeAtMs: number };

/** @param retryMs pause until a failed server is tried first again, by one question */
export const withHealth = (all: readonly Server[], retryMs: number, clock: Clock, random: RandomNumbers): Servers => {
  const health = new Map<Server, Health>(all.map((server) => [server, { failures: 0, failedAtMs: 0, probeAtMs: 0 }]));
  const of = (server: Server): Health => health.get(server) ?? { failures: 0, failedAtMs: 0, probeAtMs: 0 };

  const order = (): readonly Server[] => {
    if (all.length === 1) return all;
    const nowMs = clock();
    const healthy = shuffle(
      all.filter((server) => of(server).failures === 0),
      random,
    );
    const failed = all
      .filter((server) => of(server).failures > 0)
      .sort((one, other) => of(one).failedAtMs - of(other).failedAtMs);
    const probed = failed.find((server) => of(server).probeAtMs <= nowMs);
    if (probed === undefined) return [...healthy, ...failed];
    // The next probe is due only after another pause: one question at a time bears the risk.
    of(probed).probeAtMs = nowMs + retryMs;
    return [probed, ...healthy, ...failed.filter((server) => server !== probed)];
  };

  return {
    all,
    order,
    succeeded: (server) => {
      of(server).failures = 0;
    },
    failed: (server) => {
      const state = of(server);
      state.failures++;
      state.failedAtMs = clock();
      state.probeAtMs = state.failedAtMs + retryMs;
    },
  };
};

const shuffle = (servers: Server[], random: RandomNumbers): Server[] => {
  for (let last = servers.length - 1; last > 0; last--) {
    const pick = random.below(last + 1);
    const [one, other] = [servers[last], servers[pick]];
    if (one !== undefined && other !== undefined) {
      servers[pick] = one;
      servers[last] = other;
    }
  }
  return servers;
};
