/**
 * The SPF checks of a verdict with their evaluation trees. The house's own evaluator walks the whole tree, past limits and past the deciding term; the result that counts
 * stays the one that was found before, and a difference between the two is told, never settled silently.
 */
import type { SmtpFacts } from '../../schemas/smtp.ts';
import type { SpfCheck, SpfVerdict } from '../../schemas/spf.ts';
import type { Lookup } from '../dns/lookup.ts';
import { checkHost } from '../spf/check-host.ts';

/** What a trace is made with. */
export type TraceParts = {
  lookup: Lookup;
  deadlineMs: number;
  monotonicMs: () => number;
  /** Now, in milliseconds since the epoch. */
  nowMs: number;
  receiver: string;
};

/** The checks with their traces, and one sentence for each that the two evaluators judge differently. */
export type TracedSpf = { spf: SpfVerdict; disagreements: string[] };

/** Adds the traces; both identities side by side. */
export const traceSpf = async (spf: SpfVerdict, facts: SmtpFacts, parts: TraceParts): Promise<TracedSpf> => {
  const [mailFrom, helo] = await Promise.all([trace(spf.mailFrom, facts, parts), trace(spf.helo, facts, parts)]);
  return {
    spf: { ...spf, mailFrom: mailFrom?.check ?? null, helo: helo?.check ?? null },
    disagreements: [mailFrom, helo].flatMap((one) => one?.disagreement ?? []),
  };
};

const trace = async (
  check: SpfCheck | null,
  facts: SmtpFacts,
  { receiver, nowMs, ...parts }: TraceParts,
): Promise<{ check: SpfCheck; disagreement: string | null } | null> => {
  if (check === null || facts.clientIp === undefined) return null;
  const sender = check.identity === 'mailfrom' ? (facts.mailFrom ?? '').replace(/^<(.*)>$/s, '$1') : (facts.helo ?? '');
  const traced = await checkHost(
    { ip: facts.clientIp, domain: check.domain, sender, helo: facts.helo ?? '', receiver },
    { ...parts, epochSeconds: Math.floor(nowMs / 1000), whole: true },
  );
  return {
    check: {
      ...check,
      ...(traced.matched !== null && { matched: `${traced.matched.term} (in the record of ${traced.matched.domain})` }),
      trace: traced.trace,
    },
    disagreement:
      traced.result === check.result
        ? null
        : `SPF of ${check.domain} is ${check.result} by mailauth, which counts, and ${traced.result} by the trace: ${traced.reason}`,
  };
};
