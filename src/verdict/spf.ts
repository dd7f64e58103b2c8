/**
 * SPF of a message: the MAIL FROM identity and the HELO identity, each checked on its own (RFC 7208 sections 2.3 and 2.4), side by side. Calls mailauth
 * for the result; never guesses one when the client address or the identity is unknown.
 */
import { isIP } from 'node:net';
import type { SmtpFacts } from '../../schemas/smtp.ts';
import { type SpfCheck, SpfResult, type SpfVerdict } from '../../schemas/spf.ts';
import { type MailauthResolver, type MailauthSpf, mailauthSpf } from './mailauth.ts';
import { isNullReversePath } from './transport.ts';

/** Limits of RFC 7208 section 4.6.4. */
const LOOKUP_LIMIT = 10;
const VOID_LIMIT = 2;

/** What an SPF check needs beside the facts. */
export type SpfParts = {
  resolver: MailauthResolver;
  strict: boolean;
  /** Name for %{r} (RFC 7208 section 7.2). */
  receiver: string;
  /** Time for each check in milliseconds (RFC 7208 section 4.6.4). */
  timeMs: number;
};

/**
 * Checks both identities.
 * @returns the MAIL FROM result where MAIL FROM is known and not null, else the HELO result for the null reverse-path, else `none` with the reason
 */
export const checkSpf = async (facts: SmtpFacts, parts: SpfParts): Promise<SpfVerdict> => {
  const { clientIp, mailFrom } = facts;
  if (clientIp === undefined) return unchecked('the client address is unknown, so SPF could not be checked');
  const sender = mailFrom === undefined || isNullReversePath(mailFrom) ? null : mailFrom.replace(/^<(.*)>$/s, '$1');
  const helo = facts.helo === undefined || isAddressLiteral(facts.helo) ? null : facts.helo.replace(/\.$/, '');

  const [mailFromCheck, heloCheck] = await Promise.all([
    sender === null ? null : checkIdentity('mailfrom', sender, clientIp, facts.helo ?? '', parts),
    helo === null || helo === '' ? null : checkIdentity('helo', '', clientIp, helo, parts),
  ]);
  const checks = { mailFrom: mailFromCheck, helo: heloCheck };
  if (mailFrom === undefined)
    return { ...unchecked('MAIL FROM is unknown, so its domain could not be checked'), ...checks };
  const counting = mailFromCheck ?? heloCheck;
  if (counting === null) {
    return unchecked('the reverse-path is null and HELO gives no domain name, so there is no identity to check');
  }
  const { result, identity, domain } = counting;
  return { result, identity, domain, ...checks };
};

const unchecked = (reason: string): SpfVerdict => ({
  result: 'none',
  identity: null,
  domain: null,
  reason,
  mailFrom: null,
  helo: null,
});

/** An address literal (RFC 5321 section 4.1.3) or a bare address: not a domain that could publish a record. */
const isAddressLiteral = (helo: string): boolean => helo.startsWith('[') || isIP(helo) !== 0;

const checkIdentity = async (
  identity: 'mailfrom' | 'helo',
  sender: string,
  clientIp: string,
  helo: string,
  parts: SpfParts,
): Promise<SpfCheck> => {
  const answer = await mailauthSpf({
    sender,
    ip: clientIp,
    helo,
    mta: parts.receiver,
    strict: parts.strict,
    resolver: parts.resolver,
    maxElapsedTime: parts.timeMs,
  });
  const result = SpfResult.parse(answer.status.result);
  return {
    identity,
    domain: answer.domain,
    result,
    reason: sentence(result, answer, clientIp),
    ...(answer.explanation !== undefined && { explanation: answer.explanation.slice(0, 500) }),
    ...(answer.rr !== undefined && { record: answer.rr }),
    lookups: { used: answer.lookups?.count ?? 0, limit: answer.lookups?.limit ?? LOOKUP_LIMIT },
    voids: { used: answer.lookups?.void ?? 0, limit: VOID_LIMIT },
  };
};

const sentence = (result: SpfResult, answer: MailauthSpf, clientIp: string): string => {
  const { domain } = answer;
  switch (result) {
    case 'pass':
      return `${domain} permits ${clientIp}`;
    case 'fail':
      return `${domain} does not permit ${clientIp}`;
    case 'softfail':
      return `${domain} says that ${clientIp} is probably not permitted (~)`;
    case 'neutral':
      return `${domain} makes no statement about ${clientIp}`;
    case 'none':
      return /Invalid domain/.test(answer.status.comment ?? '')
        ? `${domain} cannot be a domain name with an SPF record`
        : `${domain} publishes no SPF record`;
    case 'temperror':
      return `a temporary failure left SPF of ${domain} unknown: ${detail(answer)}`;
    case 'permerror':
      return `the SPF record of ${domain} cannot be evaluated: ${detail(answer)}`;
    default:
      return result satisfies never;
  }
};

/** The text that mailauth puts behind its own sentence, which ends with the sender and a colon. */
const detail = (answer: MailauthSpf): string => {
  const comment = answer.status.comment ?? '';
  const at = comment.indexOf(': ', comment.indexOf('during lookup of '));
  return at < 0 ? 'no detail is known' : comment.slice(at + 2, at + 202);
};
