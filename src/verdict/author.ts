/**
 * The Author Domain of a message (RFC 9989 section 5.3.1): the one domain of its one From field, as the one reader of addresses finds it. Anything else (no From,
 * two of them, mailboxes of several domains, a field that leaves the grammar) is told apart and never guessed at.
 */
import { isUtf8 } from 'node:buffer';
import { domainToASCII } from 'node:url';
import { normalizeName } from '../dns/name.ts';
import { readAddresses } from '../message/address.ts';
import { fieldsNamed, type HeaderField, type Message } from '../message/message.ts';

/** From fields that are read; a message may have one. */
const MAX_FIELDS = 20;
/** Addresses of From that a verdict shows. */
const MAX_ADDRESSES = 20;
/** Author domains whose policies are looked up: each costs a Tree Walk, and no honest message has so many authors. */
const MAX_DOMAINS = 10;
/** Characters of an address that a verdict shows: 64 octets of local-part, "@", 255 of domain (RFC 5321 section 4.5.3.1). */
const MAX_ADDRESS_CHARACTERS = 320;

/** The author of a message, or why there is not exactly one. */
export type Author = {
  /** Addresses of the From fields, at most 20, each at most 320 characters. */
  addresses: string[];
  /** The first of them, when there is one author domain. */
  address: string | null;
  /** Lower case, A-labels, without the last dot; null when there is not exactly one. */
  domain: string | null;
  /** The author domains of one From field that names several; else empty. At most 10: with more, the field counts as one that cannot be read. */
  domains: string[];
  /** Why there is none. */
  reason: string | null;
};

/** Reads the author; never throws. */
export const readAuthor = (message: Message): Author => {
  const fields = fieldsNamed(message, 'from');
  const read = fields.slice(0, MAX_FIELDS).map((field) => ({ field, list: readAddresses(field.value()) }));
  const addresses = read
    .flatMap(({ list }) => list.mailboxes)
    .slice(0, MAX_ADDRESSES)
    .map(({ address }) => address.slice(0, MAX_ADDRESS_CHARACTERS));
  const nobody = (reason: string): Author => ({ addresses, address: null, domain: null, domains: [], reason });
  if (fields.length > 1)
    return nobody('the message has more than one From field, and a reader may be shown any of them');
  const [only] = read;
  if (only === undefined) return nobody('the message has no From field with a domain');
  const { field, list } = only;
  const [fault] = list.faults;
  if (fault !== undefined) {
    const octet = Buffer.byteLength(field.value().slice(0, fault.position));
    return nobody(`the From field cannot be read: ${fault.reason}, at octet ${octet} of its body`);
  }
  if (list.truncated) return nobody('the From field is too long to be read');
  if (list.mailboxes.length === 0) return nobody('the message has no From field with a domain');
  const domains = new Set(list.mailboxes.map(({ domain }) => authorDomain(domain, field)));
  if (domains.has(null)) return nobody('the From field has an address whose domain cannot be read');
  const [domain = null] = domains;
  if (domains.size > 1) {
    const several = nobody('the From field names mailboxes of several domains');
    return domains.size > MAX_DOMAINS ? several : { ...several, domains: [...domains].filter((one) => one !== null) };
  }
  return { addresses, address: addresses[0] ?? null, domain, domains: [], reason: null };
};

const ADDRESS_LITERAL = /^\[[0-9a-z.:]+\]$/;
const HOST_NAME = /^[a-z0-9_.-]+$/;
/** ASCII that no domain holds, and the characters that IDNA maps to a dot, so that the labels that a reader sees are those that are looked up. */
const NO_DOMAIN = /[\0-,/:-@[-^`{-\x7f\u3002\uff0e\uff61]/;
const NOT_ASCII = /[^\0-\x7f]/;

/** A domain in the spelling of DNS. @returns null when it cannot be a name of DNS (RFC 1035 section 2.3.4, RFC 5890) or an address literal */
const authorDomain = (written: string, field: HeaderField): string | null => {
  if (written.length > 1000) return null;
  const domain = written.toLowerCase();
  if (ADDRESS_LITERAL.test(domain)) return domain;
  if (NO_DOMAIN.test(domain)) return null;
  // Octets that are no UTF-8 have no characters that IDNA could map (RFC 6532 section 3.1).
  if (NOT_ASCII.test(domain) && !isUtf8(field.raw)) return null;
  const name = NOT_ASCII.test(domain) ? domainToASCII(domain) : domain;
  return HOST_NAME.test(name) ? normalizeName(name) : null;
};
