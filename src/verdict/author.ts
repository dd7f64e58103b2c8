/**
 * The Author Domain of a message (RFC 9989 section 5.3.1): the one domain of its one From field, as
 * the one reader of addresses finds it. Anything else (no From, two of them, mailboxes of several
 * domains, a field that leaves the grammar) has a reason of its own and is never guessed at.
 */
import { isUtf8 } from 'node:buffer';
import { isIPv4, isIPv6 } from 'node:net';
import { domainToASCII, domainToUnicode } from 'node:url';
import { limitText, type ReachedLimit, reached } from '../../schemas/limit.ts';
import { normalizeName } from '../dns/name.ts';
import { ADDRESS_FAULTS, type AddressFault, type AddressRemark, type Spot } from '../message/address/grammar.ts';
import {
  type AddressList,
  DEFAULT_ADDRESS_LIMITS,
  MAX_COMMENTS,
  readAddresses,
} from '../message/address/read-addresses.ts';
import { fieldsNamed, type HeaderField, type Message } from '../message/message.ts';

/** From fields that are read; a message may have one. */
const MAX_FIELDS = 20;
/** Addresses of From that a verdict shows. */
const MAX_ADDRESSES = 20;
/**
 * Author domains whose policies are looked up: each costs a Tree Walk, and no honest message has so
 * many authors (RFC 9989 section 11.5 asks for such a limit).
 */
const MAX_DOMAINS = 10;
/** Octets of a local-part, "@", octets of a domain (RFC 5321 sections 4.5.3.1.1, 4.5.3.1.2). */
export const MAX_ADDRESS_CHARACTERS = 64 + 1 + 255;

/** One From field as it was read. */
type FromField = AddressList & {
  readonly faults: readonly FieldSpot<AddressFault>[];
  readonly remarks: readonly FieldSpot<AddressRemark>[];
};

/** A word about a field, and the octet of its unfolded body that it speaks of, from 0. */
export type FieldSpot<Word extends string> = Spot<Word> & { readonly octet: number };

/** The author of a message, or why there is not exactly one. */
export type Author = {
  /** The From fields, at most 20. */
  fields: readonly FromField[];
  /** Addresses of the From fields, at most 20, each at most 320 characters. */
  addresses: string[];
  /** The first of them, when there is one author domain. */
  address: string | null;
  /** Lower case, A-labels, without the last dot; null when there is not exactly one. */
  domain: string | null;
  /**
   * The author domains of one From field that names several; else empty. At most 10: with more, the
   * field counts as one that cannot be read.
   */
  domains: string[];
  /** Why there is none. */
  reason: string | null;
  /** The limit of ours that is the reason; null: none is. */
  limit: ReachedLimit | null;
};

/** Reads the author; never throws. */
export const readAuthor = (message: Message): Author => {
  const found = fieldsNamed(message, 'from');
  const fields = found.slice(0, MAX_FIELDS).map(readField);
  const addresses = fields
    .flatMap(({ mailboxes }) => mailboxes)
    .slice(0, MAX_ADDRESSES)
    .map(({ address }) => address.slice(0, MAX_ADDRESS_CHARACTERS));
  const nobody = (reason: string, limit: ReachedLimit | null = null): Author => ({
    fields,
    addresses,
    address: null,
    domain: null,
    domains: [],
    reason,
    limit,
  });
  if (found.length > 1)
    return nobody('the message has more than one From field, and a reader may be shown any of them');
  const [[raw], [field]] = [found, fields];
  if (raw === undefined || field === undefined) return nobody('the message has no From field with a domain');
  const { maxChars, maxMailboxes } = DEFAULT_ADDRESS_LIMITS;
  const tooMuch = (limit: ReachedLimit): Author =>
    nobody(`the From field is not read because of ${limitText(limit)}`, limit);
  // What is cut off may look like a fault of its own.
  if (raw.value().length > maxChars) return tooMuch(reached('author-characters', maxChars));
  const [fault] = field.faults;
  if (fault !== undefined) {
    const { about } = ADDRESS_FAULTS[fault.word];
    return nobody(`the From field cannot be read: ${about}, at octet ${fault.octet} of its body`);
  }
  if (field.truncated) {
    const hasManyAddresses = field.mailboxes.length >= maxMailboxes || field.groups.length > maxMailboxes;
    return tooMuch(
      hasManyAddresses ? reached('author-addresses', maxMailboxes) : reached('author-comments', MAX_COMMENTS),
    );
  }
  if (field.mailboxes.length === 0) return nobody('the message has no From field with a domain');
  const domains = new Set(field.mailboxes.map(({ domain }) => authorDomain(domain, raw)));
  if (domains.has(null)) return nobody('the From field has an address whose domain cannot be read');
  const [domain = null] = domains;
  if (domains.size > 1) {
    const several = nobody('the From field names mailboxes of several domains');
    if (domains.size <= MAX_DOMAINS) return { ...several, domains: [...domains].filter((one) => one !== null) };
    return { ...several, limit: reached('author-domains', MAX_DOMAINS) };
  }
  return { fields, addresses, address: addresses[0] ?? null, domain, domains: [], reason: null, limit: null };
};

const readField = (field: HeaderField): FromField => {
  const body = field.value();
  const list = readAddresses(body);
  // A body that is no UTF-8 was read as one character an octet.
  const encoding = isUtf8(field.raw) ? 'utf8' : 'latin1';
  const inOctets = <Word extends string>(spots: readonly Spot<Word>[]): FieldSpot<Word>[] =>
    spots.map((spot) => ({ ...spot, octet: Buffer.byteLength(body.slice(0, spot.position), encoding) }));
  return { ...list, faults: inOctets(list.faults), remarks: inOctets(list.remarks) };
};

const HOST_NAME = /^[a-z0-9_.-]+$/;
/**
 * ASCII that no domain holds, and the characters that IDNA maps to a dot, so that the labels that a
 * reader sees are those that are looked up.
 */
const NO_DOMAIN = /[\0-,/:-@[-^`{-\x7f\u3002\uff0e\uff61]/;
const NOT_ASCII = /[^\0-\x7f]/;

/**
 * A domain in the spelling of DNS.
 * @returns null for what is no address literal and no name of DNS (RFC 1035 section 2.3.4, RFC
 * 5890)
 */
const authorDomain = (written: string, field: HeaderField): string | null => {
  if (written.length > 1000) return null;
  const domain = written.toLowerCase();
  if (domain.startsWith('[')) {
    // Folding white space inside of the brackets means nothing (RFC 5322 section 3.4.1).
    const literal = domain.replace(/[ \t\r\n]/g, '');
    return isAddressLiteral(literal) ? literal : null;
  }
  if (NO_DOMAIN.test(domain)) return null;
  // Octets that are no UTF-8 have no characters that IDNA could map (RFC 6532 section 3.1).
  if (NOT_ASCII.test(domain) && !isUtf8(field.raw)) return null;
  const name = NOT_ASCII.test(domain) ? fromULabels(domain) : domain;
  return HOST_NAME.test(name) ? normalizeName(name) : null;
};

/** True for an IPv4 or IPv6 address in its brackets (RFC 5321 section 4.1.3), in lower case. */
const isAddressLiteral = (literal: string): boolean => {
  const address = literal.slice(1, -1);
  return address.startsWith('ipv6:') ? isIPv6(address.slice('ipv6:'.length)) : isIPv4(address);
};

/**
 * The A-labels of a domain of U-labels; "" where they do not lead back to it, as with characters
 * that are invisible and mapped to nothing: those make no U-label (RFC 5890 section 2.3.2.1).
 */
const fromULabels = (domain: string): string => {
  const written = domain.normalize('NFC').split('.');
  const labels = domainToASCII(domain).split('.');
  const leadsBack = labels.every((label, at) => label === written[at] || domainToUnicode(label) === written[at]);
  return labels.length === written.length && leadsBack ? labels.join('.') : '';
};
