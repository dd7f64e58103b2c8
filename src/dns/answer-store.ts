/**
 * Answers held in memory, bounded by bytes: records in one store, negatives and failures in a smaller one beside it, so that a flood of names that do
 * not exist cannot push out the records of those that do. Holds strings, never slices of datagrams. Knows nothing of asking.
 */
import { LRUCache } from 'lru-cache';
import type { RecordData } from '../../schemas/dns.ts';
import type { Answer } from './lookup.ts';

/** One answer with its life. */
export type HeldAnswer = {
  readonly answer: Answer;
  /** On the clock of the cache; the entry may be kept longer, as a stale answer or for the count of failures. */
  readonly expiresAtMs: number;
  /** TTL at the time it was stored, clamped. */
  readonly ttlSeconds: number;
  /** Failures in a row, this one included; 0 for an answer. */
  readonly failuresInRow: number;
  /** Times it was given out. */
  hits: number;
  /** Until when it stands in for a failure past its TTL; 0: not. */
  staleUntilMs: number;
};

/** Bytes of each store, and the largest answer held. */
export type StoreLimits = {
  readonly maxBytes: number;
  readonly maxNegativeBytes: number;
  readonly maxAnswerBytes: number;
};

/** What is held, in entries and estimated bytes. */
export type StoreStats = { readonly entries: number; readonly bytes: number; readonly maxBytes: number };

/** The two stores. Keys are `TYPE:name`, normalized. */
export type AnswerStore = {
  /** A held answer, expired or not. */
  readonly records: (key: string) => HeldAnswer | undefined;
  readonly negative: (key: string) => HeldAnswer | undefined;
  /** Records replace a negative, a negative replaces records; a failure leaves records to be stale. */
  readonly put: (key: string, held: HeldAnswer) => void;
  /** @returns whether there was one */
  readonly remove: (key: string) => boolean;
  readonly clear: () => number;
  readonly stats: () => { readonly records: StoreStats; readonly negatives: StoreStats };
};

/** Estimated cost of an entry with its key, its objects and its place in the map. */
const ENTRY_BYTES = 500;
const RECORD_BYTES = 64;

const storeOf = (maxBytes: number, maxAnswerBytes: number) =>
  new LRUCache<string, HeldAnswer>({
    maxSize: maxBytes,
    maxEntrySize: Math.min(maxBytes, maxAnswerBytes),
    sizeCalculation: (held, key) => ENTRY_BYTES + key.length + sizeOf(held.answer),
  });

/** Makes empty stores. */
export const answerStore = (limits: StoreLimits): AnswerStore => {
  const positive = storeOf(limits.maxBytes, limits.maxAnswerBytes);
  const negative = storeOf(limits.maxNegativeBytes, limits.maxAnswerBytes);
  return {
    records: (key) => positive.get(key),
    negative: (key) => negative.get(key),
    put: (key, held) => {
      if (held.answer.kind === 'records') {
        negative.delete(key);
        positive.set(key, held);
      } else {
        if (held.answer.kind !== 'failure') positive.delete(key);
        negative.set(key, held);
      }
    },
    remove: (key) => {
      const [hadRecords, hadNegative] = [positive.delete(key), negative.delete(key)];
      return hadRecords || hadNegative;
    },
    clear: () => {
      const count = positive.size + negative.size;
      positive.clear();
      negative.clear();
      return count;
    },
    stats: () => ({
      records: { entries: positive.size, bytes: positive.calculatedSize, maxBytes: limits.maxBytes },
      negatives: { entries: negative.size, bytes: negative.calculatedSize, maxBytes: limits.maxNegativeBytes },
    }),
  };
};

const sizeOf = (answer: Answer): number =>
  answer.kind === 'records' ? answer.records.reduce((bytes: number, data) => bytes + recordBytes(data), 0) : 0;

const recordBytes = (data: RecordData): number => {
  if (typeof data === 'string') return RECORD_BYTES + data.length;
  if (Array.isArray(data)) return data.reduce((bytes, string) => bytes + string.length, RECORD_BYTES);
  let bytes = RECORD_BYTES;
  for (const field of Object.values(data)) bytes += typeof field === 'string' ? field.length : 8;
  return bytes;
};
