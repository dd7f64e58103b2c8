/**
 * The zone of a suite case as a lookup: absent names are NXDOMAIN, or NODATA when a name below them
 * exists; CNAMEs are followed; `ERROR` is a failure. Names may hold any byte, which is why this is
 * not a zone file.
 */
import type { RecordData } from '../../schemas/dns.ts';
import type { ServerFailure } from '../../src/dns/failure.ts';
import type { Answer, Lookup } from '../../src/dns/lookup.ts';
import { normalizeName } from '../../src/dns/name.ts';
import type { SuiteZone } from './suite-case.ts';

const FAILURES: Readonly<Record<string, ServerFailure>> = {
  TIMEOUT: 'timeout',
  SERVFAIL: 'servfail',
  EBADRESP: 'badresp',
};
const TTL_SECONDS = 300;
const MAX_LINKS = 11;

/** Makes the lookup of one case; nothing is remembered between cases. */
export const suiteLookup = (zone: SuiteZone): Lookup => {
  const names = new Map(Object.entries(zone).map(([name, sets]) => [name.toLowerCase().replace(/\.$/, ''), sets]));
  const negative = (kind: 'nodata' | 'nxdomain'): Answer => ({
    kind,
    ttlSeconds: TTL_SECONDS,
    authenticated: false,
    source: 'zone',
  });
  const ask = (name: string, type: string, links: number): Answer => {
    const sets = names.get(name);
    if (sets === undefined)
      return negative([...names.keys()].some((other) => other.endsWith(`.${name}`)) ? 'nodata' : 'nxdomain');
    const records = sets[type] as unknown[] | undefined;
    if (records !== undefined && records.length > 0) {
      const data = records.map((record) => recordData(type, record));
      return {
        kind: 'records',
        records: Object.freeze(data),
        ttlSeconds: TTL_SECONDS,
        authenticated: false,
        source: 'zone',
      };
    }
    // A failure of `*` is that of every type without records.
    const errors = sets.ERROR as Record<string, string> | undefined;
    const error = errors?.[type] ?? errors?.['*'];
    if (error !== undefined) return { kind: 'failure', failure: FAILURES[error] ?? 'servfail', source: 'zone' };
    const target = type === 'CNAME' ? undefined : (sets.CNAME as string[] | undefined)?.[0];
    if (target === undefined) return negative('nodata');
    const next = normalizeName(target);
    if (next === null) return negative('nodata');
    return links < MAX_LINKS ? ask(next, type, links + 1) : { kind: 'failure', failure: 'servfail', source: 'zone' };
  };
  return async ({ name, type }) => {
    const normalized = normalizeName(name);
    return normalized === null ? { kind: 'failure', failure: 'badname', source: 'local' } : ask(normalized, type, 0);
  };
};

const recordData = (type: string, record: unknown): RecordData => {
  if (type === 'TXT' || type === 'SPF') return Array.isArray(record) ? record.map(String) : [String(record)];
  if (typeof record === 'object' && record !== null && 'exchange' in record) {
    const { priority, exchange } = record as { priority: number; exchange: string };
    return { priority, exchange: exchange.replace(/\.$/, '') };
  }
  return String(record).replace(/\.$/, '');
};
