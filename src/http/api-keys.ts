/**
 * API keys: a file with one line for each, `name sha256:<hash> <day> <role>`; a line without a role
 * is a client's. Holds hashes only, never a key. A key is 256 random bits, so a plain SHA-256 is
 * enough: nobody can try that many, and a slow hash, which protects what people choose, would only
 * slow each request down.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { readFailure } from '../settings/system-failure.ts';

/** What a key opens: the API, or the API and the operator's routes. */
export const KEY_ROLES = ['client', 'operator'] as const;
export type KeyRole = (typeof KEY_ROLES)[number];

/** One key, as the file holds it. */
export type ApiKey = {
  name: string;
  hash: Buffer /** Day of its making, YYYY-MM-DD. */;
  createdOn: string;
  role: KeyRole;
};

/**
 * What a file says, or each line that cannot be read. A file of which all keys are revoked is not
 * empty: `mailverdict keys` leaves its first line.
 */
type KeysOutcome = { kind: 'keys'; keys: ApiKey[] } | { kind: 'empty' } | { kind: 'mistakes'; mistakes: string[] };

/** Name of a key: 1 to 64 letters, digits, dots, hyphens and underscores. */
export const KEY_NAME = /^[A-Za-z0-9._-]{1,64}$/;
/** Most keys of one file: each request is compared with all of them. */
export const MAX_KEYS = 1000;
const MAX_FILE_BYTES = 262_144;
/** Scanners that look for secrets in public places know a key by its first letters. */
const KEY_PREFIX = 'mv_';
const MAX_KEY_LENGTH = 256;

/** Makes a key; it is shown once and kept by nobody. @default random crypto.randomBytes */
export const makeKey = (random: (size: number) => Buffer = randomBytes): string =>
  `${KEY_PREFIX}${random(32).toString('base64url')}`;

/** SHA-256 of a key. */
export const hashKey = (key: string): Buffer => createHash('sha256').update(key, 'utf8').digest();

/**
 * The key that was presented, if it is one of these. Takes as long for a wrong key as for a right
 * one, whichever it is.
 */
export const findKey = (keys: readonly ApiKey[], presented: string): ApiKey | null => {
  if (presented.length > MAX_KEY_LENGTH) return null;
  const hash = hashKey(presented);
  let found: ApiKey | null = null;
  for (const key of keys) if (timingSafeEqual(key.hash, hash)) found = key;
  return found;
};

/** Reads a file of keys. A file that is not there or cannot be read is a mistake. */
export const readKeys = (file: string): KeysOutcome => {
  try {
    if (statSync(file).size > MAX_FILE_BYTES) return { kind: 'mistakes', mistakes: [`${file} is too large`] };
    return parseKeys(readFileSync(file, 'utf8'), file);
  } catch (cause) {
    return { kind: 'mistakes', mistakes: [readFailure(file, cause)] };
  }
};

/**
 * Parses the text of a file; empty lines and lines that begin with # are skipped.
 * @param file name for the mistakes
 */
export const parseKeys = (text: string, file: string): KeysOutcome => {
  if (text.trim() === '') return { kind: 'empty' };
  const keys: ApiKey[] = [];
  const names = new Set<string>();
  const mistakes: string[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [name = '', hash = '', createdOn = '', roleWord = 'client', ...more] = line.trim().split(/\s+/);
    const role = KEY_ROLES.find((word) => word === roleWord);
    const place = `${file}, line ${index + 1}`;
    if (!KEY_NAME.test(name)) mistakes.push(`${place}: the name must be letters, digits, dots, hyphens, underscores`);
    else if (names.has(name)) mistakes.push(`${place}: the name ${name} is used twice`);
    else if (!/^sha256:[0-9a-f]{64}$/.test(hash)) mistakes.push(`${place}: the hash must be sha256: and 64 hex digits`);
    else if (!/^\d{4}-\d{2}-\d{2}$/.test(createdOn)) mistakes.push(`${place}: the day must be as in 2026-11-22`);
    else if (role === undefined || more.length > 0)
      mistakes.push(`${place}: the line must end with the role ${KEY_ROLES.join(' or ')}`);
    else {
      names.add(name);
      keys.push({ name, hash: Buffer.from(hash.slice('sha256:'.length), 'hex'), createdOn, role });
    }
  }
  if (keys.length > MAX_KEYS) mistakes.push(`${file} holds ${keys.length} keys; the most is ${MAX_KEYS}`);
  return mistakes.length > 0 ? { kind: 'mistakes', mistakes } : { kind: 'keys', keys };
};

/** Writes the text of a file: parseKeys(formatKeys(keys)) is keys. */
export const formatKeys = (keys: readonly ApiKey[]): string =>
  [
    '# API keys of Mailverdict: name, hash, day, role. Written by `mailverdict keys`; a running service reads it again on SIGHUP.',
    ...keys.map(({ name, hash, createdOn, role }) => `${name} sha256:${hash.toString('hex')} ${createdOn} ${role}`),
    '',
  ].join('\n');
