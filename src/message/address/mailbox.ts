/**
 * A mailbox, or the name of a group, made of the words that stand between two commas, and what they
 * break of the grammar. RFC 5322 sections 3.2.5, 3.4 and 4.4, RFC 2047 section 5.
 */
import { decodeWords } from '../encoded-words.ts';
import type { GrammarNotes } from './grammar.ts';
import { type Item, isEmpty } from './item.ts';
import { domainsShownIn } from './shown-domains.ts';
import { endsAtom, isApart, isAtSign, isDomain, isJoined, type Token } from './tokens.ts';

/** One mailbox. */
export type Mailbox = {
  /** Display name, decoded, at most 500 characters; null where there is none. */
  readonly displayName: string | null;
  /** Local-part, quotes and quoted pairs resolved. */
  readonly localPart: string;
  /** Domain as written, or an address literal with its brackets. */
  readonly domain: string;
  /** The addr-spec as it must be written: with quotes where the local-part needs them. */
  readonly address: string;
  /** Name of the group that holds it (RFC 5322 section 3.4); null outside of groups. */
  readonly group: string | null;
};

/** Characters of a display name or a comment that are kept. */
export const MAX_NAME_CHARS = 500;

/** The name of a group: a phrase (RFC 5322 section 3.4). */
export const groupName = (item: Item, position: number, notes: GrammarNotes): string => {
  if (item.angle !== null || item.words.length === 0) notes.fault('group-without-name', position);
  checkPhrase(item.words, [], notes);
  return phrase(item.words);
};

export const mailboxOf = (item: Item, group: string | null, notes: GrammarNotes): Mailbox | null => {
  if (isEmpty(item)) return null;
  const position = (item.angle?.[0] ?? item.words[0])?.position ?? item.position;
  if (item.angle !== null && !item.angleClosed) notes.fault('angle-never-closed', position);
  const { name, words } = item.angle === null ? splitBare(item.words) : { name: item.words, words: item.angle };
  if (item.angle === null && name.length > 0 && words.length > 0) notes.fault('name-without-angle', position);
  if (item.angle !== null) checkPhrase(name, words, notes);
  const address = readAddrSpec(words);
  if (address === null) {
    notes.fault('no-address', position);
    return null;
  }
  checkAddrSpec(words, position, notes);
  return {
    displayName: phrase(name) || null,
    localPart: address.localPart,
    domain: address.domain,
    address: `${quotedWhereNeeded(address.localPart)}@${address.domain}`,
    group,
  };
};

/**
 * Without angle brackets the address is the last words that no space parts, except spaces next to
 * dots, which the obsolete syntax allows.
 */
const splitBare = (words: readonly Token[]): { name: readonly Token[]; words: readonly Token[] } => {
  const sign = words.findLastIndex(isAtSign);
  if (sign === -1) return { name: words, words: [] };
  let start = sign - 1;
  while (start > 0 && isJoined(words[start - 1], words[start])) start -= 1;
  return { name: words.slice(0, Math.max(start, 0)), words: words.slice(Math.max(start, 0)) };
};

/**
 * Checks a phrase. An at sign outside of quotes is a fault, since readers differ in which address
 * they take; allowed where the name is an address of the same domain, as many programs write it. A
 * square bracket leaves the grammar too, but "[Ticket 7] Alice <a@b.example>" is common and no
 * reader of it finds another address.
 */
const checkPhrase = (words: readonly Token[], address: readonly Token[], notes: GrammarNotes): void => {
  const [name, mailbox] = [readAddrSpec(words), readAddrSpec(address)];
  const domain = mailbox?.domain.toLowerCase();
  for (const word of words) {
    if (word.kind === 'literal') notes.remark('bracket-in-name', word.position);
    // Readers that take the quotes off first find an address there, and one that spaces divide too.
    if (word.kind === 'quoted' && word.content.includes('@') && !showsOnly(word.content, domain))
      notes.remark('at-sign-in-quotes', word.position);
  }
  const sign = words.find((word) => isAtSign(word) || (word.kind === 'literal' && word.content.includes('@')));
  if (sign === undefined) return;
  const isSame =
    name !== null &&
    mailbox !== null &&
    !words.some((word, index) => isApart(words[index - 1], word)) &&
    name.domain.toLowerCase() === domain;
  if (isSame) notes.remark('address-as-name', sign.position);
  else notes.fault('at-sign-in-name', sign.position);
};

/** True when a text shows addresses, all of one domain. */
const showsOnly = (text: string, domain: string | undefined): boolean => {
  const shown = domainsShownIn(text);
  return shown.length > 0 && shown.every((one) => one === domain);
};

/** Checks the words of an addr-spec that could be read. */
const checkAddrSpec = (words: readonly Token[], position: number, notes: GrammarNotes): void => {
  const sign = words.findIndex(isAtSign);
  const [local, domain] = [words.slice(0, sign), words.slice(sign + 1)];
  for (const part of [local, domain]) {
    // Dots beside a quoted string are checked by themselves: its content may begin or end with one.
    const text = part.map(({ kind, content }) => (kind === 'quoted' || kind === 'literal' ? '"' : content)).join('');
    if (!DOT_ATOM.test(text)) notes.fault('misplaced-dot', position);
    // Some readers take one that white space divides for whole.
    const content = part.map((word) => word.content).join('');
    if (isEncodedWord(content)) notes.fault('encoded-word-in-address', part[0]?.position ?? position);
  }
  for (const [index, word] of words.entries()) {
    if (isApart(words[index - 1], word)) notes.fault('words-without-dot', word.position);
    if (index > 0 && word.partedBefore) notes.remark('space-in-address', word.position);
    if (word.kind === 'quoted') notes.remark('quoted-local-part', word.position);
    if (word.kind === 'literal') notes.remark('address-literal', word.position);
  }
};

/**
 * True for what a reader that decodes before it parses would take for other text (RFC 2047 section
 * 5).
 */
const isEncodedWord = (text: string): boolean => {
  const start = text.indexOf('=?');
  return start !== -1 && text.includes('?=', start + 2);
};

const DOT_ATOM = /^[^.]+(?:\.[^.]+)*$/;

const readAddrSpec = (words: readonly Token[]): { localPart: string; domain: string } | null => {
  const sign = words.findIndex(isAtSign);
  const [local, domain] = [words.slice(0, Math.max(sign, 0)), words.slice(sign + 1)];
  // Two at signs have two readings, and mail programs differ in which one they show.
  if (local.length === 0 || domain.length === 0 || domain.some(isAtSign)) return null;
  if (!isDomain(domain) || !local.every((word, index) => index === 0 || isJoined(local[index - 1], word))) return null;
  const content = (part: readonly Token[]): string => part.map((word) => word.content).join('');
  return { localPart: content(local), domain: content(domain) };
};

const phrase = (words: readonly Token[]): string => {
  const text = words.map((word, index) => `${index > 0 && word.spaceBefore ? ' ' : ''}${word.content}`).join('');
  return decodeWords(text, MAX_NAME_CHARS).trim();
};

const quotedWhereNeeded = (localPart: string): string => {
  const bare = DOT_ATOM.test(localPart) && !Array.from(localPart).some(endsAtom);
  return bare ? localPart : `"${localPart.replace(/["\\]/g, '\\$&')}"`;
};
