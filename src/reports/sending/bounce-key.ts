/**
 * The key of the tags in bounce addresses: random, made by the sender at its first report, kept in
 * the store so that every process reads bounces with the same. Nobody sets it.
 */
import type { Notes } from '../../store/leases.ts';

const NOTE = 'report-bounce-key';
const KEY_OCTETS = 32;

/** Reads it. @returns null when no report was sent yet */
export const readBounceKey = async (notes: Pick<Notes, 'read'>): Promise<Buffer | null> => {
  const kept = await notes.read(NOTE);
  return kept === null ? null : Buffer.from(kept, 'base64');
};

/** Reads it, or makes it. @param makeRandom octets that nobody can guess */
export const bounceKeyOf = async (
  notes: Pick<Notes, 'keep'>,
  makeRandom: (octets: number) => Buffer,
): Promise<Buffer> => Buffer.from(await notes.keep(NOTE, makeRandom(KEY_OCTETS).toString('base64')), 'base64');
