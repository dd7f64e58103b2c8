/**
 * SPF of a message: the MAIL FROM identity and the HELO identity, each checked on its own (RFC 7208
 * sections 2.3 and 2.4), side by side. Never guesses a result when the client address or the
 * identity is unknown.
 */
import { isIP } from 'node:net';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import type { SpfCheck, SpfVerdict } from '../../../schemas/spf.ts';
import { isNullReversePath } from '../transport.ts';
import { checkByMailauth, checkStrictly, type SpfParts, type SpfQuestion } from './spf-evaluation.ts';

/**
 * Checks both identities.
 * @param parts.strict false: the lenient mode of mailauth
 * @param parts.clientUnknown why the client address is unknown, where there is more to say
 * @returns the MAIL FROM result where MAIL FROM is known and not null, else the HELO result for the
 * null reverse-path, else `none` with the reason
 */
export const checkSpf = async (
  facts: SmtpFacts,
  parts: SpfParts & { readonly strict: boolean; readonly clientUnknown?: string | null },
): Promise<SpfVerdict> => {
  if (facts.clientIp === undefined)
    return unchecked(parts.clientUnknown ?? 'the client address is unknown, so SPF could not be checked');
  const check = (question: SpfQuestion | null): Promise<SpfCheck> | null =>
    question && (parts.strict ? checkStrictly(question, parts) : checkByMailauth(question, parts, false));
  const [mailFromCheck, heloCheck] = await Promise.all([
    check(spfQuestion('mailfrom', facts)),
    check(spfQuestion('helo', facts)),
  ]);
  const checks = { mailFrom: mailFromCheck, helo: heloCheck };
  if (facts.mailFrom === undefined)
    return { ...unchecked('MAIL FROM is unknown, so its domain could not be checked'), ...checks };
  const counting = mailFromCheck ?? heloCheck;
  if (counting === null) {
    return unchecked('the reverse-path is null and HELO gives no domain name, so there is no identity to check');
  }
  const { result, identity, domain } = counting;
  return { result, identity, domain, ...checks };
};

/**
 * What to ask for an identity.
 * @returns null when the facts give no such identity, or no client address
 */
export const spfQuestion = (
  identity: SpfCheck['identity'],
  { clientIp, mailFrom, helo = '' }: SmtpFacts,
): SpfQuestion | null => {
  if (clientIp === undefined) return null;
  if (identity === 'mailfrom') {
    if (mailFrom === undefined || isNullReversePath(mailFrom)) return null;
    return { identity, sender: mailFrom.replace(/^<(.*)>$/s, '$1'), clientIp, helo };
  }
  const name = helo.replace(/\.$/, '');
  return name === '' || isAddressLiteral(helo) ? null : { identity, sender: name, clientIp, helo: name };
};

const unchecked = (reason: string): SpfVerdict => ({
  result: 'none',
  identity: null,
  domain: null,
  reason,
  mailFrom: null,
  helo: null,
});

/**
 * An address literal (RFC 5321 section 4.1.3) or a bare address: not a domain that could publish a
 * record.
 */
const isAddressLiteral = (helo: string): boolean => helo.startsWith('[') || isIP(helo) !== 0;
