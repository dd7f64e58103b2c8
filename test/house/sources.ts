/**
 * The source files of the house with what each imports: every static import and export, `import()`
 * and `require()`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const slashed = (path: string): string => path.split(sep).join('/');

/** Paths of the TypeScript files of a folder, from the root of the project, with "/". */
export const sourceFiles = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => slashed(relative(ROOT, join(entry.parentPath, entry.name))))
    .toSorted();

export const readSource = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/**
 * One import: what stands between the quotation marks, and the names taken; null names: all of it.
 */
export type Import = { readonly specifier: string; readonly names: readonly string[] | null };

const STATEMENT =
  /^\s*(?:import|export)\b([^'"`;]*?)\bfrom\s+'([^']+)'|^\s*import\s+'([^']+)'|\b(?:import|require)\(\s*'([^']+)'\s*\)/gm;

export const importsOf = (file: string): Import[] =>
  [...readSource(file).matchAll(STATEMENT)].map(([, clause, from, bare, called]) => ({
    specifier: from ?? bare ?? called ?? '',
    names: clause === undefined || clause.includes('*') ? null : (clause.match(/[A-Za-z_$][\w$]*/g) ?? []),
  }));

/** The file that a relative specifier names. */
export const targetOf = (file: string, specifier: string): string =>
  slashed(relative(ROOT, resolve(ROOT, dirname(file), specifier)));

export const isRelative = (specifier: string): boolean => specifier.startsWith('.');

/** The package of a bare specifier: "@a/b/c" is "@a/b". */
export const packageOf = (specifier: string): string =>
  specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

/** `schemas`, a folder below `src`, or a file at the top of `src`. */
export const roomOf = (file: string): string => {
  const [top = '', second = '', ...rest] = file.split('/');
  return top !== 'src' ? top : rest.length === 0 ? file : `src/${second}`;
};
