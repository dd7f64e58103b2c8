/**
 * A verdict in short, for the log and for traces: which message, the results, what to do, how
 * long it took. Never message content: no subject, no body, no header field. Addresses have
 * the names that the log knows to hash or leave out. Pure.
 */
import type { ReachedLimit } from '../../schemas/limit.ts';
import type { Verdict } from '../../schemas/verdict.ts';

/** The fields of a verdict that are worth a line. */
type VerdictSummary = {
  readonly verdictId: string;
  readonly queueId: string | undefined;
  readonly clientIp: string | undefined;
  readonly mailFrom: string | undefined;
  readonly author: string | null;
  readonly authorDomain: string | null;
  /** Octets. */
  readonly size: number;
  readonly authenticated: Verdict['author']['authenticated'];
  readonly spf: Verdict['spf']['result'];
  /** Of every signature, in the order of the verdict. */
  readonly dkim: readonly Pick<Verdict['dkim'][number], 'sdid' | 'result'>[];
  readonly arc: Verdict['arc']['result'];
  readonly dmarc: Verdict['dmarc']['result'];
  /** undefined: not evaluated. */
  readonly bimi: NonNullable<Verdict['bimi']>['result'] | undefined;
  readonly iprev: Verdict['iprev']['result'];
  readonly action: Verdict['disposition']['action'];
  readonly wouldBe: Verdict['disposition']['wouldBe'];
  readonly override: NonNullable<Verdict['disposition']['override']>['type'] | undefined;
  readonly elapsedMs: number;
  readonly dnsMs: number;
  readonly dnsQuestions: number;
  readonly dnsMisses: number;
  /** Limits of this service that were reached. */
  readonly limits: readonly ReachedLimit[];
};

/** Summarizes a verdict. */
export const summarize = ({ smtp, author, disposition, dns, ...verdict }: Verdict): VerdictSummary => ({
  verdictId: verdict.id,
  queueId: smtp.queueId,
  clientIp: smtp.clientIp,
  mailFrom: smtp.mailFrom,
  author: author.address,
  authorDomain: author.domain,
  size: verdict.message.size,
  authenticated: author.authenticated,
  spf: verdict.spf.result,
  dkim: verdict.dkim,
  arc: verdict.arc.result,
  dmarc: verdict.dmarc.result,
  bimi: verdict.bimi?.result,
  iprev: verdict.iprev.result,
  action: disposition.action,
  wouldBe: disposition.wouldBe,
  override: disposition.override?.type,
  elapsedMs: verdict.elapsedMs,
  dnsMs: dns.elapsedMs.used,
  dnsQuestions: dns.questions.used,
  dnsMisses: dns.misses.used,
  limits: verdict.findings.flatMap(({ limit }) => limit ?? []),
});

/** Signatures in a line of the log; a message may bear thousands. */
const MAX_LOGGED_SIGNATURES = 10;

/** The fields of a line of the log. */
export const logFields = (verdict: Verdict): object => {
  const { dkim, limits, ...summary } = summarize(verdict);
  return {
    ...summary,
    dkim: dkim.slice(0, MAX_LOGGED_SIGNATURES).map(({ result, sdid }) => `${sdid ?? 'no domain'}=${result}`),
    ...(dkim.length > MAX_LOGGED_SIGNATURES && { dkimMore: dkim.length - MAX_LOGGED_SIGNATURES }),
    ...(limits.length > 0 && { limits }),
  };
};
