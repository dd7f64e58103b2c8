/**
 * The one line that the log has for each verdict: which message, what came of it, what to do, how
 * long it took. Never message content: no subject, no body, no header field. Addresses stand under
 * the names that the log knows to hash or leave out. Pure.
 */
import type { Verdict } from '../../schemas/verdict.ts';

/** Signatures told in a line; a message may bear thousands. */
const MAX_SIGNATURES_TOLD = 10;

/** Fields of the line; the sentence beside them is "verdict". */
export const verdictLine = (verdict: Verdict): object => {
  const { smtp, author, spf, dkim, arc, dmarc, bimi, iprev, disposition, dns, findings } = verdict;
  const limits = findings.flatMap(({ limit }) => limit ?? []);
  return {
    verdictId: verdict.id,
    queueId: smtp.queueId,
    clientIp: smtp.clientIp,
    mailFrom: smtp.mailFrom,
    author: author.address,
    authorDomain: author.domain,
    size: verdict.message.size,
    authenticated: author.authenticated,
    spf: spf.result,
    dkim: dkim.slice(0, MAX_SIGNATURES_TOLD).map(({ result, sdid }) => `${sdid ?? 'no domain'}=${result}`),
    ...(dkim.length > MAX_SIGNATURES_TOLD && { dkimMore: dkim.length - MAX_SIGNATURES_TOLD }),
    arc: arc.result,
    dmarc: dmarc.result,
    bimi: bimi?.result,
    iprev: iprev.result,
    action: disposition.action,
    wouldBe: disposition.wouldBe,
    override: disposition.override?.type,
    elapsedMs: verdict.elapsedMs,
    dnsMs: dns.elapsedMs.used,
    dnsQuestions: dns.questions.used,
    dnsMisses: dns.misses.used,
    ...(limits.length > 0 && { limits }),
  };
};
