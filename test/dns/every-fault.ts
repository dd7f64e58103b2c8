/**
 * Plays every fault of the catalogue in a role: a real server on the loopback, the resolver, the
 * verify door. Each fault gets a resolver of its own, so that nothing is in a cache.
 */
import { DnsSettings } from '../../schemas/settings/dns.ts';
import { budgetLimits } from '../../src/dns/budget/limits.ts';
import { createResolver } from '../../src/dns/resolver.ts';
import { example, makeVerifier } from '../verdict/make-verifier.ts';
import { CATALOGUE } from './faults/catalogue.ts';
import { type DnsFault, nameOf, typeOf } from './faults/replies.ts';
import { type Role, roleZone } from './roles.ts';
import { scriptedServer } from './scripted-server.ts';
import { answerQuery } from './wire-server.ts';

/** One fault in one role. */
export type Outcome = {
  readonly what: string;
  readonly word: string | undefined;
  readonly expected: string;
  /** The answer that the verdict's own evidence tells. */
  readonly told: string | undefined;
  readonly toldExpected: string;
};

/** Faults played at once: most of the time of one that times out is waiting. */
const AT_ONCE = 24;

/** @returns what came of each fault of the catalogue */
export const playEveryFault = async (role: Role): Promise<Outcome[]> => {
  const left = [...CATALOGUE];
  const outcomes: Outcome[] = [];
  const play = async (): Promise<void> => {
    for (let fault = left.pop(); fault !== undefined; fault = left.pop()) outcomes.push(await playFault(role, fault));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, play));
  return outcomes;
};

const playFault = async (
  { sick, file, smtp, read, words, exceptions }: Role,
  { what, outcome, script }: DnsFault,
): Promise<Outcome> => {
  const [name, type] = sick;
  const server = await scriptedServer(async (query) => {
    if (nameOf(query) === name && typeOf(query) === type) await script(query, roleZone);
    else await answerQuery(query, roleZone);
  });
  const settings = DnsSettings.parse({
    dnsServers: [server.literal],
    // Where no reply ever comes the time may be short; elsewhere a busy machine must not make a
    // failure of an answer.
    dnsQuestionTimeoutMs: outcome === 'timeout' ? 3000 : 20_000,
    dnsFirstTryMs: 1000,
    dnsLaterTryMs: 1000,
    dnsRefuseInternalNames: 'no',
  });
  const resolver = createResolver(settings);
  const verify = makeVerifier({}, resolver.lookup, { dnsLimits: { ...budgetLimits(settings), maxTextBytes: 4096 } });
  const verdict = await verify(example(file), smtp, { include: ['evidence', 'reports'] });
  resolver.close();
  await server.close();
  const evidence = verdict.evidence?.find((entry) => entry.name === name && entry.type === type);
  const isAnswer = outcome === 'right' || outcome === 'nodata' || outcome === 'nxdomain';
  return {
    what,
    word: read(verdict),
    expected: isAnswer || outcome === 'limit' ? (exceptions?.[what] ?? words[outcome]) : words.failure,
    told: evidence?.failure ?? evidence?.outcome,
    toldExpected: outcome === 'right' ? 'records' : outcome,
  };
};
