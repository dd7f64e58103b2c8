/**
 * The account of message octets that all connections of the service hold. Counts;
 * allocates nothing itself.
 */

/** The account. */
export type Memory = {
  /** Asks for room. @returns false when it would pass the limit; nothing is counted then */
  reserve(bytes: number): boolean;
  /** Gives room back. */
  release(bytes: number): void;
  /** Octets held now. */
  readonly held: number;
};

/**
 * Opens the account.
 * @param maxBytes most octets held at one time
 * @param onChange receives the new sum
 * @param whole account that this one is part of
 */
export const createMemory = (maxBytes: number, onChange?: (held: number) => void, whole?: Memory): Memory => {
  let held = 0;
  const change = (bytes: number): void => {
    held += bytes;
    onChange?.(held);
  };
  return {
    reserve: (bytes) => {
      if (held + bytes > maxBytes || whole?.reserve(bytes) === false) return false;
      change(bytes);
      return true;
    },
    release: (bytes) => {
      whole?.release(bytes);
      change(-bytes);
    },
    get held() {
      return held;
    },
  };
};
