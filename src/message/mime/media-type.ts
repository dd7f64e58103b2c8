/**
 * Content-Type (RFC 2045 section 5.1) and Content-Disposition (RFC 2183 section 2): the type, and
 * the parameters with their continuations and charsets (RFC 2231). The only reader of MIME
 * parameters. Never throws; what cannot be read ends the reading.
 */
import { decodeWords, showControls } from '../encoded-words.ts';
import { readCfws, readQuotedString, readUntil } from '../lexical.ts';
import { fieldsNamed, type HeaderField } from '../message.ts';

/** A type with its parameters. */
export type MediaType = {
  /** In lower case: "type/subtype", or the disposition. */
  readonly type: string;
  /** Parameter names in lower case; the first where one is repeated. */
  readonly parameters: ReadonlyMap<string, string>;
};

const MAX_FIELD_CHARS = 8192;
const MAX_PARAMETERS = 50;

/** token of RFC 2045 section 5.1. */
const TOKEN = /[^\u0000-\u0020\u007f()<>@,;:\\"/[\]?=]+/y;

/** Reads the words of one field body from left to right. */
const createWords = (text: string) => {
  const source = text.slice(0, MAX_FIELD_CHARS);
  let at = 0;
  const skip = (): void => {
    at = readCfws(source, at).end;
  };
  const take = (character: string): boolean => {
    skip();
    if (source.charAt(at) !== character) return false;
    at += 1;
    skip();
    return true;
  };
  const token = (): string | null => {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(source)?.[0] ?? null;
    at += found?.length ?? 0;
    return found;
  };
  const value = (): string => {
    const quoted = source.charAt(at) === '"' ? readQuotedString(source, at) : null;
    const start = at;
    at = quoted?.end ?? readUntil(source, at, (character) => ' \t\r\n;('.includes(character));
    return quoted?.content ?? source.slice(start, at);
  };
  const parameters = (): ReadonlyMap<string, string> => {
    const found = new Map<string, string>();
    while (found.size < MAX_PARAMETERS && take(';')) {
      const name = token()?.toLowerCase() ?? null;
      // Some programs write a semicolon too many; what follows it is still theirs.
      if (name === null) continue;
      if (!take('=')) break;
      const written = value();
      if (!found.has(name)) found.set(name, written);
    }
    return found;
  };
  skip();
  return { take, token, parameters };
};

/**
 * Reads the body of a Content-Type field, cut at 8,192 characters and 50 parameters.
 * @returns null when there is no "type/subtype"
 */
const readContentType = (text: string): MediaType | null => {
  const words = createWords(text);
  const type = words.token();
  const subtype = words.take('/') ? words.token() : null;
  if (type === null || subtype === null) return null;
  return { type: `${type}/${subtype}`.toLowerCase(), parameters: words.parameters() };
};

/**
 * The Content-Type of an entity.
 * @returns null without one, with several, and where it is faulty
 */
export const contentTypeOf = (fields: readonly HeaderField[]): MediaType | null => {
  const [field, ...more] = fieldsNamed({ fields }, 'content-type');
  return field === undefined || more.length > 0 ? null : readContentType(field.value());
};

/** Reads the body of a Content-Disposition field within the same bounds. @returns null for none */
export const readDisposition = (text: string): MediaType | null => {
  const words = createWords(text);
  const type = words.token();
  return type === null ? null : { type: type.toLowerCase(), parameters: words.parameters() };
};

/**
 * The text of a parameter for people: sections put together, charset and encoded words decoded,
 * controls made visible.
 * @param name in lower case
 * @param maxChars most characters of the result
 * @returns null where there is no such parameter
 */
export const parameterText = (
  parameters: ReadonlyMap<string, string>,
  name: string,
  maxChars: number,
): string | null => {
  const whole = parameters.get(`${name}*`);
  if (whole !== undefined) return shown(decodeSections([{ text: whole, isEncoded: true }]), maxChars);
  const sections = sectionsOf(parameters, name);
  if (sections.length > 0) return shown(decodeSections(sections), maxChars);
  const plain = parameters.get(name);
  // Not what RFC 2047 section 5 allows, and what many programs write.
  return plain === undefined ? null : decodeWords(plain, maxChars);
};

const shown = (text: string, maxChars: number): string => showControls(text.slice(0, maxChars));

/** One section of a parameter (RFC 2231 sections 3 and 4). */
type Section = { readonly text: string; readonly isEncoded: boolean };

/** Sections from 0 on, to the first that is missing. */
const sectionsOf = (parameters: ReadonlyMap<string, string>, name: string): Section[] => {
  const sections: Section[] = [];
  for (;;) {
    const key = `${name}*${sections.length}`;
    const encoded = parameters.get(`${key}*`);
    const text = encoded ?? parameters.get(key);
    if (text === undefined) return sections;
    sections.push({ text, isEncoded: encoded !== undefined });
  }
};

/** charset'language'value: the charset of the first section is that of all. */
const decodeSections = (sections: readonly Section[]): string => {
  const [first] = sections;
  const [charset, language, ...rest] = first?.isEncoded === true ? first.text.split("'") : [];
  const hasCharset = language !== undefined && rest.length > 0;
  const octets = sections.map(({ text, isEncoded }, index) => {
    const value = index === 0 && hasCharset ? rest.join("'") : text;
    return isEncoded ? percentDecoded(value) : Buffer.from(value);
  });
  return decoded(Buffer.concat(octets), hasCharset && charset !== undefined && charset !== '' ? charset : 'utf-8');
};

const percentDecoded = (text: string): Buffer =>
  Buffer.from(
    text.replace(/%([0-9A-Fa-f]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
    'latin1',
  );

const decoded = (octets: Buffer, charset: string): string => {
  try {
    return new TextDecoder(charset).decode(octets);
  } catch {
    // The charset is the sender's; one that is unknown leaves ASCII and visible gaps.
    return octets.toString('latin1').replace(/[^\x20-\x7e]/g, '\ufffd');
  }
};
