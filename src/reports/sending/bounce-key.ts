/**
 * The key of the tags in bounce addresses: random, made by the sender at its first report, kept in
 * the store so that every process reads bounces with the same. Nobody sets it.
 */
import type { Notes } from '../../store/leases.ts';

const NOTE = 'report-bounce-key';
const KEY_OCTETS = 32;

/** Reads it. @returns null when no report was sent yet */
export const readBounceKey = async (notes: Pick<Notes, 'read'>): Promise<Buffer | null> => {
  const written = await notes.read(NOTE);
  return written === null ? null : Buffer.from(written, 'base64');
};

/**
 * Reads it, or makes it. Only the process that has the lease calls this, so that none overwrites
 * the key of another.
 * @param makeRandom octets that nobody can guess
 */
export const bounceKeyOf = async (notes: Notes, makeRandom: (octets: number) => Buffer): Promise<Buffer> => {
  const known = await readBounceKey(notes);
  if (known !== null) return known;
  const made = makeRandom(KEY_OCTETS);
  await notes.write(NOTE, made.toString('base64'));
  return made;
};
