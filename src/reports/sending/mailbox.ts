/**
 * The address in a mailto URI (RFC 6068) of a DMARC record: one mailbox, a dot-atom of
 * ASCII at a domain. Anything else, which no report address needs, is none.
 */
import { normalizeName } from '../../dns/name.ts';

/** RFC 5321 section 4.5.3.1.1. */
const MAX_LOCAL_PART = 64;
const DOT_ATOM = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const DOMAIN = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)+$/;

/**
 * Reads the address.
 * @returns the local-part as written and the domain in lower case; null where it is no such address
 */
export const mailboxOf = (uri: string): string | null => {
  if (!/^mailto:/i.test(uri)) return null;
  const [written = ''] = uri.slice('mailto:'.length).split('?', 1);
  const at = written.lastIndexOf('@');
  const local = decoded(written.slice(0, Math.max(0, at)));
  const domain = normalizeName(written.slice(at + 1));
  if (local === null || local.length > MAX_LOCAL_PART || !DOT_ATOM.test(local)) return null;
  return domain === null || !DOMAIN.test(domain) ? null : `${local}@${domain}`;
};

const decoded = (text: string): string | null => {
  try {
    return decodeURIComponent(text);
  } catch {
    // %ff is no UTF-8.
    return null;
  }
};

/** A forward-path or reverse-path without its angle brackets. */
export const bareAddress = (path: string): string => path.replace(/^<|>$/g, '');

/** The domain of an address, in lower case. */
export const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1).toLowerCase();
