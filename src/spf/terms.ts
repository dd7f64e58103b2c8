/**
 * What the evaluation and the domain view read out of a record in the same way: which terms cause a
 * lookup, which hosts of an MX answer are asked for, whether a
 * redirect has an effect. Pure. RFC 7208 sections 4.6.4, 5.4 and 6.1.
 */
import type { RecordType } from '../../schemas/dns.ts';
import type { IpAddress } from '../ip/address.ts';
import type { SpfMechanism, SpfModifier, SpfTerm, SpfUnreadableTerm } from '../records/spf.ts';
import { isDnsName } from './target-name.ts';

/** A term that causes a lookup (RFC 7208 section 4.6.4). */
type LookupTerm =
  | Exclude<SpfMechanism, { name: 'all' | 'ip4' | 'ip6' }>
  | (Extract<SpfModifier, { kind: 'modifier' }> & { readonly name: 'redirect' });

/** True for `include`, `a`, `mx`, `ptr`, `exists` and `redirect`. */
export const causesLookup = (term: SpfTerm | SpfUnreadableTerm): term is LookupTerm => {
  switch (term.kind) {
    case 'mechanism':
      return term.name !== 'all' && term.name !== 'ip4' && term.name !== 'ip6';
    case 'modifier':
      return term.name === 'redirect';
    case 'unknown-modifier':
    case 'unreadable':
      return false;
    default:
      throw term satisfies never;
  }
};

/** True where an `all` takes its effect from a redirect (RFC 7208 section 6.1). */
export const hasAll = (terms: readonly (SpfTerm | SpfUnreadableTerm)[]): boolean =>
  terms.some((term) => term.kind === 'mechanism' && term.name === 'all');

/** The type of the address records that are asked for a client. */
export const addressTypeOf = ({ family }: IpAddress): RecordType => (family === 4 ? 'A' : 'AAAA');

/**
 * The hosts of an MX answer by preference, as far as DNS can carry them. A null MX (RFC 7505) has
 * the empty exchange.
 */
export const mxHosts = (records: readonly unknown[]): string[] =>
  records
    .filter((record): record is MxRecord => typeof record === 'object' && record !== null && 'exchange' in record)
    .toSorted((left, right) => left.priority - right.priority)
    .map(({ exchange }) => exchange)
    .filter((exchange) => exchange !== '' && exchange !== '.' && isDnsName(exchange));

type MxRecord = { readonly priority: number; readonly exchange: string };
