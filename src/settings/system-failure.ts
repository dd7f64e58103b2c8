/**
 * What the operating system refused, as words for people: the one place where an errno word such as
 * ENOENT ends. Knows files, folders and connections; says nothing of other errors. Pure.
 */
import { getSystemErrorMessage } from 'node:util';

/** Where the system's own words would not be understood. */
const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'a part of its path is a file, not a folder',
  EISDIR: 'it is a folder, not a file',
  EACCES: 'its permissions do not allow it',
  EPERM: 'the system does not permit it',
  EEXIST: 'it is there already',
  EMFILE: 'this process has too many files open',
  ENFILE: 'the system has too many files open',
  EADDRINUSE: 'something else listens there already',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was cut off',
  ETIMEDOUT: 'there was no answer in time',
  ENOTFOUND: 'the host name is not known',
  EAI_AGAIN: 'the host name cannot be looked up now',
};

/** Errors within one another that are looked at: fetch wraps once, two addresses once more. */
const MAX_CAUSES = 4;

/**
 * What the system refused.
 * @param cause whatever was thrown; its own causes are looked at too
 * @returns one clause without a full stop; null when the error is none of the system
 */
export const systemReason = (cause: unknown): string | null => {
  let at = cause;
  for (let depth = 0; depth < MAX_CAUSES && at instanceof Error; depth++) {
    const code = 'code' in at ? String(at.code) : '';
    const words = WORDS[code];
    if (words !== undefined) return words;
    if ('errno' in at && typeof at.errno === 'number') return getSystemErrorMessage(at.errno);
    at = at.cause;
  }
  return null;
};

/** True when there is nothing at the path. */
export const isAbsent = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';

/** A file that cannot be read, as one sentence without a full stop. */
export const readFailure = (file: string, cause: unknown): string =>
  `${file} cannot be read${because(systemReason(cause))}`;

/** A file that cannot be written, likewise: what is missing then is its folder. */
export const writeFailure = (file: string, cause: unknown): string =>
  `${file} cannot be written${because(isAbsent(cause) ? 'there is no such folder' : systemReason(cause))}`;

/**
 * An address that cannot be listened on, likewise.
 * @returns null for another error
 */
export const listenFailure = (cause: unknown): string | null => {
  if (!(cause instanceof Error && 'syscall' in cause && cause.syscall === 'listen')) return null;
  const { address, port } = cause as { address?: unknown; port?: unknown };
  const place = [address, port].filter((part) => typeof part === 'string' || (typeof part === 'number' && part >= 0));
  return `cannot listen on ${place.join(' port ')}${because(systemReason(cause))}`;
};

const because = (reason: string | null): string => (reason === null ? '' : `: ${reason}`);
