/**
 * Latency of the domain view: a domain with ten includes, every record cold, DNS 20 ms away over
 * real sockets (`node bench/posture.ts [--json]`). Exits 1 when the answer takes more round trips
 * than its target. Questions of one level are to go out together; nothing is fetched over HTTPS.
 */
import { parseArgs } from 'node:util';
import { DnsSettings } from '../schemas/settings/dns.ts';
import { PostureSettings } from '../schemas/settings/domain.ts';
import { budgetLimits } from '../src/dns/budget/limits.ts';
import { createResolver } from '../src/dns/resolver.ts';
import { parseZone, zoneLookup } from '../src/dns/zone/zone.ts';
import { createAssessor } from '../src/posture/assess.ts';
import { delayingServer } from '../test/dns/delaying-server.ts';
import { median } from './median.ts';

const ROUND_TRIP_MS = 20;
/** Round trips that an answer may take. */
const TARGET = 4;
const INCLUDES = 10;
const ROUNDS = 9;
/** What node compiles in the first rounds is not latency of DNS. */
const WARM_UP_ROUNDS = 4;

const numbers = Array.from({ length: INCLUDES }, (_, index) => index);
const ZONE = `$ORIGIN example.
$TTL 3600
@ SOA ns.example. host.example. 1 3600 600 1209600 300
brand NS ns1.brand
brand NS ns2.brand
ns1.brand A 192.0.2.1
ns2.brand A 192.0.2.2
brand MX 10 mx1.brand
brand MX 20 mx2.brand
mx1.brand A 192.0.2.25
mx2.brand A 192.0.2.26
brand TXT "v=spf1 ${numbers.map((n) => `include:i${n}.example`).join(' ')} -all"
${numbers.map((n) => `i${n} TXT "v=spf1 ip4:192.0.2.${n} -all"`).join('\n')}
_dmarc.brand TXT "v=DMARC1; p=reject; rua=mailto:dmarc@reports.example"
brand.example._report._dmarc.reports TXT "v=DMARC1"
_smtp._tls.brand TXT "v=TLSRPTv1; rua=mailto:tls@brand.example"
`;

/** What was measured. */
export type PostureFigures = {
  readonly medianMs: number;
  /** The median in round trips of DNS. */
  readonly roundTrips: number;
  readonly target: number;
  readonly questions: number;
  readonly holds: boolean;
};

/** Assesses the domain some times over, each time with nothing in memory. */
export const measurePosture = async (): Promise<PostureFigures> => {
  const parsed = parseZone(ZONE);
  if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join('; '));
  const server = await delayingServer(zoneLookup(parsed.zone), ROUND_TRIP_MS);
  const elapsedMs: number[] = [];
  let questions = 0;
  try {
    for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
      const resolver = createResolver(DnsSettings.parse({ dnsServers: [server.literal] }));
      const assess = createAssessor({
        lookup: resolver.lookup,
        settings: PostureSettings.parse({ domainCacheEntries: 0 }),
        answerLimits: budgetLimits(DnsSettings.parse({})),
        fetch: null,
        probe: null,
        clock: { nowMs: Date.now, monotonicMs: () => performance.now() },
      });
      const startedMs = performance.now();
      const outcome = await assess('brand.example');
      if (round >= WARM_UP_ROUNDS) elapsedMs.push(performance.now() - startedMs);
      resolver.close();
      if (
        outcome.kind !== 'posture' ||
        outcome.posture.spf.lookups.used !== INCLUDES ||
        outcome.posture.ttlSeconds === 0
      )
        throw new Error('the domain was not assessed whole');
      questions = outcome.posture.dns.questions.used;
    }
  } finally {
    await server.close();
  }
  const medianMs = median(elapsedMs);
  const roundTrips = medianMs / ROUND_TRIP_MS;
  return { medianMs, roundTrips, target: TARGET, questions, holds: roundTrips <= TARGET };
};

if (import.meta.main) {
  const { values } = parseArgs({ options: { json: { type: 'boolean' } } });
  const figures = await measurePosture();
  if (values.json) console.log(JSON.stringify(figures));
  else
    console.log(
      `domain with ${INCLUDES} includes, cold, DNS ${ROUND_TRIP_MS} ms away: ${figures.medianMs.toFixed(1)} ms, ${figures.roundTrips.toFixed(2)} round trips of ${TARGET}, ${figures.questions} questions`,
    );
  process.exitCode = figures.holds ? 0 : 1;
}
