/**
 * Replaces a file as a whole: a reader sees the old text or the new one, never a part, and a crash
 * loses neither. Mode and owner stay as they were; a new file is for its owner only. A replacement
 * that fails leaves nothing behind that would keep the next one away.
 */
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { writeFailure } from '../settings/system-failure.ts';
import { NotWritten } from './command.ts';

/** True when there is something at this path. */
export const fileExists = (file: string): boolean => statSync(file, { throwIfNoEntry: false }) !== undefined;

/**
 * Writes the text.
 * @throws NotWritten when the folder cannot be written to, or another replacement is under way
 */
export const replaceFile = (file: string, text: string): void => {
  const before = statSync(file, { throwIfNoEntry: false });
  // What a link points to is replaced, not the link.
  const target = before === undefined ? file : realpathSync(file);
  const beside = `${target}.new`;
  try {
    const descriptor = openSync(beside, 'wx', 0o600);
    try {
      try {
        // writeSync may write a part and not tell.
        writeFileSync(descriptor, text);
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
      if (before !== undefined) {
        chownSync(beside, before.uid, before.gid);
        chmodSync(beside, before.mode & 0o777);
      }
      renameSync(beside, target);
    } catch (cause) {
      rmSync(beside, { force: true });
      throw cause;
    }
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')
      throw new NotWritten(`${beside} is there: another change is under way, or one was cut off; remove it then`);
    throw new NotWritten(writeFailure(file, cause));
  }
};
