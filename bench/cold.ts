/**
 * Cold DNS: the round trips that the verdict of an aligned message waits for, with a name server
 * that holds every answer back. Each run has a resolver of its own, so that no cache helps, on
 * neither side. Counted at the name server: questions that arrive after the answers of the round
 * trip before belong to the next one.
 */
import { authenticate } from 'mailauth';
import { DnsSettings } from '../schemas/settings/dns.ts';
import { budgetLimits } from '../src/dns/budget/limits.ts';
import { createResolver } from '../src/dns/resolver.ts';
import { DEFAULT_MESSAGE_LIMITS } from '../src/message/message.ts';
import { toMailauthResolver } from '../src/verdict/spf/resolver.ts';
import { createVerifier } from '../src/verdict/verify.ts';
import { SETTINGS } from '../test/verdict/make-verifier.ts';
import { startDnsServer } from './dns-server.ts';
import { median } from './median.ts';
import { FACTS, makeMessage, ZONE } from './world.ts';

const ROUND_TRIP_MS = 20;

/** Round trips of one number of signatures. */
export type ColdRow = {
  readonly signatures: number;
  readonly ours: number;
  readonly mailauth: number;
  /** Milliseconds by the clock, ours. */
  readonly elapsedMs: number;
  /** Questions that went out, ours. */
  readonly questions: number;
};

/**
 * SPF over an include, and BIMI under an enforcing policy: the longest way that an ordinary aligned
 * message goes.
 */
const COLD_ZONE = ZONE.replace('"v=spf1 ip4:192.0.2.0/24 -all"', '"v=spf1 include:_spf.brand.example -all"').concat(
  '_spf.brand TXT "v=spf1 a:mail.brand.example -all"\n',
  'default._bimi.brand TXT "v=BIMI1; l=https://brand.example/logo.svg"\n',
);

/** Measures messages with one signature and with ten. */
export const measureCold = async (runs: number): Promise<ColdRow[]> => {
  const server = await startDnsServer(COLD_ZONE, ROUND_TRIP_MS);
  const settings = DnsSettings.parse({ dnsServers: [`127.0.0.1:${server.port}`] });
  const facts = { ...FACTS, rcptTo: [FACTS.rcptTo] };
  try {
    const rows: ColdRow[] = [];
    for (const signatures of [1, 10]) {
      const message = await makeMessage(3_000, signatures);
      const taken: { ours: number[]; mailauth: number[] } = { ours: [], mailauth: [] };
      const elapsed: number[] = [];
      let questions = 0;
      for (let run = 0; run < runs; run++) {
        const cold = createResolver(settings);
        const verify = createVerifier({
          lookup: cold.lookup,
          settings: SETTINGS,
          messageLimits: DEFAULT_MESSAGE_LIMITS,
          dnsLimits: budgetLimits(settings),
          clock: { nowMs: Date.now, monotonicMs: () => performance.now() },
          newId: () => 'cold',
          version: 'bench',
          mode: 'enforce',
        });
        const startMs = performance.now();
        const verdict = await verify(message, facts);
        elapsed.push(performance.now() - startMs);
        taken.ours.push(roundTrips(server.takeQuestions()));
        questions = verdict.dns.misses.used;
        cold.close();
        if (verdict.dmarc.result !== 'pass' || verdict.spf.result !== 'pass' || verdict.bimi?.result !== 'pass')
          throw new Error('not the right verdict, so nothing is compared');

        const other = createResolver(settings);
        const { dmarc } = await authenticate(message, {
          ip: FACTS.clientIp,
          helo: FACTS.helo,
          sender: FACTS.mailFrom,
          resolver: toMailauthResolver(other.lookup, Number.POSITIVE_INFINITY) as never,
        });
        taken.mailauth.push(roundTrips(server.takeQuestions()));
        other.close();
        if ((dmarc || null)?.status.result !== 'pass') throw new Error('not the right verdict of mailauth');
      }
      rows.push({
        signatures,
        ours: median(taken.ours),
        mailauth: median(taken.mailauth),
        elapsedMs: median(elapsed),
        questions,
      });
    }
    return rows;
  } finally {
    server.close();
  }
};

const roundTrips = (questions: readonly { atMs: number }[]): number => {
  let trips = 0;
  let answeredMs = Number.NEGATIVE_INFINITY;
  for (const { atMs } of questions) {
    if (atMs < answeredMs) continue;
    trips++;
    answeredMs = atMs + ROUND_TRIP_MS;
  }
  return trips;
};
