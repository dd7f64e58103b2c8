/** The authenticated identifiers of a message, as DMARC takes them (RFC 9989 section 4.4). Pure. */
import { domainToASCII } from 'node:url';
import type { DkimSignature } from '../../../schemas/dkim.ts';
import type { SpfVerdict } from '../../../schemas/spf.ts';
import type { VerdictSettings } from '../../../schemas/verdict.ts';
import type { Identifiers } from '../../dmarc/reading.ts';

/** A domain as identifiers are compared: A-labels, lower case, without the last dot. */
export const comparable = (domain: string): string =>
  (/[^\x20-\x7e]/.test(domain) ? domainToASCII(domain) || domain : domain).toLowerCase().replace(/\.$/, '');

/** The domain of an address; the text itself where it is a domain. */
export const domainOf = (text: string): string => text.slice(text.lastIndexOf('@') + 1);

/**
 * Identifiers that passed, and those that a failure left open. A signature whose l= leaves body
 * unsigned is no ground for DMARC where the settings say so.
 */
export const toIdentifiers = (
  spf: SpfVerdict,
  signatures: readonly DkimSignature[],
  { bodyLength }: Pick<VerdictSettings, 'bodyLength'>,
): Identifiers => ({
  spf: spf.domain === null ? [] : states(spf.result).map((state) => ({ domain: comparable(spf.domain ?? ''), state })),
  dkim: signatures.flatMap(({ sdid, result, uncoveredBytes }) => {
    if (sdid === null || (bodyLength === 'reject' && (uncoveredBytes ?? 0) > 0)) return [];
    return states(result).map((state) => ({ domain: comparable(sdid), state }));
  }),
});

const states = (result: string): ('pass' | 'unknown')[] =>
  result === 'pass' ? ['pass'] : result === 'temperror' ? ['unknown'] : [];

/**
 * True when an SDID and the Author Domain share their registered part as far as can be known
 * without a question: one is the other or above it, or both end alike.
 */
export const mayAlign = (sdid: string, authorDomain: string | null): boolean => {
  if (authorDomain === null) return false;
  const domain = comparable(sdid);
  if (domain === authorDomain || authorDomain.endsWith(`.${domain}`) || domain.endsWith(`.${authorDomain}`))
    return true;
  const tail = (name: string): string => name.split('.').slice(-2).join('.');
  return domain.includes('.') && tail(domain) === tail(authorDomain);
};
