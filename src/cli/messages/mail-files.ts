/**
 * The files of a folder that hold one message each: of a Maildir those in `cur` and `new`, never in
 * `tmp`, where a delivery may be under way; of any other folder those that end in `.eml`. Goes into
 * the folders below, in the order of names, and follows no link to a folder, which may lead in a
 * circle. Opens no file.
 */
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readFailure } from '../../settings/system-failure.ts';

/** A file, or why a part of the folder is left out. */
type MailFile =
  | { readonly kind: 'file'; readonly path: string; readonly bytes: number; readonly isMaildir: boolean }
  | { readonly kind: 'failed'; readonly path: string; readonly reason: string };

/** Folders within one another: mail programs make a few, and a loop of mounts has no end. */
export const MAX_FOLDER_DEPTH = 32;

/** Finds the files. @returns never throws for what is in the folder */
export async function* mailFiles(folder: string, depth = 0): AsyncGenerator<MailFile> {
  if (depth > MAX_FOLDER_DEPTH) {
    yield failed(folder, `${folder} is left out: more than ${MAX_FOLDER_DEPTH} folders are within one another`);
    return;
  }
  if (isMessageFolder(folder) && (await isMaildir(dirname(folder)))) {
    yield* filesOf(folder);
    return;
  }
  const inside = await entriesOf(folder);
  if ('reason' in inside) {
    yield inside;
    return;
  }
  const isMail = inside.some(isFolderOf('cur')) && inside.some(isFolderOf('new'));
  for (const entry of inside) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      // The folders of a Maildir begin with a dot; elsewhere such a folder belongs to a program.
      const isWanted = isMail ? entry.name !== 'tmp' : !entry.name.startsWith('.');
      if (isWanted) yield* mailFiles(path, depth + 1);
    } else if (!isMail && entry.name.toLowerCase().endsWith('.eml')) yield* fileAt(path, false);
  }
}

/** A name that stays the same when a mail program marks a message of a Maildir as read. */
export const maildirName = (path: string): string => join(dirname(dirname(path)), basename(path).split(':2,')[0] ?? '');

const isMessageFolder = (path: string): boolean => ['cur', 'new'].includes(basename(path));

const isMaildir = async (folder: string): Promise<boolean> => {
  const inside = await entriesOf(folder);
  return !('reason' in inside) && inside.some(isFolderOf('cur')) && inside.some(isFolderOf('new'));
};

type Entry = { readonly name: string; isDirectory(): boolean };

const isFolderOf =
  (name: string) =>
  (entry: Entry): boolean =>
    entry.name === name && entry.isDirectory();

async function* filesOf(folder: string): AsyncGenerator<MailFile> {
  const inside = await entriesOf(folder);
  if ('reason' in inside) yield inside;
  else
    for (const entry of inside)
      if (!entry.isDirectory() && !entry.name.startsWith('.')) yield* fileAt(join(folder, entry.name), true);
}

async function* fileAt(path: string, inMaildir: boolean): AsyncGenerator<MailFile> {
  try {
    const found = await stat(path);
    if (found.isFile()) yield { kind: 'file', path, bytes: found.size, isMaildir: inMaildir };
  } catch (cause) {
    yield failed(path, readFailure(path, cause));
  }
}

const entriesOf = async (folder: string) => {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries.sort((one, other) => (one.name < other.name ? -1 : 1));
  } catch (cause) {
    return failed(folder, readFailure(folder, cause));
  }
};

const failed = (path: string, reason: string) => ({ kind: 'failed', path, reason }) as const;
