/**
 * Assessments cached for as long as the records they rest on may be: bounded by number and by
 * bytes, the least recently used is evicted first. One in which DNS failed has no TTL and is not
 * cached; one with unpublished records or a live probe in it is never given to the cache.
 */
import { LRUCache } from 'lru-cache';
import type { Posture } from '../../schemas/posture/posture.ts';

/** A cache of assessments. */
type PostureCache = {
  /** An assessment whose TTL has not ended, with the seconds that remain of it. */
  readonly get: (key: string) => Posture | undefined;
  /** Caches for the `ttlSeconds` of the posture; with 0 does nothing. */
  readonly set: (key: string, posture: Posture) => void;
};

/** What bounds a cache. */
type PostureCacheLimits = {
  /** 0: nothing is cached. */
  readonly maxEntries: number;
  /** By the length of the JSON text. */
  readonly maxBytes: number;
};

/**
 * Makes a cache.
 * @param monotonicMs milliseconds on a clock that never goes back
 */
export const createPostureCache = (
  { maxEntries, maxBytes }: PostureCacheLimits,
  monotonicMs: () => number,
): PostureCache => {
  if (maxEntries === 0 || maxBytes === 0) return { get: () => undefined, set: () => undefined };
  const entries = new LRUCache<string, { readonly posture: Posture; readonly expiresAtMs: number }>({
    max: maxEntries,
    maxSize: maxBytes,
    sizeCalculation: ({ posture }) => JSON.stringify(posture).length,
  });
  return {
    get: (key) => {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      const remainingMs = entry.expiresAtMs - monotonicMs();
      if (remainingMs > 0) return { ...entry.posture, ttlSeconds: Math.ceil(remainingMs / 1000) };
      entries.delete(key);
      return undefined;
    },
    set: (key, posture) => {
      if (posture.ttlSeconds > 0) entries.set(key, { posture, expiresAtMs: monotonicMs() + posture.ttlSeconds * 1000 });
    },
  };
};
