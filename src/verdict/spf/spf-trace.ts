/**
 * The SPF checks of a verdict with their evaluation trees, and a second opinion. The house's own
 * evaluator walks the whole tree, past limits and past the deciding term; the evaluator that does
 * not count is asked as well. The result that counts stays as it is, and a difference between the
 * two is reported, never settled silently.
 */
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import type { SpfCheck, SpfVerdict } from '../../../schemas/spf.ts';
import { spfQuestion } from './spf.ts';
import { askCheckHost, checkByMailauth, type SpfParts } from './spf-evaluation.ts';

/**
 * The checks with their traces, and one sentence for each that the two evaluators judge
 * differently.
 */
export type TracedSpf = { spf: SpfVerdict; disagreements: string[] };

/**
 * Adds the traces; both identities side by side.
 * @param strict the evaluator that the result came from: check_host(), or mailauth when false
 */
export const traceSpf = async (
  spf: SpfVerdict,
  facts: SmtpFacts,
  parts: SpfParts & { strict: boolean },
): Promise<TracedSpf> => {
  const [mailFrom, helo] = await Promise.all([trace(spf.mailFrom, facts, parts), trace(spf.helo, facts, parts)]);
  return {
    spf: { ...spf, mailFrom: mailFrom?.check ?? null, helo: helo?.check ?? null },
    disagreements: [mailFrom, helo].flatMap((one) => one?.disagreement ?? []),
  };
};

const trace = async (
  check: SpfCheck | null,
  facts: SmtpFacts,
  parts: SpfParts & { strict: boolean },
): Promise<{ check: SpfCheck; disagreement: string | null } | null> => {
  const question = check && spfQuestion(check.identity, facts);
  if (check === null || question === null) return null;
  const [traced, opinion] = await Promise.all([
    askCheckHost(question, parts, true),
    parts.strict ? checkByMailauth(question, parts, true) : null,
  ]);
  const other = opinion ?? traced;
  const [counts, beside] = parts.strict ? ['check_host()', 'mailauth'] : ['mailauth', 'check_host()'];
  return {
    check: {
      ...check,
      ...(traced.matched !== null && { matched: `${traced.matched.term} (in the record of ${traced.matched.domain})` }),
      trace: traced.trace,
    },
    disagreement:
      other.result === check.result
        ? null
        : `SPF of ${check.domain} is ${check.result} by ${counts}, which counts, and ${other.result} by ${beside}: ${other.reason}`,
  };
};
