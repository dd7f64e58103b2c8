/**
 * One question and what it means to a posture: records, their absence, or a failure that names the
 * question. A failure is carried on as such and never becomes an absence (RFC 9520); a name that
 * DNS cannot carry has no records and is an absence.
 */
import type { RecordData, RecordType } from '../../schemas/dns.ts';
import { limitText } from '../../schemas/limit.ts';
import type { DnsFailure } from '../../schemas/posture/state.ts';
import { failureOf } from '../dns/failure.ts';
import type { Answer } from '../dns/lookup.ts';
import { printableName } from '../dns/name.ts';
import { txtTexts } from '../records/txt.ts';

/** Asks one question within the budget and the deadline of an assessment; never rejects. */
export type Ask = (name: string, type: RecordType) => Promise<Answer>;

/** Records, none, or a failure. */
export type Found<Value> =
  | { readonly kind: 'found'; readonly values: readonly Value[]; readonly authenticated: boolean }
  | { readonly kind: 'absent'; readonly nxdomain: boolean; readonly authenticated: boolean }
  | { readonly kind: 'dns-failure'; readonly failure: DnsFailure };

/**
 * The beginning of a sentence on a failure, to go on with "for" and what was asked for.
 * @param failure undefined where it is not known
 */
export const noAnswer = (failure: Pick<DnsFailure, 'failure' | 'limit'> | undefined): string =>
  failure?.limit === undefined
    ? `DNS gave no answer (${failure?.failure ?? 'failure'})`
    : `DNS gave no answer within ${limitText(failure.limit)}`;

const read = async <Value>(
  ask: Ask,
  name: string,
  type: RecordType,
  pick: (records: readonly RecordData[]) => Value[],
): Promise<Found<Value>> => {
  const answer = await ask(name, type);
  switch (answer.kind) {
    case 'records': {
      const values = pick(answer.records);
      const { authenticated } = answer;
      return values.length > 0
        ? { kind: 'found', values, authenticated }
        : { kind: 'absent', nxdomain: false, authenticated };
    }
    case 'nodata':
    case 'nxdomain':
      return { kind: 'absent', nxdomain: answer.kind === 'nxdomain', authenticated: answer.authenticated };
    case 'failure':
      if (answer.failure === 'badname') return { kind: 'absent', nxdomain: true, authenticated: false };
      return { kind: 'dns-failure', failure: { name: printableName(name), type, ...failureOf(answer) } };
    default:
      return answer satisfies never;
  }
};

/** The texts of the TXT records at a name, the strings of each joined. */
export const askTexts = (ask: Ask, name: string): Promise<Found<string>> => read(ask, name, 'TXT', txtTexts);

/** Addresses, or the names that records of type CNAME, NS or PTR lead to. */
export const askNames = (ask: Ask, name: string, type: 'A' | 'AAAA' | 'CNAME' | 'NS' | 'PTR'): Promise<Found<string>> =>
  read(ask, name, type, (records) => records.filter((record): record is string => typeof record === 'string'));

/** An MX record. */
export type MxRecord = { readonly priority: number; readonly exchange: string };

/** MX records by preference, the root as "". */
export const askMx = (ask: Ask, name: string): Promise<Found<MxRecord>> =>
  read(ask, name, 'MX', (records) =>
    records
      .flatMap((record) => (typeof record === 'object' && 'exchange' in record ? [record] : []))
      .map(({ priority, exchange }) => ({ priority, exchange: exchange.replace(/\.$/, '').toLowerCase() }))
      .toSorted((one, other) => one.priority - other.priority),
  );

/**
 * The A and AAAA records of a name, asked at once. A family that fails makes the whole a failure
 * only where the other one has no records.
 */
export const askAddresses = async (ask: Ask, name: string): Promise<Found<string>> => {
  const [ip4, ip6] = await Promise.all([askNames(ask, name, 'A'), askNames(ask, name, 'AAAA')]);
  const values = [ip4, ip6].flatMap((found) => (found.kind === 'found' ? found.values : []));
  const authenticated = [ip4, ip6].every((found) => found.kind !== 'dns-failure' && found.authenticated);
  if (values.length > 0) return { kind: 'found', values, authenticated };
  if (ip4.kind === 'dns-failure') return ip4;
  if (ip6.kind === 'dns-failure') return ip6;
  return { kind: 'absent', nxdomain: ip4.kind === 'absent' && ip4.nxdomain, authenticated };
};
