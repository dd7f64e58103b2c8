/**
 * Looks at domains again and again, as often as their records may change for others: when the TTL
 * of what was seen ends. Tells what changed and nothing else. Times and waits are arguments.
 */
import type { Posture, PostureChanges } from '../../schemas/posture/posture.ts';
import { compare } from '../posture/changes.ts';

/** Shortest time between two looks at one domain: records of a TTL of 0 exist. */
export const MIN_INTERVAL_SECONDS = 60;
/** Longest time: a name that is not published yet is often asked for with a long negative TTL. */
export const MAX_INTERVAL_SECONDS = 3600;
/** Looks in a row that DNS left incomplete, after which this is how the domain is. */
export const MAX_INCOMPLETE_LOOKS = 3;

/** What a watch depends on. */
type WatchParts = {
  /** Assesses a domain. @throws what ends the watch */
  readonly assess: (domain: string) => Promise<Posture>;
  /** Waits. @returns false when the watch is to end */
  readonly wait: (seconds: number) => Promise<boolean>;
  /** Milliseconds that never go back. */
  readonly monotonicMs: () => number;
  readonly onChange: (domain: string, changes: PostureChanges, posture: Posture) => void;
  /** DNS left a look incomplete: what is missing must not read as removed. */
  readonly onIncomplete: (domain: string, posture: Posture) => void;
};

/** A domain that is watched. */
type Watched = { readonly domain: string; last: Posture; dueMs: number; incompleteLooks: number };

/**
 * Watches until `wait` says that it is to end.
 * @param first the postures to begin with
 * @returns the postures that were seen last, in the same order
 */
export const watchDomains = async (
  first: readonly { readonly domain: string; readonly posture: Posture }[],
  parts: WatchParts,
): Promise<Posture[]> => {
  const beganMs = parts.monotonicMs();
  const watched: Watched[] = first.map(({ domain, posture }) => ({
    domain,
    last: posture,
    dueMs: beganMs + intervalMs(posture),
    incompleteLooks: 0,
  }));
  for (;;) {
    const nextMs = Math.min(...watched.map(({ dueMs }) => dueMs));
    const waitMs = Math.max(0, nextMs - parts.monotonicMs());
    if (!(await parts.wait(Math.ceil(waitMs / 1000)))) return watched.map(({ last }) => last);
    for (const one of watched) if (one.dueMs <= nextMs) await look(one, parts);
  }
};

const look = async (one: Watched, parts: WatchParts): Promise<void> => {
  const posture = await parts.assess(one.domain);
  one.dueMs = parts.monotonicMs() + intervalMs(posture);
  if (isIncomplete(posture) && !isIncomplete(one.last)) {
    one.incompleteLooks += 1;
    if (one.incompleteLooks === 1) parts.onIncomplete(one.domain, posture);
    if (one.incompleteLooks < MAX_INCOMPLETE_LOOKS) return;
  }
  one.incompleteLooks = 0;
  const changes = compare(one.last, posture);
  one.last = posture;
  const { grade, values, mended, caused } = changes;
  if (grade.today !== grade.after || values.length + mended.length + caused.length > 0)
    parts.onChange(one.domain, changes, posture);
};

const isIncomplete = ({ dns }: Posture): boolean => dns.failures.used > 0;

/** A second more than the TTL, so that the cached answers have expired. */
const intervalMs = ({ ttlSeconds }: Posture): number =>
  Math.min(MAX_INTERVAL_SECONDS, Math.max(MIN_INTERVAL_SECONDS, ttlSeconds + 1)) * 1000;
