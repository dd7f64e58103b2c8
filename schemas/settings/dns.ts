/**
 * Settings of the resolver. Environment names are the keys in upper snake case: `dnsServers` is
 * `DNS_SERVERS`.
 */
import { z } from 'zod';
import { choice, list, text, toggle, wholeNumber } from './setting.ts';

/** Which servers, and how one question is asked of them. */
const transport = {
  dnsServers: list({
    item: z
      .string()
      .regex(
        /^(\d{1,3}(\.\d{1,3}){3}(:\d{1,5})?|\[[0-9a-fA-F:.]+\](:\d{1,5})?|[0-9a-fA-F:]+)$/,
        'must be an IP literal with an optional port, as in 127.0.0.1:53 or [::1]:53',
      ),
    max: 8,
    unit: 'IP literals',
    about: "DNS servers to ask, with an optional port; empty: the system's list",
  }),
  dnsZone: text({
    default: '',
    maxLength: 4096,
    unit: 'file',
    about:
      'zone file (RFC 1035 master-file syntax) whose zone is answered locally; empty: none. A start that is not a production start takes examples/zone.txt',
  }),
  dnsQuestionTimeoutMs: wholeNumber({
    default: 5000,
    min: 100,
    max: 30_000,
    unit: 'ms',
    about: 'time for one question with all its tries',
  }),
  dnsFirstTryMs: wholeNumber({
    default: 800,
    min: 20,
    max: 10_000,
    unit: 'ms',
    about:
      'time until a question without a reply is sent again; the first try stays open. Keep it well under the discard-timeout of Unbound (1900 ms)',
  }),
  dnsLaterTryMs: wholeNumber({
    default: 1600,
    min: 20,
    max: 10_000,
    unit: 'ms',
    about:
      'time between the later tries, once every server had one; a try over TCP has this time too before the next server is asked beside it',
  }),
  dnsServerRetrySeconds: wholeNumber({
    default: 5,
    min: 1,
    max: 300,
    unit: 's',
    about: 'time until a server that failed is tried again before others',
  }),
  dnsUdpSockets: wholeNumber({
    default: 64,
    min: 1,
    max: 512,
    unit: 'sockets',
    about: 'UDP sockets for each server, one picked at random for each try',
  }),
  dnsUdpReceiveBytes: wholeNumber({
    default: 1_048_576,
    min: 65_536,
    max: 16_777_216,
    unit: 'bytes',
    about:
      'receive buffer of each UDP socket, so that a burst of replies or of forged ones drops none; the kernel caps it (net.core.rmem_max on Linux)',
  }),
  dnsUdpPayloadBytes: wholeNumber({
    default: 1232,
    min: 512,
    max: 4096,
    unit: 'bytes',
    about: 'largest UDP reply asked for (EDNS0, RFC 6891)',
  }),
  dnsTrustAd: toggle({
    default: false,
    about: 'trust the AD bit of servers that are not on the loopback (RFC 6840 section 5.8)',
  }),
  dnsRefuseInternalNames: toggle({
    default: true,
    about: 'answer home.arpa and internal with NXDOMAIN, so that results tell nothing of internal names',
  }),
};

/** How many questions at once. */
const inFlight = {
  dnsMaxInFlight: wholeNumber({
    default: 4096,
    min: 1,
    max: 32_768,
    unit: 'questions',
    about: 'questions in flight at once',
  }),
  dnsMaxInFlightPerDomain: wholeNumber({
    default: 64,
    min: 1,
    max: 4096,
    unit: 'questions',
    about: 'questions in flight at once for one registered domain',
  }),
  dnsMaxWaiting: wholeNumber({
    default: 4096,
    min: 0,
    max: 65_536,
    unit: 'questions',
    about: 'questions that wait for their turn; one more fails at once',
  }),
};

/** What is cached, and for how long. */
const cache = {
  dnsCacheBytes: wholeNumber({
    default: 67_108_864,
    min: 1_048_576,
    max: 4_294_967_296,
    unit: 'bytes',
    about: 'memory for records',
  }),
  dnsNegativeCacheBytes: wholeNumber({
    default: 8_388_608,
    min: 262_144,
    max: 1_073_741_824,
    unit: 'bytes',
    about: 'memory for negative answers and failures',
  }),
  dnsMinTtlSeconds: wholeNumber({
    default: 5,
    min: 0,
    max: 300,
    unit: 's',
    about: 'shortest time an answer is cached; 0: TTL 0 is not cached',
  }),
  dnsMaxTtlSeconds: wholeNumber({
    default: 86_400,
    min: 1,
    max: 604_800,
    unit: 's',
    about: 'longest time records are cached',
  }),
  dnsMaxNegativeTtlSeconds: wholeNumber({
    default: 900,
    min: 1,
    max: 10_800,
    unit: 's',
    about: 'longest time NXDOMAIN and NODATA are cached (RFC 2308)',
  }),
  dnsPrefetch: choice({
    words: ['auto', 'on', 'off'],
    default: 'auto',
    about: 'renew records in use before they expire; auto: when every server is on the loopback',
  }),
  dnsServeStaleSeconds: wholeNumber({
    default: 0,
    min: 0,
    max: 3600,
    unit: 's',
    about:
      'how long past its TTL a record may stand in for a failure (RFC 8767); 0: never, since a withdrawn key must stop working',
  }),
  dnsSlowQuestionMs: wholeNumber({
    default: 500,
    min: 1,
    max: 60_000,
    unit: 'ms',
    about: 'questions that take longer are logged at debug level',
  }),
};

/** What one verification may spend. */
const budget = {
  dnsMaxQuestions: wholeNumber({
    default: 256,
    min: 16,
    max: 4096,
    unit: 'questions',
    about: 'questions of one verification',
  }),
  dnsMaxMisses: wholeNumber({
    default: 128,
    min: 16,
    max: 4096,
    unit: 'questions',
    about: 'questions of one verification that go out to a server',
  }),
  dnsMaxDomains: wholeNumber({
    default: 64,
    min: 4,
    max: 1024,
    unit: 'domains',
    about: 'registered domains that one verification may ask for',
  }),
  dnsMaxFailures: wholeNumber({
    default: 8,
    min: 1,
    max: 1024,
    unit: 'questions',
    about: 'failed questions of one verification, after which only memory is asked',
  }),
  dnsMaxElapsedMs: wholeNumber({
    default: 20_000,
    min: 500,
    max: 120_000,
    unit: 'ms',
    about: 'time for all questions of one verification (RFC 7208 section 4.6.4 asks for at least 20 s)',
  }),
};

export const DnsSettings = z.object({ ...transport, ...inFlight, ...cache, ...budget });
export type DnsSettings = z.infer<typeof DnsSettings>;
