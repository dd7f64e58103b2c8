/**
 * DNS in memory for tests of SPF: the same names as a `Lookup` for check_host() and as the resolver
 * function that mailauth takes. Follows CNAMEs, tells NODATA from NXDOMAIN by names below, and
 * fails where a case says so. Keeps the list of questions asked.
 */
import type { RecordData, RecordType } from '../../schemas/dns.ts';
import type { Answer, Lookup } from '../../src/dns/lookup.ts';

/**
 * Record sets of a name. TXT records are texts or lists of character-strings; `ERROR` maps a type,
 * or `*`, to a failure.
 */
export type ZoneName = {
  readonly A?: readonly string[];
  readonly AAAA?: readonly string[];
  readonly TXT?: readonly (string | readonly string[])[];
  readonly MX?: readonly { readonly priority: number; readonly exchange: string }[];
  readonly PTR?: readonly string[];
  readonly CNAME?: string | readonly string[];
  readonly ERROR?: { readonly [type: string]: 'TIMEOUT' | 'SERVFAIL' | 'EBADRESP' };
};

/** All names of a case, without last dots. */
export type MemoryZone = { readonly [name: string]: ZoneName };

const FAILURES = { TIMEOUT: 'timeout', SERVFAIL: 'servfail', EBADRESP: 'badresp' } as const;
const CODES = { timeout: 'ETIMEOUT', servfail: 'ESERVFAIL', badresp: 'EBADRESP' } as const;

/** A lookup over a zone. `asked` receives each question as `TYPE name`. */
export const memoryLookup = (zone: MemoryZone, asked: string[] = []): Lookup => {
  const names = new Map(Object.entries(zone).map(([name, sets]) => [name.toLowerCase().replace(/\.$/, ''), sets]));
  const isAbove = (name: string) => [...names.keys()].some((other) => other.endsWith(`.${name}`));

  const answer = (name: string, type: RecordType, links: number): Answer => {
    const sets = names.get(name);
    const negative = { ttlSeconds: 60, authenticated: false, source: 'zone' } as const;
    if (sets === undefined) return { kind: isAbove(name) ? 'nodata' : 'nxdomain', ...negative };
    // `*` stands for the types that have no records.
    const failure = sets.ERROR?.[type] ?? (sets[type as keyof ZoneName] === undefined ? sets.ERROR?.['*'] : undefined);
    if (failure !== undefined) return { kind: 'failure', failure: FAILURES[failure], source: 'zone' };
    const records = sets[type as keyof ZoneName] as readonly RecordData[] | undefined;
    if (records !== undefined && records.length > 0) {
      const shaped = type === 'TXT' ? records.map((text) => (typeof text === 'string' ? [text] : text)) : records;
      return { kind: 'records', records: shaped as RecordData[], ttlSeconds: 60, authenticated: false, source: 'zone' };
    }
    const [alias] = [sets.CNAME ?? []].flat();
    if (alias === undefined) return { kind: 'nodata', ...negative };
    if (links >= 8) return { kind: 'failure', failure: 'servfail', source: 'zone' };
    return answer(alias.toLowerCase().replace(/\.$/, ''), type, links + 1);
  };

  return async ({ name, type }) => {
    asked.push(`${type} ${name}`);
    return answer(name.toLowerCase().replace(/\.$/, ''), type, 0);
  };
};

/**
 * The same zone as the resolver of mailauth: answers like `dns.promises.resolve`, errors with its
 * codes.
 */
export const memoryResolver = (zone: MemoryZone) => {
  const lookup = memoryLookup(zone);
  return async (name: string, type: string): Promise<unknown[]> => {
    const answer = await lookup({ name, type: type as RecordType }, Number.POSITIVE_INFINITY);
    switch (answer.kind) {
      case 'records':
        return [...answer.records];
      case 'nodata':
        throw Object.assign(new Error(`no ${type} of ${name}`), { code: 'ENODATA' });
      case 'nxdomain':
        throw Object.assign(new Error(`no ${name}`), { code: 'ENOTFOUND' });
      case 'failure':
        throw Object.assign(new Error(`failed: ${name}`), { code: CODES[answer.failure as keyof typeof CODES] });
      default:
        throw answer satisfies never;
    }
  };
};
