/**
 * BIMI of a message (draft-brand-indicators-for-message-identification): the record of the Author
 * Domain, which counts only when DMARC passes under an enforcing policy. It is asked for as soon as
 * such a policy is known, beside SPF and DKIM, so that it costs no round trip of its own. Tells
 * where the logo and its evidence are; fetches neither.
 */
import type { DkimSignature } from '../../../schemas/dkim.ts';
import type { DmarcVerdict } from '../../../schemas/dmarc.ts';
import type { BimiVerdict } from '../../../schemas/verdict.ts';
import type { DmarcEvaluation } from '../../dmarc/evaluate.ts';
import { causeText, isLasting } from '../../dns/failure.ts';
import type { Answer, Lookup } from '../../dns/lookup.ts';
import { fieldsNamed, type Message } from '../../message/message.ts';
import { parseBimi, parseBimiSelector, selectBimi } from '../../records/bimi.ts';
import { txtTexts } from '../../records/txt.ts';
import type { Author } from '../author.ts';

/** What the message and DMARC say so far. */
type BimiQuestion = {
  readonly message: Message;
  readonly author: Author;
  readonly dmarc: DmarcVerdict;
  readonly dkim: readonly DkimSignature[];
  /** Null without one Author Domain. */
  readonly evaluation: DmarcEvaluation | null;
};

/**
 * Asks for the record.
 * @returns null when DMARC gives no ground to look: no pass, or the policy that applies is none
 */
export const checkBimi = async (
  { message, author, dmarc, dkim, evaluation }: BimiQuestion,
  lookup: Lookup,
  deadlineMs: number,
): Promise<BimiVerdict | null> => {
  const { authorDomain, rfc9989 } = dmarc;
  const { policy, organizationalDomain } = rfc9989;
  if (authorDomain === null || evaluation === null) return null;
  if (dmarc.result !== 'pass' || policy === null || policy.applies === 'none') return null;
  const { selector, ignored } = chooseSelector(message, dkim);
  const blank = { selector, domain: null, location: null, evidence: null };
  if (author.addresses.length > 1)
    return { ...blank, result: 'skipped', reason: 'From names more than one address, for which BIMI shows no logo' };
  const ground = await evaluation.bimiGround(policy.applies);
  switch (ground.kind) {
    case 'unfit':
      return { ...blank, result: 'skipped', reason: `${ground.reason}, with which BIMI shows no logo` };
    case 'unknown':
      return {
        ...blank,
        result: isLasting(ground.failure) ? 'fail' : 'temperror',
        reason: `${causeText(ground.failure)} left the DMARC policy of the organizational domain unknown`,
      };
    case 'fits':
      break;
    default:
      return ground satisfies never;
  }
  const domains = domainsOf(authorDomain, organizationalDomain);
  const answers = await ask([selector], domains, lookup, deadlineMs);
  const withIgnored = (verdict: BimiVerdict): BimiVerdict =>
    ignored === null ? verdict : { ...verdict, reason: `${verdict.reason}; ${ignored}` };
  for (const [index, domain] of domains.entries()) {
    const answer = answers[index];
    if (answer?.kind === 'failure') {
      return {
        ...blank,
        result: isLasting(answer) ? 'fail' : 'temperror',
        reason: `${causeText(answer)} left the BIMI record of ${domain} unknown`,
      };
    }
    const found = readAnswer(answer, domain, blank);
    if (found !== null) return withIgnored(found);
  }
  return withIgnored({ ...blank, result: 'none', reason: `${authorDomain} publishes no BIMI record` });
};

/** Prefetches the records that `checkBimi` reads. @returns once they are cached; never rejects */
export const prefetchBimi = async (
  { message, author }: Pick<BimiQuestion, 'message' | 'author'>,
  evaluation: DmarcEvaluation,
  lookup: Lookup,
  deadlineMs: number,
): Promise<void> => {
  if (author.domain === null || author.addresses.length > 1) return;
  const ground = await evaluation.bimiGround(null);
  if (ground.kind !== 'fits') return;
  const named = namedSelector(message);
  // Whether a signature covers the selector is not known yet, so both are asked for.
  const selectors = named === null || named === DEFAULT ? [DEFAULT] : [named, DEFAULT];
  await ask(selectors, domainsOf(author.domain, await evaluation.organizationalDomain()), lookup, deadlineMs);
};

const domainsOf = (authorDomain: string, organizationalDomain: string | null): string[] => [
  ...new Set([authorDomain, organizationalDomain ?? authorDomain]),
];

const ask = (
  selectors: readonly string[],
  domains: readonly string[],
  lookup: Lookup,
  deadlineMs: number,
): Promise<Answer[]> =>
  Promise.all(
    selectors.flatMap((selector) =>
      domains.map((domain) => lookup({ name: `${selector}._bimi.${domain}`, type: 'TXT' }, deadlineMs)),
    ),
  );

const DEFAULT = 'default';

/**
 * The selector of the BIMI-Selector field; null without a field, with one that cannot be read, and
 * with several.
 */
const namedSelector = (message: Message): string | null => {
  const [field, second] = fieldsNamed(message, 'bimi-selector');
  if (field === undefined || second !== undefined) return null;
  const parsed = parseBimiSelector(field.value());
  return parsed.kind === 'selector' ? parsed.selector : null;
};

/**
 * A selector that no passing, aligned signature covers could come from anybody, and is ignored
 * (section 5.5 of the draft).
 */
const chooseSelector = (
  message: Message,
  dkim: readonly DkimSignature[],
): { readonly selector: string; readonly ignored: string | null } => {
  const named = namedSelector(message);
  if (named === null) return { selector: DEFAULT, ignored: null };
  const isCovered = dkim.some(
    ({ result, aligned, signedFields }) =>
      result === 'pass' && aligned === true && signedFields.includes('bimi-selector'),
  );
  return isCovered
    ? { selector: named, ignored: null }
    : { selector: DEFAULT, ignored: 'BIMI-Selector is ignored, because no passing aligned signature covers it' };
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
