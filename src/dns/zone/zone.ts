/**
 * A zone file (RFC 1035 section 5) as a lookup: examples and tests answer their own names,
 * everything else goes on. Follows CNAMEs, wildcards (RFC 4592) and empty non-terminals (RFC 8020
 * section 2). Each SOA begins a zone, so that one file can hold names and their reverse; never
 * reads another file ($INCLUDE), never delegates.
 */
import type { AnswerSource, RecordData, RecordType } from '../../../schemas/dns.ts';
import { reached } from '../../../schemas/limit.ts';
import type { Answer, Lookup } from '../lookup.ts';
import { normalizeName, parentName } from '../name.ts';
import { readEntries, type ZoneError } from './zone-file.ts';
import { recordReader } from './zone-record.ts';

/** Longest file taken, in characters. */
export const MAX_ZONE_CHARACTERS = 4 * 1024 * 1024;
/** Most CNAMEs followed for one question, as Unbound does. */
export const MAX_CNAMES = 11;
/** What a longer chain gets. */
export const tooManyCnames = (source: AnswerSource): Answer => ({
  kind: 'failure',
  failure: 'limit',
  limit: reached('cname-links', MAX_CNAMES),
  source,
});
const MAX_ERRORS = 100;

/** All records of one name and type. */
type RecordSet = { readonly ttlSeconds: number; readonly records: readonly RecordData[] };

/** The records of a file by normalized name; a name with no record set is an empty non-terminal. */
type Zone = {
  /**
   * The owner of each SOA, normalized, to the TTL of a negative answer: the smaller of the SOA's
   * TTL and its MINIMUM (RFC 2308 section 5).
   */
  readonly apexes: ReadonlyMap<string, number>;
  readonly names: ReadonlyMap<string, ReadonlyMap<RecordType, RecordSet>>;
};

/** A zone, or what is wrong with its file. */
type ParsedZone =
  | { readonly ok: true; readonly zone: Zone }
  | { readonly ok: false; readonly errors: readonly ZoneError[] };

/**
 * Parses a master file: $ORIGIN, $TTL, `@`, inherited owners, TTLs with units, comments, quotes,
 * parentheses, escapes. Types that the resolver never asks for are read past; their names exist.
 * @param fileName begins the message of each error
 * @returns never throws; errors are in the order of their lines, at most 100
 */
export const parseZone = (text: string, fileName?: string): ParsedZone => {
  const errors: ZoneError[] = [];
  const onError = (error: ZoneError): void => {
    if (errors.length < MAX_ERRORS) errors.push(error);
  };
  const failed = (): ParsedZone => ({
    ok: false,
    errors: errors
      .toSorted((one, other) => one.line - other.line)
      .map(({ line, message }) => ({
        line,
        message: fileName === undefined ? message : `${fileName}:${line}: ${message}`,
      })),
  });
  if (text.length > MAX_ZONE_CHARACTERS) {
    onError({ line: 1, message: `zone file is over ${MAX_ZONE_CHARACTERS} characters` });
    return failed();
  }

  const readRecord = recordReader();
  const names = new Map<string, Map<RecordType, GrowingSet>>();
  const apexes = new Map<string, number>();
  // The line that names an owner first.
  const owners = new Map<string, number>();

  for (const entry of readEntries(text, onError)) {
    const read = readRecord(entry);
    if (read.kind === 'directive') continue;
    if (read.kind === 'error') {
      onError({ line: entry.line, message: read.message });
      continue;
    }
    const { owner, ttlSeconds } = read;
    if (!owners.has(owner)) owners.set(owner, entry.line);
    const sets = names.get(owner) ?? new Map<RecordType, GrowingSet>();
    names.set(owner, sets);
    if (read.kind === 'unasked') continue;
    if (read.type === 'SOA' && typeof read.data === 'object' && 'minimum' in read.data) {
      if (apexes.has(owner))
        onError({ line: entry.line, message: `a zone has one SOA record, this is a second one of ${owner}` });
      else apexes.set(owner, Math.min(ttlSeconds, read.data.minimum));
    }
    const clash = addRecord(sets, read.type, ttlSeconds, read.data);
    if (clash !== null) onError({ line: entry.line, message: `${owner}: ${clash}` });
  }

  if (apexes.size === 0) {
    onError({ line: 1, message: 'no SOA record says where the zone begins' });
    return failed();
  }
  const zone = { apexes, names };
  for (const [owner, line] of owners)
    if (apexOf(zone, owner) === null)
      onError({ line, message: `${owner} is outside the zone ${[...apexes.keys()].join(', ')}` });
  if (errors.length > 0) return failed();
  addEmptyNonTerminals(zone);
  for (const sets of names.values()) for (const { records } of sets.values()) Object.freeze(records);
  return { ok: true, zone };
};

/** A record set while its file is read, with each record as text: a repeat is found at once. */
type GrowingSet = { ttlSeconds: number; readonly records: RecordData[]; readonly written: Set<string> };

/** @returns what forbids the record beside those already there, or null */
const addRecord = (
  sets: Map<RecordType, GrowingSet>,
  type: RecordType,
  ttlSeconds: number,
  data: RecordData,
): string | null => {
  const known = sets.get(type);
  // RFC 2181 section 5: the same record twice is one record, and a set has one TTL.
  const written = JSON.stringify(data);
  if (known?.written.has(written)) return null;
  if (type === 'CNAME' && sets.size > 0) return 'a name with a CNAME has no other records (RFC 1034 section 3.6.2)';
  if (sets.has('CNAME')) return 'no record may stand beside a CNAME (RFC 1034 section 3.6.2)';
  if (known === undefined) sets.set(type, { ttlSeconds, records: [data], written: new Set([written]) });
  else {
    known.ttlSeconds = Math.min(ttlSeconds, known.ttlSeconds);
    known.records.push(data);
    known.written.add(written);
  }
  return null;
};

/** The zone that a name is in: the nearest owner of an SOA at or above it; null: none. */
const apexOf = ({ apexes }: Pick<Zone, 'apexes'>, name: string): string | null => {
  let above: string | null = name;
  while (above !== null && !apexes.has(above)) above = parentName(above);
  return above;
};

const addEmptyNonTerminals = (
  zone: { names: Map<string, Map<RecordType, GrowingSet>> } & Pick<Zone, 'apexes'>,
): void => {
  const { names, apexes } = zone;
  for (const owner of [...names.keys()]) {
    let above = apexes.has(owner) ? null : parentName(owner);
    while (above !== null && !names.has(above)) {
      names.set(above, new Map());
      above = apexes.has(above) ? null : parentName(above);
    }
  }
};

/**
 * The record sets of a name, by a wildcard where the name does not exist (RFC 4592 section 3.3.1);
 * null: NXDOMAIN.
 */
const recordSetsOf = (zone: Zone, name: string): ReadonlyMap<RecordType, RecordSet> | null => {
  const exact = zone.names.get(name);
  if (exact !== undefined) return exact;
  for (let above = parentName(name); above !== null; above = parentName(above))
    if (zone.names.has(above)) return zone.names.get(`*.${above}`) ?? null;
  return null;
};

/**
 * Answers from a zone; a name that leads out of it by a CNAME is asked of `outside`.
 * @param outside by default refuses: a zone does not know what others hold
 */
export const zoneLookup =
  (
    zone: Zone,
    outside: Lookup = async () => ({ kind: 'failure', failure: 'refused', source: 'zone', rcode: 5 }),
  ): Lookup =>
  async (question, deadlineMs) => {
    let name = normalizeName(question.name);
    if (name === null) return { kind: 'failure', failure: 'badname', source: 'local' };
    let apex = apexOf(zone, name);
    if (apex === null) return outside(question, deadlineMs);
    let ttlSeconds = Number.POSITIVE_INFINITY;
    const passed = new Set([name]);
    for (let links = 0; links <= MAX_CNAMES; links++) {
      const sets = recordSetsOf(zone, name);
      const set = sets?.get(question.type);
      if (set !== undefined)
        return {
          kind: 'records',
          records: set.records,
          ttlSeconds: Math.min(ttlSeconds, set.ttlSeconds),
          authenticated: false,
          source: 'zone',
          rcode: 0,
        };
      const alias = sets?.get('CNAME');
      const target = alias === undefined ? null : normalizeName(String(alias.records[0]));
      if (alias === undefined || target === null)
        return {
          kind: sets === null ? 'nxdomain' : 'nodata',
          ttlSeconds: Math.min(ttlSeconds, zone.apexes.get(apex) ?? 0),
          authenticated: false,
          source: 'zone',
          rcode: sets === null ? 3 : 0,
        };
      ttlSeconds = Math.min(ttlSeconds, alias.ttlSeconds);
      apex = apexOf(zone, target);
      if (apex === null)
        return withTtlAtMost(await outside({ name: target, type: question.type }, deadlineMs), ttlSeconds);
      // A loop is a fault of the zone, as a server would say.
      if (passed.has(target)) return { kind: 'failure', failure: 'servfail', source: 'zone', rcode: 2 };
      passed.add(target);
      name = target;
    }
    return tooManyCnames('zone');
  };

const withTtlAtMost = (answer: Answer, ttlSeconds: number): Answer =>
  answer.kind === 'failure' ? answer : { ...answer, ttlSeconds: Math.min(answer.ttlSeconds, ttlSeconds) };

/**
 * Answers names at or under the apexes of the file from it, source `zone`; all else goes to `next`.
 */
export const withZone = (zone: Zone, next: Lookup): Lookup => zoneLookup(zone, next);
