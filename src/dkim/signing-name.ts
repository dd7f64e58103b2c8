/**
 * The names a signature gives: SDID, selector and the domain of the AUID, as names that DNS can
 * hold. Internationalized labels become A-labels (RFC 8616 section 3); what cannot be a DNS name is
 * null, so that it never reaches a resolver. RFC 6376 section 3.5, RFC 1035 section 2.3.4.
 */
import { domainToASCII, domainToUnicode } from 'node:url';

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
// domain-name = sub-domain 1*("." sub-domain)
const DOMAIN_NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})+$`);
// selector = sub-domain *("." sub-domain)
const SELECTOR = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
const LABEL_WITH_UNDERSCORE = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const SELECTOR_WITH_UNDERSCORE = new RegExp(`^${LABEL_WITH_UNDERSCORE}(?:\\.${LABEL_WITH_UNDERSCORE})*$`);
/** Longest name without its last dot (RFC 1035 section 2.3.4). */
const MAX_NAME = 253;

const isAscii = (text: string) => /^[\x00-\x7f]*$/.test(text);

/** One label in lower case as DNS holds it, or null when it has none such form. */
const aLabel = (label: string): string | null => {
  if (isAscii(label)) return label.toLowerCase();
  const ascii = domainToASCII(label);
  // Mapped rather than converted (a full-width letter, say): not a U-label (RFC 5890 section
  // 2.3.2.1).
  return ascii !== '' && domainToUnicode(ascii) === label.normalize('NFC').toLowerCase() ? ascii : null;
};

const toName = (bytes: string, pattern: RegExp): string | null => {
  if (bytes.length > 4 * MAX_NAME) return null;
  const text = isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8');
  const labels = text.split('.').map(aLabel);
  const name = labels.join('.');
  return labels.includes(null) || name.length > MAX_NAME || !pattern.test(name) ? null : name;
};

/**
 * A domain-name of d= or i= (RFC 6376 section 3.5): at least two labels of letters, digits and
 * hyphens.
 * @param bytes one byte a code unit
 * @returns lower case, A-labels; null when it is no such name
 */
export const signingDomain = (bytes: string): string | null => toName(bytes, DOMAIN_NAME);

/**
 * A selector of s= (RFC 6376 section 3.1), likewise, or one that is none for its underscores only:
 * some programs and services make such, so whoever asks decides with `isSelector` what they are
 * worth.
 */
export const selectorName = (bytes: string): string | null => toName(bytes, SELECTOR_WITH_UNDERSCORE);

/**
 * True for a selector by the grammar of RFC 6376 section 3.1, which has no underscore.
 * @param name as `selectorName` gives it, or any other text
 */
export const isSelector = (name: string): boolean => name.length <= MAX_NAME && SELECTOR.test(name);

/**
 * Name of the key record (RFC 6376 section 3.6.2.1), or null when the name is longer than DNS
 * allows.
 */
export const keyRecordName = (selector: string, sdid: string): string | null => {
  const name = `${selector}._domainkey.${sdid}`;
  return name.length > MAX_NAME ? null : name;
};

/** True when `domain` is `parent` or below it. Both as `signingDomain` gives them. */
export const isWithin = (domain: string, parent: string): boolean => domain === parent || domain.endsWith(`.${parent}`);

/** Displays a name that may be no DNS name: lower case, bytes as UTF-8. */
export const shownName = (bytes: string): string =>
  (isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8')).slice(0, 4 * MAX_NAME).toLowerCase();
