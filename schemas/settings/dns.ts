/**
 * Settings of the resolver. Environment names are the keys in upper snake case: `dnsServers` is
 * `DNS_SERVERS`.
 */
import { z } from 'zod';
import { choice, list, text, toggle, wholeNumber } from './setting.ts';

const number = (about: string, unit: string, standard: number, min: number, max: number) =>
  wholeNumber({ default: standard, min, max, unit, about });

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
  dnsQuestionTimeoutMs: number('time for one question with all its tries', 'ms', 5000, 100, 30_000),
  dnsFirstTryMs: number(
    'time until a question without a reply is sent again; the first try stays open. Keep it well under the discard-timeout of Unbound (1900 ms)',
    'ms',
    800,
    20,
    10_000,
  ),
  dnsLaterTryMs: number(
    'time between the later tries, once every server had one; a try over TCP has this time too before the next server is asked beside it',
    'ms',
    1600,
    20,
    10_000,
  ),
  dnsServerRetrySeconds: number('time until a server that failed is tried again before others', 's', 5, 1, 300),
  dnsUdpSockets: number('UDP sockets for each server, one picked at random for each try', 'sockets', 64, 1, 512),
  dnsUdpReceiveBytes: number(
    'receive buffer of each UDP socket, so that a burst of replies or of forged ones drops none; the kernel caps it (net.core.rmem_max on Linux)',
    'bytes',
    1_048_576,
    65_536,
    16_777_216,
  ),
  dnsUdpPayloadBytes: number('largest UDP reply asked for (EDNS0, RFC 6891)', 'bytes', 1232, 512, 4096),
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
  dnsMaxInFlight: number('questions in flight at once', 'questions', 4096, 1, 32_768),
  dnsMaxInFlightPerDomain: number('questions in flight at once for one registered domain', 'questions', 64, 1, 4096),
  dnsMaxWaiting: number('questions that wait for their turn; one more fails at once', 'questions', 4096, 0, 65_536),
};

/** What is cached, and for how long. */
const cache = {
  dnsCacheBytes: number('memory for records', 'bytes', 67_108_864, 1_048_576, 4_294_967_296),
  dnsNegativeCacheBytes: number('memory for negative answers and failures', 'bytes', 8_388_608, 262_144, 1_073_741_824),
  dnsMinTtlSeconds: number('shortest time an answer is cached; 0: TTL 0 is not cached', 's', 5, 0, 300),
  dnsMaxTtlSeconds: number('longest time records are cached', 's', 86_400, 1, 604_800),
  dnsMaxNegativeTtlSeconds: number('longest time NXDOMAIN and NODATA are cached (RFC 2308)', 's', 900, 1, 10_800),
  dnsPrefetch: choice({
    words: ['auto', 'on', 'off'],
    default: 'auto',
    about: 'renew records in use before they expire; auto: when every server is on the loopback',
  }),
  dnsServeStaleSeconds: number(
    'how long past its TTL a record may stand in for a failure (RFC 8767); 0: never, since a withdrawn key must stop working',
    's',
    0,
    0,
    3600,
  ),
  dnsSlowQuestionMs: number('questions that take longer are logged at debug level', 'ms', 500, 1, 60_000),
};

/** What one verification may spend. */
const budget = {
  dnsMaxQuestions: number('questions of one verification', 'questions', 256, 16, 4096),
  dnsMaxMisses: number('questions of one verification that go out to a server', 'questions', 128, 16, 4096),
  dnsMaxDomains: number('registered domains that one verification may ask for', 'domains', 64, 4, 1024),
  dnsMaxFailures: number(
    'failed questions of one verification, after which only memory is asked',
    'questions',
    8,
    1,
    1024,
  ),
  dnsMaxElapsedMs: number(
    'time for all questions of one verification (RFC 7208 section 4.6.4 asks for at least 20 s)',
    'ms',
    20_000,
    500,
    120_000,
  ),
};

export const DnsSettings = z.object({ ...transport, ...inFlight, ...cache, ...budget });
export type DnsSettings = z.infer<typeof DnsSettings>;
