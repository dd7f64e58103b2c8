/**
 * What the transport facts say of the way a message came. Pure. RFC 3848 (transmission types), RFC
 * 3207 (STARTTLS), RFC 8314 (implicit TLS).
 */
import type { SmtpFacts, Transport } from '../../schemas/smtp.ts';

/**
 * Transmission types whose name carries an S say TLS, those with an A say AUTH (RFC 3848, RFC 4468,
 * RFC 6531).
 */
const TRANSMISSION_TYPE = /^(?:UTF8)?(?:E?SMTP|LMTP)(S?)(A?)$/i;

/**
 * Reads encryption, authentication and the null reverse-path out of the facts.
 * @returns `unknown` and null where the facts do not say; nothing is guessed
 */
export const readTransport = (facts: SmtpFacts): Transport => {
  const word = facts.protocol === undefined ? null : TRANSMISSION_TYPE.exec(facts.protocol);
  return {
    encryption: encryption(facts, word),
    authenticated: (facts.auth !== undefined && facts.auth.identity !== '') || word?.[2] ? true : word ? false : null,
    nullReversePath: facts.mailFrom === undefined ? null : isNullReversePath(facts.mailFrom),
  };
};

/** MAIL FROM:<> as facts may write it (RFC 5321 section 4.5.5). */
export const isNullReversePath = (mailFrom: string): boolean => mailFrom === '' || mailFrom === '<>';

const encryption = (facts: SmtpFacts, word: RegExpExecArray | null): Transport['encryption'] => {
  if (facts.tls?.mode === 'implicit') return 'forced';
  // RFC 3848 has one word, ESMTPS, for both ways; without the mode the weaker one is what is
  // certain.
  if (facts.tls !== undefined || word?.[1]) return 'opportunistic';
  return word ? 'none' : 'unknown';
};
