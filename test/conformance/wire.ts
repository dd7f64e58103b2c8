/**
 * A suite's zone served over UDP and TCP, and asked through the resolver that the service uses:
 * what the codec and the transport do to a case shows here.
 */
import { DnsSettings } from '../../schemas/settings/dns.ts';
import type { Lookup } from '../../src/dns/lookup.ts';
import { createResolver } from '../../src/dns/resolver.ts';
import { serveZone } from '../dns/wire-server.ts';
import type { SuiteZone } from './suite-case.ts';

const TRIES = { dnsFirstTryMs: 400, dnsLaterTryMs: 400 };
/** A TIMEOUT of a suite is silence on the wire, which is waited out. */
const SILENCE_MS = 1500;
/** Elsewhere a busy machine must not make a failure of an answer. */
const ANSWER_MS = 18_000;

/** Serves a zone for one piece of work; nothing is remembered afterwards. */
export const overTheWire = async <Outcome>(
  zone: SuiteZone,
  work: (lookup: Lookup) => Promise<Outcome>,
): Promise<Outcome> => {
  const server = await serveZone(zone);
  const resolver = createResolver({
    ...DnsSettings.parse({ dnsRefuseInternalNames: 'no' }),
    ...TRIES,
    dnsQuestionTimeoutMs: JSON.stringify(zone).includes('TIMEOUT') ? SILENCE_MS : ANSWER_MS,
    dnsServers: [`127.0.0.1:${server.port}`],
  });
  try {
    return await work(resolver.lookup);
  } finally {
    resolver.close();
    await server.close();
  }
};
