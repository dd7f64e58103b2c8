/**
 * Who a message really comes from, as far as that is proven: domains that pass SPF or DKIM and do
 * not align with the Author Domain, each with what it seems to be to the author. Pure. That a
 * domain is of the same organization is known from DNS; the other relations are read from fields
 * that any sender can write, and change nothing.
 */
import type { ActualSender } from '../../../schemas/author.ts';
import { isAtOrUnder } from '../../dns/name.ts';
import { fieldsNamed, type Message } from '../../message/message.ts';
import { comparable } from '../methods/identifiers.ts';
import type { AnswerGrounds } from './grounds.ts';

/** Domains that are told; a message may bear a hundred signatures. */
const MAX_SENDERS = 5;

/** Finds them, those that SPF proves first. */
export const findActual = (grounds: AnswerGrounds): ActualSender[] => {
  const { spf, dkim, dmarc } = grounds;
  const { alignment } = dmarc.rfc9989;
  const proofs = new Map<string, Set<'spf' | 'dkim'>>();
  const add = (domain: string, method: 'spf' | 'dkim'): void => {
    proofs.set(domain, (proofs.get(domain) ?? new Set()).add(method));
  };
  if (spf.result === 'pass' && spf.domain !== null && alignment.spf.aligned !== true)
    add(comparable(spf.domain), 'spf');
  for (const { result, sdid, aligned } of dkim)
    if (result === 'pass' && sdid !== null && aligned !== true) add(comparable(sdid), 'dkim');
  return [...proofs].slice(0, MAX_SENDERS).map(([domain, by]) => ({
    domain,
    by: [...by],
    relation: relationOf(domain, grounds),
  }));
};

const relationOf = (domain: string, grounds: AnswerGrounds): ActualSender['relation'] => {
  const { message, dmarc, dkim, facts, spf, arc } = grounds;
  const { organizationalDomain } = dmarc.rfc9989;
  if (dmarc.authorDomain !== null && organizationalDomain !== null && isAtOrUnder(domain, organizationalDomain))
    return 'same-organization';
  const isSealer = arc.instances.some(({ sealer }) => sealer !== null && isRelated(comparable(sealer), domain));
  // What an intermediary changed no longer verifies; what it only forwarded does.
  const isChanged = dkim.some(({ result, aligned }) => result === 'fail' && aligned === true);
  if (has(message, LIST_FIELDS) || (isSealer && isChanged)) return 'mailing-list';
  const mailFrom = spf.domain !== null && comparable(spf.domain) === domain ? (facts.mailFrom ?? '') : '';
  if (isRewritten(mailFrom) || isSealer) return 'forwarder';
  return isBounceAddress(mailFrom) || has(message, BULK_FIELDS) ? 'sending-service' : 'unknown';
};

/** Fields of a mailing list (RFC 2919, RFC 2369); List-Unsubscribe alone is on every newsletter. */
const LIST_FIELDS = ['list-id', 'list-post'];
/** Fields that services put on the mail of their customers. */
const BULK_FIELDS = ['feedback-id', 'list-unsubscribe', 'x-csa-complaints'];

const has = (message: Message, names: readonly string[]): boolean =>
  names.some((name) => fieldsNamed(message, name).length > 0);

/** True for an address as the Sender Rewriting Scheme of forwarders writes it. */
const isRewritten = (mailFrom: string): boolean => /^<?srs[01][=+-]/i.test(mailFrom);

/** True for an address that takes bounces for a program. */
const isBounceAddress = (mailFrom: string): boolean => /^<?(?:bounces?|return|verp)[^@a-z]/i.test(mailFrom);

const isRelated = (one: string, other: string): boolean => isAtOrUnder(one, other) || isAtOrUnder(other, one);
