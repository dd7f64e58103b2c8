/**
 * The verdict of what was judged: the plain answer, the facts, the results, the header fields, the
 * findings, what DNS cost. Pure but for the time that passed.
 */
import type { Verdict } from '../../schemas/verdict.ts';
import { answerAuthor } from './answer/answer.ts';
import { decideOn } from './answer/decision.ts';
import type { TrustedWord } from './answer/grounds.ts';
import { type Reported, writeAuthenticationResults, writeReceivedSpf } from './authentication-results.ts';
import { mergeEvidence } from './evidence.ts';
import { collectFindings } from './findings/findings.ts';
import type { Mail } from './mail.ts';
import { readMessageFacts } from './message-facts.ts';
import type { Methods } from './methods/methods.ts';
import type { Run } from './run.ts';
import { mailauthVersion } from './spf/mailauth.ts';
import { readTransport } from './transport.ts';

/** Results with the sentences on which two SPF evaluators differ. */
type Judged = Omit<Reported, 'smtp'> & { readonly disagreements: readonly string[]; readonly word: TrustedWord };

/** Makes it. */
export const toVerdict = (run: Run, mail: Mail, { digest, outcomes }: Methods, judged: Judged): Verdict => {
  const { message, author, facts, derived } = mail;
  const { settings, version } = run.parts;
  const { spf, dkim, arc, dmarc, bimi, iprev, disposition, disagreements, word } = judged;
  const reported: Reported = { spf, dkim, arc, dmarc, bimi, iprev, smtp: facts, disposition };
  const receiver = facts.receiver ?? settings.authservId;
  const usage = run.budget.usage();
  const evaluatedAt = new Date(run.nowMs).toISOString();
  const answer = answerAuthor({
    ...{ spf, dkim, arc, dmarc, iprev, disposition },
    ...{ message, author, facts, outcomes, word, settings, receiver, evaluatedAt },
    isDelivered: derived !== null,
  });
  return {
    id: run.id,
    evaluatedAt,
    elapsedMs: Math.round(run.elapsedMs() * 100) / 100,
    engine: {
      name: 'mailverdict',
      version,
      mailauth: mailauthVersion,
      ...(run.includes('evidence') && { settings }),
    },
    author: answer,
    ...(run.options.require !== undefined && { decision: decideOn(run.options.require, answer) }),
    disposition,
    smtp: facts,
    transport: readTransport(facts),
    ...(derived !== null && { derived }),
    message: readMessageFacts(mail, digest, run.includes('mime')),
    spf,
    dkim,
    arc,
    dmarc,
    bimi,
    iprev,
    headers: {
      authenticationResults: writeAuthenticationResults(receiver, reported),
      receivedSpf: writeReceivedSpf(receiver, spf.mailFrom ?? spf.helo, facts),
    },
    findings: collectFindings({
      ...reported,
      message,
      author,
      smimeSigner: mail.mime.reading?.smimeSigner ?? null,
      outcomes,
      usage,
      settings,
      disagreements,
      ofDerivedFacts: [...mail.findings, ...word.findings],
    }),
    dns: usage,
    ...(run.includes('evidence') && {
      evidence: mergeEvidence(run.budget.evidence(), run.detailsBudget.evidence()),
    }),
  };
};
