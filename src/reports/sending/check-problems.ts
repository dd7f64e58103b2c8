/**
 * What keeps a report mail from passing DMARC, for the person who runs the mail server: one
 * sentence, and one that tells what to do. DMARC passes when DKIM or SPF does for a domain that
 * aligns; what is wrong with the other one is told too, since it is the one left when a forwarder
 * breaks the first. Pure.
 */

import type { DkimSignature } from '../../../schemas/dkim.ts';
import type { CheckProblem } from '../../../schemas/reports/report-check.ts';
import type { ReportSettings } from '../../../schemas/settings/reports.ts';
import type { Verdict } from '../../../schemas/verdict.ts';
import { domainOf } from './mailbox.ts';

type Settings = Pick<ReportSettings, 'reportSender' | 'reportDkimKey' | 'reportDkimSelector'>;

/** Findings that are told. */
const MAX_FINDINGS = 10;
/** Signatures that are told of. */
const MAX_SIGNATURES = 5;

/** The outcome for a person. With `hasPassed` the problems are what could be better. */
export const problemsOf = (
  verdict: Verdict,
  settings: Settings,
): { readonly hasPassed: boolean; readonly problems: CheckProblem[] } => {
  const domain = domainOf(settings.reportSender);
  const { result, authorDomain } = verdict.dmarc;
  const methods = [...dkimProblems(verdict, settings), ...spfProblems(verdict, domain)];
  const findings = verdict.findings
    .filter(({ severity }) => severity === 'error')
    .slice(0, MAX_FINDINGS)
    .map(({ message, code }) => ({ problem: message, next: `look up ${code} in docs/findings.md` }));
  if (authorDomain !== domain) {
    const problem = `the From field of the message names ${authorDomain ?? 'no domain that can be read'} and not ${domain}`;
    const next = 'let no server on the way rewrite From, or set REPORT_SENDER to the address that it writes';
    return { hasPassed: false, problems: [{ problem, next }, ...findings] };
  }
  switch (result) {
    case 'pass':
      return { hasPassed: true, problems: [...methods, ...findings] };
    case 'fail':
      return { hasPassed: false, problems: [...methods, ...findings] };
    case 'none':
      return { hasPassed: false, problems: [noRecord(verdict, domain), ...methods, ...findings] };
    case 'temperror':
    case 'permerror':
      return { hasPassed: false, problems: [unknown(verdict), ...findings] };
    default:
      return result satisfies never;
  }
};

const noRecord = ({ dmarc }: Verdict, domain: string): CheckProblem => ({
  problem: `DMARC does not apply to ${domain}: ${dmarc.rfc9989.reason}`,
  next: `publish a TXT record at _dmarc.${domain}, such as "v=DMARC1; p=none"`,
});

const unknown = ({ dmarc }: Verdict): CheckProblem => ({
  problem: `DMARC could not be evaluated: ${dmarc.rfc9989.reason}`,
  next: 'check again when DNS answers',
});

const dkimProblems = ({ dkim }: Verdict, settings: Settings): CheckProblem[] => {
  if (dkim.some(({ result, aligned }) => result === 'pass' && aligned === true)) return [];
  const domain = domainOf(settings.reportSender);
  if (dkim.length === 0) {
    const next =
      settings.reportDkimKey === ''
        ? `let the mail server of REPORT_SMTP sign mail of ${domain}, or set REPORT_DKIM_KEY and REPORT_DKIM_SELECTOR`
        : 'look for a server on the way that removes DKIM-Signature';
    return [{ problem: 'the message has no DKIM signature', next }];
  }
  return dkim.slice(0, MAX_SIGNATURES).map((signature) => signatureProblem(signature, domain));
};

const signatureProblem = ({ result, reason, sdid, selector, aligned }: DkimSignature, domain: string): CheckProblem => {
  const signer = sdid ?? 'an unknown domain';
  if (result !== 'pass')
    return {
      problem: `the signature of ${signer} with the selector ${selector ?? '(none)'} is ${result}: ${reason}`,
      next:
        sdid === null || selector === null
          ? 'mend the signature'
          : `publish the public key of the signature at ${selector}._domainkey.${sdid}, and let no server change the message after it is signed`,
    };
  return {
    problem:
      aligned === null
        ? `DNS left open whether the signature of ${signer} counts for ${domain}`
        : `the signature of ${signer} is valid and does not count for ${domain}`,
    next: `sign with d=${domain}`,
  };
};

const spfProblems = ({ spf, dmarc }: Verdict, domain: string): CheckProblem[] => {
  if (dmarc.rfc9989.alignment.spf.aligned === true) return [];
  if (spf.domain === null)
    return [
      {
        problem: 'SPF could not be checked: the message does not tell which address it came from, or from which sender',
        next: 'check again with the address of the client and MAIL FROM, or with the name of your own server that wrote the Received field',
      },
    ];
  if (spf.result !== 'pass')
    return [
      {
        problem: `SPF is ${spf.result} for ${spf.domain}: ${reasonOf(spf)}`,
        next: `let the SPF record of ${spf.domain} name the server that sends the reports to the Internet`,
      },
    ];
  return [
    {
      problem: `SPF passes for ${spf.domain}, which does not count for ${domain}`,
      next: `let no server on the way replace MAIL FROM, which is an address of ${domain}`,
    },
  ];
};

const reasonOf = (spf: Verdict['spf']): string =>
  spf.reason ?? (spf.identity === 'helo' ? spf.helo : spf.mailFrom)?.reason ?? 'no reason is known';
