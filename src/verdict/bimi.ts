/**
 * BIMI of a message (draft-brand-indicators-for-message-identification): the record of the Author Domain, which counts only when DMARC passes under an enforcing policy.
 * It is asked for as soon as such a policy is known, beside SPF and DKIM, so that it costs no round trip of its own. Tells where the logo and its evidence are; fetches neither.
 */
import type { DmarcVerdict } from '../../schemas/dmarc.ts';
import type { BimiVerdict } from '../../schemas/verdict.ts';
import type { DmarcEvaluation } from '../dmarc/evaluate.ts';
import type { Answer, Lookup } from '../dns/lookup.ts';
import { fieldsNamed, type Message } from '../message/message.ts';
import { parseBimi, parseBimiSelector, selectBimi } from '../records/bimi.ts';
import { txtTexts } from '../records/txt.ts';

/** Asks for the record. @returns null when DMARC gives no ground to look */
export const checkBimi = async (
  message: Message,
  dmarc: DmarcVerdict,
  lookup: Lookup,
  deadlineMs: number,
): Promise<BimiVerdict | null> => {
  const { authorDomain, rfc9989 } = dmarc;
  const { policy, organizationalDomain } = rfc9989;
  if (authorDomain === null || dmarc.result !== 'pass' || policy === null || policy.applies === 'none') return null;
  const selector = readSelector(message);
  const domains = domainsOf(authorDomain, organizationalDomain);
  const answers = await ask(selector, domains, lookup, deadlineMs);
  const blank = { selector, domain: null, location: null, evidence: null };
  for (const [index, domain] of domains.entries()) {
    const answer = answers[index];
    if (answer?.kind === 'failure') {
      return {
        ...blank,
        result: 'temperror',
        reason: `a DNS failure (${answer.failure}) left the BIMI record of ${domain} unknown`,
      };
    }
    const found = readAnswer(answer, domain, blank);
    if (found !== null) return found;
  }
  return { ...blank, result: 'none', reason: `${authorDomain} publishes no BIMI record` };
};

/** Asks ahead. @param dmarc the evaluation as far as it has come @returns when the answers are there for `checkBimi` to find; never rejects */
export const askBimiAhead = async (
  message: Message,
  authorDomain: string,
  dmarc: DmarcEvaluation,
  lookup: Lookup,
  deadlineMs: number,
): Promise<void> => {
  const organizationalDomain = await dmarc.enforcedBelow();
  if (organizationalDomain === null) return;
  await ask(readSelector(message), domainsOf(authorDomain, organizationalDomain), lookup, deadlineMs);
};

const domainsOf = (authorDomain: string, organizationalDomain: string | null): string[] => [
  ...new Set([authorDomain, organizationalDomain ?? authorDomain]),
];

const ask = (selector: string, domains: readonly string[], lookup: Lookup, deadlineMs: number): Promise<Answer[]> =>
  Promise.all(domains.map((domain) => lookup({ name: `${selector}._bimi.${domain}`, type: 'TXT' }, deadlineMs)));

/** The selector of the BIMI-Selector field; a field without v=BIMI1, or several fields, count as none. */
const readSelector = (message: Message): string => {
  const fields = fieldsNamed(message, 'bimi-selector');
  const parsed = fields.length === 1 ? parseBimiSelector(fields[0]?.value() ?? '') : null;
  return parsed?.kind === 'selector' ? parsed.selector : 'default';
};

const readAnswer = (
  answer: Answer | undefined,
  domain: string,
  blank: Omit<BimiVerdict, 'result' | 'reason'>,
): BimiVerdict | null => {
  if (answer?.kind !== 'records') return null;
  const selection = selectBimi(txtTexts(answer.records));
  if (selection.kind === 'none') return null;
  if (selection.kind === 'several')
    return { ...blank, domain, result: 'fail', reason: `${domain} publishes several BIMI records` };
  const parsed = parseBimi(selection.text);
  if (parsed.kind === 'fault')
    return {
      ...blank,
      domain,
      result: 'fail',
      reason: `the BIMI record of ${domain} is wrong: ${parsed.fault.reason}`,
    };
  const { location, authority: evidence } = parsed;
  if (parsed.declined)
    return { ...blank, domain, result: 'declined', reason: `${domain} declines to take part in BIMI` };
  return { ...blank, domain, result: 'pass', reason: `${domain} publishes a BIMI record`, location, evidence };
};
