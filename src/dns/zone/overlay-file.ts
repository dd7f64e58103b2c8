/**
 * Records of a master file (RFC 1035 section 5) as an overlay: what somebody means to publish. No
 * zone is needed, so no SOA; a record without a TTL has that of an overlay. Judges neither names
 * nor sets: `parseOverlay` does. Pure.
 */
import type { OverlayRecord, RecordData } from '../../../schemas/dns.ts';
import { DEFAULT_OVERLAY_TTL_SECONDS } from './overlay.ts';
import { MAX_ZONE_CHARACTERS } from './zone.ts';
import { readEntries, type ZoneError } from './zone-file.ts';
import { recordReader } from './zone-record.ts';

/** Most mistakes that are told: whoever has more sees the pattern. */
const MAX_ERRORS = 20;

/** Records, or what is wrong with the file. */
type ReadRecords =
  | { readonly ok: true; readonly records: OverlayRecord[] }
  | { readonly ok: false; readonly errors: readonly ZoneError[] };

/** A record set while the file is read. */
type GrowingSet = OverlayRecord & { ttl: number; records: RecordData[] };

/**
 * Reads the records, each name and type as one set. Types that the resolver never asks for are left
 * out.
 * @returns never throws
 */
export const readOverlayFile = (text: string): ReadRecords => {
  if (text.length > MAX_ZONE_CHARACTERS)
    return { ok: false, errors: [{ line: 1, message: `the file has more than ${MAX_ZONE_CHARACTERS} characters` }] };
  const errors: ZoneError[] = [];
  const sets = new Map<string, GrowingSet>();
  const readRecord = recordReader(DEFAULT_OVERLAY_TTL_SECONDS);
  const onError = (error: ZoneError): void => {
    if (errors.length < MAX_ERRORS) errors.push(error);
  };
  for (const entry of readEntries(text, onError)) {
    const read = readRecord(entry);
    if (read.kind === 'error') onError({ line: entry.line, message: read.message });
    if (read.kind !== 'record') continue;
    const { owner: name, type, ttlSeconds, data } = read;
    const key = `${name} ${type}`;
    const set = sets.get(key) ?? { name, type, ttl: ttlSeconds, records: [] };
    set.ttl = Math.min(set.ttl, ttlSeconds);
    set.records.push(data);
    sets.set(key, set);
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, records: [...sets.values()] };
};
