/**
 * SHA-256 of a message, by which a verdict names it (FIPS 180-4). A large message gives the event
 * loop back every megabyte, so that nobody else waits for it.
 */
import { createHash, hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** Octets between two turns of the event loop. */
const TURN_BYTES = 1_048_576;

/** SHA-256 in lower-case hexadecimal. */
export const sha256 = async (bytes: Buffer): Promise<string> => {
  if (bytes.length <= TURN_BYTES) return hash('sha256', bytes, 'hex');
  const digest = createHash('sha256');
  for (let from = 0; from < bytes.length; from += TURN_BYTES) {
    if (from > 0) await nextTurn();
    digest.update(bytes.subarray(from, from + TURN_BYTES));
  }
  return digest.digest('hex');
};
