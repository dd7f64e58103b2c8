/**
 * The stub resolver, composed: a cache over a bound on questions in flight, over UDP with
 * TCP where a reply does not fit. It speaks to recursive servers that the configuration or the
 * system names, and validates nothing itself: DNSSEC is their work. Every layer is a file of its
 * own: an `Ask` up to the cache, which makes a `Lookup` of it.
 */
import { randomFillSync } from 'node:crypto';
import { getServers } from 'node:dns';
import type { AnswerSource, DnsCacheStats, FailureKind, RecordType } from '../../schemas/dns.ts';
import type { DnsSettings } from '../../schemas/settings/dns.ts';
import { cached } from './cache.ts';
import type { Clock } from './deadline.ts';
import type { Answer, Lookup } from './lookup.ts';
import { printableName } from './name.ts';
import { bounded } from './transport/in-flight.ts';
import { type FillRandom, randomNumbers } from './transport/random.ts';
import { parseServer, type Server, withHealth } from './transport/servers.ts';
import { tcp } from './transport/tcp.ts';
import { tries } from './transport/tries.ts';
import { onTruncation } from './transport/truncation.ts';
import { udp } from './transport/udp.ts';
import { withoutSpecialNames } from './zone/special-names.ts';

/** One question that ended, for counters and for a log line when it was slow. */
export type QuestionEvent = {
  /** Escaped and cut, fit for a log. */
  readonly name: string;
  readonly type: RecordType;
  readonly outcome: Answer['kind'];
  readonly source: AnswerSource;
  readonly failure?: FailureKind;
  readonly elapsedMs: number;
};

/** What the resolver is given; each has its real counterpart as default. */
type ResolverDependencies = {
  /** Monotonic milliseconds. @default performance.now() */
  readonly clock?: Clock;
  /** @default crypto.randomFillSync */
  readonly fillRandom?: FillRandom;
  /** Servers where the settings name none. @default dns.getServers(), read once */
  readonly systemServers?: () => readonly string[];
  /** Called after each question, hits too; it must be quick and not throw. */
  readonly onQuestion?: (event: QuestionEvent) => void;
  /** Replaces fixed limits; for tests. @default FIXED */
  readonly limits?: Partial<typeof FIXED>;
};

/**
 * Limits that are no settings: a standard gives them, or no operator could name a better value.
 */
const FIXED = {
  /** A new socket costs 50 µs: after so many questions its new port is as good as free. */
  questionsPerUdpSocket: 10_000,
  /** The ports of a server with few questions change too. */
  udpSocketAgeSeconds: 60,
  /** All that RFC 9520 allows; with fewer, two lost datagrams would be a failure. */
  triesPerServer: 3,
  /** One connection a server costs little, and a server that wants it back closes it (RFC 7766). */
  tcpIdleMs: 10_000,
  /**
   * Holds what a verification uses: 65,535 bytes of text or 64 records, with their objects. A
   * larger answer is asked for each time.
   */
  maxCachedAnswerBytes: 131_072,
  /** RFC 9520 asks for 1 s to 5 min; five seconds spare a sick zone the messages of a burst. */
  failureTtlSeconds: 5,
  /** A sender tries again after minutes, and must then see that the zone works again. */
  maxFailureTtlSeconds: 60,
  /** Renewals take less than a hundredth of the usual questions in flight (DNS_MAX_IN_FLIGHT). */
  maxPrefetches: 32,
  /** The client response timer that RFC 8767 section 5 recommends. */
  serveStaleWaitMs: 1800,
};

/** A resolver and its levers. */
export type Resolver = {
  readonly lookup: Lookup;
  readonly cacheStats: () => DnsCacheStats;
  /** Forgets a name with all its types, or everything. @returns the number of answers forgotten */
  readonly flush: (name?: string) => number;
  /** The servers asked, in the order of the configuration. */
  readonly servers: readonly Server[];
  /** Closes all sockets; questions in flight fail. Asking again opens new ones. */
  readonly close: () => void;
};

/**
 * Makes a resolver. Opens no socket until the first question. A server that is no IP literal is
 * left out; without any server every question fails with `network`.
 */
export const createResolver = (settings: DnsSettings, dependencies: ResolverDependencies = {}): Resolver => {
  const clock = dependencies.clock ?? (() => performance.now());
  const random = randomNumbers(dependencies.fillRandom ?? randomFillSync);
  const fixed = { ...FIXED, ...dependencies.limits };
  const literals = settings.dnsServers.length > 0 ? settings.dnsServers : (dependencies.systemServers ?? getServers)();
  const all = literals.flatMap((literal) => parseServer(literal) ?? []);
  const servers = withHealth(all, settings.dnsServerRetrySeconds * 1000, clock, random);

  const datagrams = udp(udpSettings(settings, fixed), clock, random);
  const streams = tcp(fixed.tcpIdleMs, random);
  const { triesPerServer } = fixed;
  const overUdp = tries(
    servers,
    datagrams.exchange,
    { ...trySettings(settings), triesPerServer, isStream: false },
    clock,
  );
  const overTcp = tries(
    servers,
    streams.exchange,
    { ...trySettings(settings), triesPerServer: 1, firstTryMs: settings.dnsLaterTryMs, isStream: true },
    clock,
  );
  const flights = bounded(onTruncation(overUdp, overTcp), flightLimits(settings), clock);
  const isLocal = all.every((server) => server.isLoopback);
  const cache = cached(
    withoutSpecialNames(flights.ask, settings.dnsRefuseInternalNames),
    cacheSettings(settings, fixed, isLocal),
    clock,
    random,
  );

  return {
    lookup:
      dependencies.onQuestion === undefined ? cache.lookup : observed(cache.lookup, dependencies.onQuestion, clock),
    cacheStats: () => ({
      ...cache.stats(),
      inFlight: flights.inFlight(),
      waiting: flights.waiting(),
      unexpectedReplies: datagrams.unexpected(),
    }),
    flush: cache.flush,
    servers: all,
    close: () => {
      datagrams.close();
      streams.close();
    },
  };
};

const observed =
  (next: Lookup, onQuestion: (event: QuestionEvent) => void, clock: Clock): Lookup =>
  async (question, deadlineMs) => {
    const startMs = clock();
    const answer = await next(question, deadlineMs);
    onQuestion({
      name: printableName(question.name),
      type: question.type,
      outcome: answer.kind,
      source: answer.source,
      ...(answer.kind === 'failure' ? { failure: answer.failure } : {}),
      elapsedMs: clock() - startMs,
    });
    return answer;
  };

const udpSettings = (settings: DnsSettings, fixed: typeof FIXED) => ({
  sockets: settings.dnsUdpSockets,
  questionsPerSocket: fixed.questionsPerUdpSocket,
  socketAgeMs: fixed.udpSocketAgeSeconds * 1000,
  receiveBytes: settings.dnsUdpReceiveBytes,
});

const trySettings = (settings: DnsSettings) => ({
  firstTryMs: settings.dnsFirstTryMs,
  laterTryMs: settings.dnsLaterTryMs,
  payloadBytes: settings.dnsUdpPayloadBytes,
  trustsAd: settings.dnsTrustAd,
});

const flightLimits = (settings: DnsSettings) => ({
  maxInFlight: settings.dnsMaxInFlight,
  maxPerDomain: settings.dnsMaxInFlightPerDomain,
  maxWaiting: settings.dnsMaxWaiting,
});

/**
 * A renewal costs a loopback resolver little; a resolver across a network should not be asked what
 * nobody waits for.
 */
const cacheSettings = (settings: DnsSettings, fixed: typeof FIXED, isLocal: boolean) => ({
  maxBytes: settings.dnsCacheBytes,
  maxNegativeBytes: settings.dnsNegativeCacheBytes,
  maxAnswerBytes: fixed.maxCachedAnswerBytes,
  questionTimeoutMs: settings.dnsQuestionTimeoutMs,
  minTtlSeconds: settings.dnsMinTtlSeconds,
  maxTtlSeconds: settings.dnsMaxTtlSeconds,
  maxNegativeTtlSeconds: settings.dnsMaxNegativeTtlSeconds,
  failureTtlSeconds: fixed.failureTtlSeconds,
  maxFailureTtlSeconds: fixed.maxFailureTtlSeconds,
  prefetches: settings.dnsPrefetch === 'on' || (settings.dnsPrefetch === 'auto' && isLocal),
  maxPrefetches: fixed.maxPrefetches,
  serveStaleSeconds: settings.dnsServeStaleSeconds,
  serveStaleWaitMs: fixed.serveStaleWaitMs,
});
