/**
 * The domain that a caller wrote, as it is asked and as it is shown: U-labels in, A-labels asked,
 * both given (RFC 5891 section 5). What has no A-label, or has one that reads back as something
 * else, is refused and never asked.
 */
import { domainToASCII, domainToUnicode } from 'node:url';
import { DomainName } from '../../schemas/domain-name.ts';
import { normalizeName } from '../dns/name.ts';

/** A domain in its two spellings, without the last dot. */
export type Domain = {
  readonly given: string;
  /** A-labels in lower case. */
  readonly ascii: string;
  /** U-labels where the name has any, else as `ascii`. */
  readonly unicode: string;
};

/** A domain, or one sentence on what is wrong with the text. */
type ReadDomain =
  | { readonly kind: 'domain'; readonly domain: Domain }
  | { readonly kind: 'fault'; readonly message: string };

/** Reads a domain name. Never throws. */
export const readDomain = (text: string): ReadDomain => {
  const checked = DomainName.safeParse(text);
  if (!checked.success) return { kind: 'fault', message: checked.error.issues[0]?.message ?? 'must be a domain name' };
  const bare = text.replace(/\.$/, '');
  const ascii = /[^\x20-\x7e]/.test(bare) ? toALabels(bare) : normalizeName(bare);
  if (ascii === null)
    return {
      kind: 'fault',
      message: 'must be a name that DNS can carry: its labels have no A-labels of 63 characters',
    };
  const shown = domainToUnicode(ascii);
  // An A-label that does not decode, or decodes to what encodes otherwise, names nothing that a
  // person could have registered (RFC 5891 section 5.4).
  if (/(?:^|\.)xn--/.test(ascii) && (/(?:^|\.)xn--/.test(shown) || domainToASCII(shown) !== ascii))
    return { kind: 'fault', message: 'must have valid A-labels: one beginning with "xn--" cannot be read' };
  return { kind: 'domain', domain: { given: text, ascii, unicode: shown === '' ? ascii : shown } };
};

/**
 * Mapping may make other characters into dots or digits, so what comes out is checked as if it had
 * been written.
 */
const toALabels = (text: string): string | null => {
  const ascii = domainToASCII(text);
  return ascii !== '' && DomainName.safeParse(ascii).success ? normalizeName(ascii) : null;
};
