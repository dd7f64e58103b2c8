/**
 * Assessments held for as long as the records they rest on may be: bounded by number and by bytes,
 * the least lately used one goes first. Never holds one in which DNS failed, nor one with
 * unpublished records or a live probe in it; those are not asked to be held.
 */
import type { Posture } from '../../schemas/posture/posture.ts';

/** A store of assessments. */
export type HeldPostures = {
  /** What is held and still good, with the seconds that remain. */
  readonly get: (key: string) => Posture | undefined;
  /** Holds for `ttlSeconds` of the posture; 0 holds nothing. */
  readonly put: (key: string, posture: Posture) => void;
  /** Bytes held, by the length of the text. */
  readonly bytes: () => number;
};

type Entry = { readonly posture: Posture; readonly untilMs: number; readonly bytes: number };

/**
 * Makes a store.
 * @param maxEntries 0: nothing is held
 * @param maxBytes by the length of the JSON text
 */
export const createHeldPostures = (maxEntries: number, maxBytes: number, monotonicMs: () => number): HeldPostures => {
  // A Map keeps the order of insertion: what is read is put in again, so the first entry is the
  // least lately used.
  const entries = new Map<string, Entry>();
  let bytes = 0;
  const drop = (key: string): void => {
    bytes -= entries.get(key)?.bytes ?? 0;
    entries.delete(key);
  };
  return {
    get: (key) => {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      const remainingMs = entry.untilMs - monotonicMs();
      if (remainingMs <= 0) {
        drop(key);
        return undefined;
      }
      entries.delete(key);
      entries.set(key, entry);
      return { ...entry.posture, ttlSeconds: Math.ceil(remainingMs / 1000) };
    },
    put: (key, posture) => {
      drop(key);
      if (posture.ttlSeconds <= 0 || maxEntries === 0) return;
      const size = JSON.stringify(posture).length;
      if (size > maxBytes) return;
      entries.set(key, { posture, untilMs: monotonicMs() + posture.ttlSeconds * 1000, bytes: size });
      bytes += size;
      for (const oldest of entries.keys()) {
        if (entries.size <= maxEntries && bytes <= maxBytes) break;
        drop(oldest);
      }
    },
    bytes: () => bytes,
  };
};
