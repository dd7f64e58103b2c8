/**
 * Unpublished records in front of a lookup for one verification: "what would the verdict be if this
 * record were published". An overlaid name and type replaces that RRset only. Never reaches a
 * cache: the layer is above it. RFC 1034 section 3.6.2 (CNAME), RFC 8020 section 2 (existence).
 *
 * A CNAME that a server follows on its side cannot be seen here: to change what it leads to,
 * overlay the name that is asked for.
 */
import type { OverlayRecord, RecordData, RecordType } from '../../../schemas/dns.ts';
import type { Answer, Lookup } from '../lookup.ts';
import { normalizeName, parentName } from '../name.ts';
import { checkRecordData } from '../record-data.ts';
import { MAX_CNAMES, tooManyCnames } from './zone.ts';

/** TTL of an overlaid record set that gives none, in seconds. */
export const DEFAULT_OVERLAY_TTL_SECONDS = 300;

/**
 * What is wrong with a value from a caller, and where: `path` as in
 * "overlay[2].records[0].exchange".
 */
export type FieldError = { readonly path: string; readonly message: string };

/**
 * Checked overlay records: the answer for each name and type, and the names that exist because of
 * them.
 */
export type Overlay = {
  readonly answers: ReadonlyMap<string, ReadonlyMap<RecordType, Answer>>;
  readonly existing: ReadonlySet<string>;
};

/** An overlay, or every wrong field. */
type ParsedOverlay =
  | { readonly ok: true; readonly overlay: Overlay }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

/**
 * Checks overlay records: names, data by type, one entry for a name and type, no record beside a
 * CNAME.
 * @param path the field that holds them, for the errors
 * @returns never throws
 */
export const parseOverlay = (records: readonly OverlayRecord[], path = 'overlay'): ParsedOverlay => {
  const errors: FieldError[] = [];
  const answers = new Map<string, Map<RecordType, Answer>>();
  const existing = new Set<string>();
  for (const [index, record] of records.entries()) {
    const at = `${path}[${index}]`;
    const name = normalizeName(record.name);
    if (name === null) {
      errors.push({ path: `${at}.name`, message: 'must be a domain name: labels of 1 to 63 characters, 253 in all' });
      continue;
    }
    const answer = answerOf(record, at, errors);
    if (answer === null) continue;
    const types = answers.get(name) ?? new Map<RecordType, Answer>();
    answers.set(name, types);
    if (types.has(record.type))
      errors.push({
        path: at,
        message: `${name} ${record.type} appears in an earlier entry; give all its records in one`,
      });
    else if (types.size > 0 && (record.type === 'CNAME' || types.has('CNAME')))
      errors.push({ path: at, message: `${name}: a name with a CNAME has no other records (RFC 1034 section 3.6.2)` });
    types.set(record.type, answer);
    if (answer.kind === 'records')
      for (let above: string | null = name; above !== null; above = parentName(above)) existing.add(above);
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, overlay: { answers, existing } };
};

const answerOf = (record: OverlayRecord, at: string, errors: FieldError[]): Answer | null => {
  const ttlSeconds = record.ttl ?? DEFAULT_OVERLAY_TTL_SECONDS;
  if ((record.records === undefined) === (record.rcode === undefined)) {
    errors.push({ path: at, message: 'must have exactly one of records and rcode' });
    return null;
  }
  switch (record.rcode) {
    case undefined:
      return recordsAnswer(record, ttlSeconds, at, errors);
    case 'NOERROR':
      return { kind: 'nodata', ttlSeconds, authenticated: false, source: 'overlay', rcode: 0 };
    case 'NXDOMAIN':
      return { kind: 'nxdomain', ttlSeconds, authenticated: false, source: 'overlay', rcode: 3 };
    case 'SERVFAIL':
      return { kind: 'failure', failure: 'servfail', source: 'overlay', rcode: 2 };
    case 'REFUSED':
      return { kind: 'failure', failure: 'refused', source: 'overlay', rcode: 5 };
    case 'TIMEOUT':
      return { kind: 'failure', failure: 'timeout', source: 'overlay' };
    default:
      return record.rcode satisfies never;
  }
};

const recordsAnswer = (record: OverlayRecord, ttlSeconds: number, at: string, errors: FieldError[]): Answer | null => {
  const records: RecordData[] = [];
  let allGood = true;
  for (const [index, data] of (record.records ?? []).entries()) {
    const checked = checkRecordData(record.type, data);
    if (checked.ok) records.push(checked.data);
    else {
      allGood = false;
      const field = checked.field === '' ? '' : /^\d/.test(checked.field) ? `[${checked.field}]` : `.${checked.field}`;
      errors.push({ path: `${at}.records[${index}]${field}`, message: `${record.type}: ${checked.message}` });
    }
  }
  if (record.type === 'CNAME' && records.length > 1) {
    allGood = false;
    errors.push({ path: `${at}.records`, message: 'CNAME: a name has one canonical name (RFC 1034 section 3.6.2)' });
  }
  if (!allGood) return null;
  return {
    kind: 'records',
    records: Object.freeze(records),
    ttlSeconds,
    authenticated: false,
    source: 'overlay',
    rcode: 0,
  };
};

/** Answers overlaid names and types with source `overlay`; all else goes to `next`. */
export const withOverlay = (overlay: Overlay, next: Lookup): Lookup => {
  /** @param passed the names of the chain so far, this one last */
  const ask = async (
    name: string,
    type: RecordType,
    deadlineMs: number,
    passed: readonly string[],
  ): Promise<Answer> => {
    const types = overlay.answers.get(name);
    const overlaid = types?.get(type);
    if (overlaid !== undefined) return overlaid;
    const alias = types?.get('CNAME');
    const target = alias?.kind === 'records' ? normalizeName(String(alias.records[0])) : null;
    if (alias?.kind === 'records' && target !== null) {
      if (passed.includes(target)) return { kind: 'failure', failure: 'servfail', source: 'overlay', rcode: 2 };
      if (passed.length > MAX_CNAMES) return tooManyCnames('overlay');
      const answer = await ask(target, type, deadlineMs, [...passed, target]);
      return answer.kind === 'failure'
        ? answer
        : { ...answer, ttlSeconds: Math.min(answer.ttlSeconds, alias.ttlSeconds) };
    }
    const answer = await next({ name, type }, deadlineMs);
    // A name with an overlaid record of another type, or above one, exists: its other types are
    // NODATA, not NXDOMAIN.
    return answer.kind === 'nxdomain' && overlay.existing.has(name)
      ? { ...answer, kind: 'nodata', source: 'overlay', rcode: 0 }
      : answer;
  };
  return async (question, deadlineMs) => {
    const name = normalizeName(question.name);
    return name === null
      ? { kind: 'failure', failure: 'badname', source: 'local' }
      : ask(name, question.type, deadlineMs, [name]);
  };
};
