/**
 * What a message shows of the names that the receiver protects (PROTECTED_NAMES): an author of
 * another domain who bears a protected name, and domains that can be taken for a protected one.
 * Facts about what an eye sees; never a result. RFC 9989 section 11.4, RFC 5890 section 4.4,
 * Unicode UTS 39 section 4.
 */
import { domainToUnicode } from 'node:url';
import { comparable } from '../../methods/identifiers.ts';
import { isOneEditApart } from './one-edit.ts';
import { shapeOf } from './skeleton.ts';

/** How a domain that is shown is related to a protected one. */
export type Likeness = 'same' | 'contains' | 'confusable' | 'one-edit';

/** The protected names, made ready for comparing. */
type ProtectedNames = {
  /** True for a protected domain and for those under it. */
  readonly owns: (domain: string) => boolean;
  /** The protected domain that a domain can be taken for, and why; null: none. */
  readonly likenessOf: (domain: string) => { readonly likeness: Likeness; readonly of: string } | null;
  /** The first protected name of a person that a text shows; null: none. */
  readonly personIn: (text: string) => string | null;
};

/** One for each list: names are made ready once, not for each message. */
const prepared = new WeakMap<readonly string[], ProtectedNames>();

/** @param names as the settings give them; the list must not change afterwards */
export const protectedNames = (names: readonly string[]): ProtectedNames => {
  const known = prepared.get(names) ?? prepare(names);
  prepared.set(names, known);
  return known;
};

const prepare = (names: readonly string[]): ProtectedNames => {
  const domains = new Set(names.filter(isDomain).map(comparable));
  return {
    owns: (domain) => suffixesOf(domain).some((suffix) => domains.has(suffix)),
    likenessOf: prepareDomains([...domains]),
    personIn: preparePersons(names.filter((name) => !isDomain(name))),
  };
};

/** An entry with a dot and without a space is a domain. */
const isDomain = (name: string): boolean => name.includes('.') && !/\s/.test(name);

/** Octets of a domain (RFC 1035 section 2.3.4); nothing longer is one. */
const MAX_DOMAIN_CHARS = 255;

/**
 * A domain of which no label is so long has many neighbours that are honest: one edit of "ab.de"
 * says nothing.
 */
const MIN_EDITED_LABEL_CHARS = 4;

const prepareDomains = (domains: readonly string[]): ProtectedNames['likenessOf'] => {
  const shown = domains.map((domain) => ({ domain, written: asShown(domain) }));
  const shapes = new Map(shown.map(({ domain, written }) => [shapeOf(written), domain]));
  const edited = shown.filter(({ written }) => longest(written.split('.')) >= MIN_EDITED_LABEL_CHARS);
  const labelCounts = new Set(domains.map((domain) => domain.split('.').length));
  return (domain) => {
    if (domain.length > MAX_DOMAIN_CHARS) return null;
    const labels = asShown(domain).split('.');
    const labelShapes = labels.map(shapeOf);
    for (const count of labelCounts)
      for (let start = 0; start + count <= labels.length; start++) {
        const of = shapes.get(labelShapes.slice(start, start + count).join('.'));
        if (of === undefined) continue;
        if (start + count < labels.length) return { likeness: 'contains', of };
        const isSame = labels.slice(start).join('.') === asShown(of);
        return { likeness: isSame ? 'same' : 'confusable', of };
      }
    const byLength = new Map(suffixesOf(labels.join('.')).map((suffix) => [suffix.length, suffix]));
    for (const { domain: of, written } of edited)
      for (const change of [0, 1, -1]) {
        const suffix = byLength.get(written.length + change);
        if (suffix !== undefined && isOneEditApart(suffix, written)) return { likeness: 'one-edit', of };
      }
    return null;
  };
};

/** Labels as a reader may be shown them; as written where they are no A-labels. */
const asShown = (domain: string): string =>
  (domain.includes('xn--') ? domainToUnicode(domain) || domain : domain).toLowerCase();

const longest = (labels: readonly string[]): number => Math.max(...labels.map(({ length }) => length));

/** The domain and those above it. */
const suffixesOf = (domain: string): string[] => {
  const suffixes = [domain];
  for (let dot = domain.indexOf('.'); dot !== -1; dot = domain.indexOf('.', dot + 1))
    suffixes.push(domain.slice(dot + 1));
  return suffixes;
};

const preparePersons = (names: readonly string[]): ProtectedNames['personIn'] => {
  const byWords = new Map<string, string>();
  const counts = new Set<number>();
  // A text of other words costs a look at each.
  const vocabulary = new Set<string>();
  for (const name of names)
    for (const words of readings(name)) {
      const whole = words.join('');
      for (const key of [inAnyOrder(words), ...(whole.length >= MIN_JOINED_CHARS ? [whole] : [])])
        byWords.set(key, name);
      for (const word of [...words, whole]) vocabulary.add(word);
      counts.add(words.length).add(1);
    }
  return (text) => {
    if (byWords.size === 0) return null;
    for (const words of readings(text))
      for (const count of counts)
        for (let start = 0; start + count <= words.length; start++) {
          const window = words.slice(start, start + count);
          if (!window.every((word) => vocabulary.has(word))) continue;
          const name = byWords.get(inAnyOrder(window));
          if (name !== undefined) return name;
        }
    return null;
  };
};

/** "janedoe" is Jane Doe; a shorter word may be anything. */
const MIN_JOINED_CHARS = 6;

/** "Doe, Jane" is Jane Doe too. */
const inAnyOrder = (words: readonly string[]): string => [...words].sort().join(' ');

/**
 * The words of a text by their shape: in lower case and as written, because "I" looks like "l" and
 * "i" does not.
 */
const readings = (text: string): string[][] => {
  const seen = text.normalize('NFKC').slice(0, MAX_TEXT_CHARS);
  return [wordsOf(seen.toLowerCase()), wordsOf(seen)];
};

/** One character may be 18 after normalization, and no reader of mail shows so long a name. */
const MAX_TEXT_CHARS = 1000;

const wordsOf = (text: string): string[] =>
  shapeOf(text)
    .split(/[^\p{L}\p{N}\p{M}]+/u)
    .filter((word) => word !== '');
