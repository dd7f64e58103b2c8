/**
 * The settings file, mailverdict.yaml: a flat map of the keys of schemas/settings/settings.ts.
 * Tells every key that is no setting, with the line and the name that was probably meant. Checks no
 * value; that is the schema's work. YAML 1.2, with the limits on aliases of the parser.
 */
import { readFileSync, statSync } from 'node:fs';
import { isMap, isScalar, LineCounter, parseDocument, stringify } from 'yaml';
import { Config } from '../../schemas/settings/settings.ts';
import { nearestName } from './nearest-name.ts';
import { isAbsent, readFailure } from './system-failure.ts';

/**
 * What a file says: values by key, all mistakes, or nothing because there is no file or nothing in
 * it.
 */
type SettingsFile =
  | { kind: 'settings'; values: Readonly<Record<string, unknown>>; mistakes: string[] }
  | { kind: 'absent' }
  | { kind: 'empty' };

const MAX_FILE_BYTES = 262_144;
const KEYS = Object.keys(Config.shape);
/** Letters that may differ between a wrong name and the one that was probably meant. */
const MAX_CHANGES = 2;

/** Reads a file. @param isOptional whether a file that does not exist is no mistake */
export const readSettingsFile = (file: string, isOptional: boolean): SettingsFile => {
  let text: string;
  try {
    if (statSync(file).size > MAX_FILE_BYTES) return mistaken(`${file}: is larger than ${MAX_FILE_BYTES} bytes`);
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    return isAbsent(cause) && isOptional ? { kind: 'absent' } : mistaken(readFailure(file, cause));
  }
  return parseSettings(text, file);
};

/** Parses the text of a file. @param file name for the mistakes */
export const parseSettings = (text: string, file: string): SettingsFile => {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    const mistakes = document.errors.map(
      ({ pos, message }) => `${file}, line ${lines.linePos(pos[0]).line}: ${message}`,
    );
    return { kind: 'settings', values: {}, mistakes };
  }
  if (document.contents === null) return { kind: 'empty' };
  if (!isMap(document.contents)) return mistaken(`${file}: must be a map of settings, as in "port: 8080"`);
  const mistakes: string[] = [];
  const values: Record<string, unknown> = {};
  for (const { key, value } of document.contents.items) {
    const name = isScalar(key) ? String(key.value) : '';
    if (KEYS.includes(name)) {
      values[name] = toValue(value, document);
      continue;
    }
    const line = isScalar(key) && key.range ? lines.linePos(key.range[0]).line : 1;
    const meant = nearestName(name, KEYS, MAX_CHANGES);
    mistakes.push(
      `${file}, line ${line}: ${name.slice(0, 100)} is no setting${meant === null ? '' : `; did you mean ${meant}?`}`,
    );
  }
  return { kind: 'settings', values, mistakes };
};

const mistaken = (mistake: string): SettingsFile => ({ kind: 'settings', values: {}, mistakes: [mistake] });

/** The plain value of a node; null, which is what a key without a value has, counts as not set. */
const toValue = (node: unknown, document: ReturnType<typeof parseDocument>): unknown => {
  const value: unknown =
    typeof node === 'object' && node !== null && 'toJS' in node && typeof node.toJS === 'function'
      ? node.toJS(document)
      : node;
  return value === null ? undefined : value;
};

/** A setting as a line or lines of the file. */
export const writeSetting = (key: string, value: unknown): string => stringify({ [key]: value });
