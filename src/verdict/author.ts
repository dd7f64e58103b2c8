/**
 * The Author Domain of a message (RFC 9989 section 5.3.1): the one domain of its one From field. Anything else (no From, two of them, mailboxes of several
 * domains, an address that cannot be read) is told apart and never merged into one.
 */
import { fieldsNamed, type Message } from '../message/message.ts';
import { mailauthAuthor } from './mailauth.ts';

/** Longest From field that is read, in characters; a longer one names no author that a person could see. */
const MAX_FROM_CHARACTERS = 65_536;
/** Addresses of From that a verdict shows. */
const MAX_ADDRESSES = 20;

/** The author of a message, or why there is not exactly one. */
export type Author = {
  /** Addresses of the From fields, at most 20, each at most 320 characters. */
  addresses: string[];
  /** The first of them, when there is one author domain. */
  address: string | null;
  /** Lower case, A-labels, without the last dot; null when there is not exactly one. */
  domain: string | null;
  /** Why there is none. */
  reason: string | null;
};

const REASONS: Readonly<Record<string, string>> = {
  'no-author-domain': 'the message has no From field with a domain',
  'multiple-author-domains': 'the From field names mailboxes of several domains',
  'multiple-from-fields': 'the message has more than one From field, and a reader may be shown any of them',
  'invalid-author-domain': 'the From field has an address whose domain cannot be read',
};

/** Reads the author; never throws. */
export const readAuthor = (message: Message): Author => {
  const bodies = fieldsNamed(message, 'from').map((field) => field.value());
  const nobody = (reason: string): Author => ({ addresses: [], address: null, domain: null, reason });
  if (bodies.some((body) => body.length > MAX_FROM_CHARACTERS)) return nobody('the From field is too long to be read');
  const { addresses, author } = mailauthAuthor(bodies);
  const shown = addresses.slice(0, MAX_ADDRESSES).map((address) => address.slice(0, 320));
  if ('reason' in author) {
    return {
      addresses: shown,
      address: null,
      domain: null,
      reason: REASONS[author.reason] ?? 'the author domain cannot be read',
    };
  }
  return { addresses: shown, address: shown[0] ?? null, domain: author.authorDomain, reason: null };
};
