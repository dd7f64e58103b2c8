/**
 * Cached answers, bounded by bytes: records in one store, negatives and failures in a smaller one,
 * so that a flood of names that do not exist cannot push out the records of those that do. Keeps
 * strings, never slices of datagrams. Knows nothing of asking.
 */
import { LRUCache } from 'lru-cache';
import type { RecordData, RecordType } from '../../schemas/dns.ts';
import type { Answer, Question } from './lookup.ts';

/** One answer with its lifetime. */
export type CachedAnswer = {
  readonly type: RecordType;
  readonly answer: Answer;
  /**
   * On the clock of the cache; the entry may be kept longer, as a stale answer or for the count of
   * failures.
   */
  readonly expiresAtMs: number;
  /** TTL at the time it was stored, clamped. */
  readonly ttlSeconds: number;
  /** Failures in a row, this one included; 0 for an answer. */
  readonly failuresInRow: number;
  /** Times it was served. */
  hits: number;
  /** Until when it may replace a failure past its TTL; 0: not. */
  staleUntilMs: number;
  /** Cached for the same name and another type; the store's own. */
  next: CachedAnswer | undefined;
};

/** Bytes of each store, and the largest cached answer. */
export type StoreLimits = {
  readonly maxBytes: number;
  readonly maxNegativeBytes: number;
  readonly maxAnswerBytes: number;
};

/** Contents, in entries and estimated bytes. */
export type StoreStats = { readonly entries: number; readonly bytes: number; readonly maxBytes: number };

/** The two stores. Names are normalized. */
type AnswerStore = {
  /** A cached answer, expired or not. */
  readonly records: (question: Question) => CachedAnswer | undefined;
  readonly negative: (question: Question) => CachedAnswer | undefined;
  /**
   * Records replace a negative, a negative replaces records; a failure leaves records to be stale.
   */
  readonly put: (name: string, entry: CachedAnswer) => void;
  /** @returns the number of types that were cached */
  readonly remove: (name: string) => number;
  readonly clear: () => number;
  readonly stats: () => { readonly records: StoreStats; readonly negatives: StoreStats };
};

/** Makes empty stores. */
export const answerStore = (limits: StoreLimits): AnswerStore => {
  const positive = nameStore(limits.maxBytes, limits.maxAnswerBytes);
  const negative = nameStore(limits.maxNegativeBytes, limits.maxAnswerBytes);
  return {
    records: positive.find,
    negative: negative.find,
    put: (name, entry) => {
      if (entry.answer.kind === 'records') {
        negative.remove(name, entry.type);
        positive.put(name, entry);
      } else {
        if (entry.answer.kind !== 'failure') positive.remove(name, entry.type);
        negative.put(name, entry);
      }
    },
    remove: (name) => new Set([...positive.removeAll(name), ...negative.removeAll(name)]).size,
    clear: () => positive.clear() + negative.clear(),
    stats: () => ({ records: positive.stats(), negatives: negative.stats() }),
  };
};

/**
 * Names with their answers, chained by type, the least recently used name evicted first. A key of
 * type and name would have to be joined and hashed for every question, which takes longer than
 * everything else of a cached answer.
 */
const nameStore = (maxBytes: number, maxAnswerBytes: number) => {
  let entries = 0;
  const names = new LRUCache<string, CachedAnswer>({
    maxSize: maxBytes,
    sizeCalculation: (first, name) => chainBytes(first, name),
    dispose: (first, _name, reason) => {
      if (reason === 'evict') entries -= chainLength(first);
    },
  });

  const find = ({ name, type }: Question): CachedAnswer | undefined => ofType(names.get(name), type);

  const remove = (name: string, type: RecordType): void => {
    const first = names.peek(name);
    if (ofType(first, type) === undefined) return;
    entries--;
    const rest = withoutType(first, type);
    if (rest === undefined) names.delete(name);
    else names.set(name, rest);
  };

  const put = (name: string, entry: CachedAnswer): void => {
    remove(name, entry.type);
    if (answerBytes(entry, name) > Math.min(maxBytes, maxAnswerBytes)) return;
    const others = names.peek(name);
    entry.next = others;
    if (chainBytes(entry, name) > maxBytes) {
      entries -= chainLength(others);
      entry.next = undefined;
    }
    entries++;
    names.set(name, entry);
  };

  const removeAll = (name: string): RecordType[] => {
    const types: RecordType[] = [];
    for (let entry = names.peek(name); entry !== undefined; entry = entry.next) types.push(entry.type);
    entries -= types.length;
    names.delete(name);
    return types;
  };

  const clear = (): number => {
    const count = entries;
    entries = 0;
    names.clear();
    return count;
  };

  return { find, remove, put, removeAll, clear, stats: () => ({ entries, bytes: names.calculatedSize, maxBytes }) };
};

const ofType = (first: CachedAnswer | undefined, type: RecordType): CachedAnswer | undefined => {
  let entry = first;
  while (entry !== undefined && entry.type !== type) entry = entry.next;
  return entry;
};

const withoutType = (first: CachedAnswer | undefined, type: RecordType): CachedAnswer | undefined => {
  if (first === undefined) return undefined;
  const rest = withoutType(first.next, type);
  if (first.type === type) return rest;
  first.next = rest;
  return first;
};

const chainLength = (first: CachedAnswer | undefined): number =>
  first === undefined ? 0 : 1 + chainLength(first.next);

const chainBytes = (first: CachedAnswer | undefined, name: string): number =>
  first === undefined ? 0 : answerBytes(first, name) + chainBytes(first.next, name);

/** Estimated cost of an entry with its name, its objects and its slot in the map. */
const ENTRY_BYTES = 500;
const RECORD_BYTES = 64;

const answerBytes = ({ answer }: CachedAnswer, name: string): number => ENTRY_BYTES + name.length + sizeOf(answer);

const sizeOf = (answer: Answer): number =>
  answer.kind === 'records' ? answer.records.reduce((bytes: number, data) => bytes + recordBytes(data), 0) : 0;

const recordBytes = (data: RecordData): number => {
  if (typeof data === 'string') return RECORD_BYTES + data.length;
  if (Array.isArray(data)) return data.reduce((bytes, string) => bytes + string.length, RECORD_BYTES);
  let bytes = RECORD_BYTES;
  for (const field of Object.values(data)) bytes += typeof field === 'string' ? field.length : 8;
  return bytes;
};
