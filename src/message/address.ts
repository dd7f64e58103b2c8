/**
 * Reads the addresses of a From, Sender, Reply-To, To or Cc field body: mailboxes and groups, quoted strings, comments, obsolete routes and spaces, UTF-8.
 * RFC 5322 sections 3.4 and 4.4, RFC 6532, RFC 2047 section 5 (display names). What breaks the grammar is told as a fault and read on from, as a mail
 * reader would, because the reader's view is what deceives people. The only reader of addresses: the Author Domain comes from it too, and only from a
 * field without faults.
 */
import { decodeWords } from './encoded-words.ts';
import { isFoldingSpace, readComment, readQuotedString, readUntil } from './lexical.ts';

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
  /** Comments, decoded; some mail readers show one in place of a display name. */
  readonly comments: readonly string[];
  /** Name of the group that holds it (RFC 5322 section 3.4); null outside of groups. */
  readonly group: string | null;
};

/** A place where the grammar was left. */
export type AddressFault = { readonly position: number; readonly reason: string };

/** What a field body holds. */
export type AddressList = {
  readonly mailboxes: readonly Mailbox[];
  /** Names of the groups, empty groups included. */
  readonly groups: readonly string[];
  /** In order, the first 20; empty for a field that keeps to the grammar. */
  readonly faults: readonly AddressFault[];
  /** True when a limit cut the reading. */
  readonly truncated: boolean;
};

/** What one field may hold. */
export type AddressLimits = { readonly maxChars: number; readonly maxMailboxes: number };

/** The limits where no setting says otherwise. */
export const DEFAULT_ADDRESS_LIMITS: AddressLimits = { maxChars: 65_536, maxMailboxes: 1000 };

const MAX_FAULTS = 20;
const MAX_NAME_CHARS = 500;

/**
 * Reads an address list.
 * @param text the unfolded field body
 * @returns never throws
 */
export function readAddresses(text: string, limits: AddressLimits = DEFAULT_ADDRESS_LIMITS): AddressList {
  const faults: AddressFault[] = [];
  const fault: TellFault = (reason, position) => {
    if (faults.length < MAX_FAULTS) faults.push({ position, reason });
  };
  const source = text.slice(0, limits.maxChars);
  const mailboxes: Mailbox[] = [];
  const groups: string[] = [];
  let truncated = text.length > source.length;
  let group: string | null = null;
  let item = emptyItem();
  const finishItem = (): void => {
    const mailbox = mailboxOf(item, group, fault);
    item = emptyItem();
    if (mailbox !== null && mailboxes.length < limits.maxMailboxes) mailboxes.push(mailbox);
    else if (mailbox !== null) truncated = true;
  };

  for (const token of tokenize(source, fault)) {
    const { angle } = item;
    // A field that breaks the grammar so often is read no further; nor is one of more groups than it may have mailboxes.
    if (faults.length >= MAX_FAULTS || groups.length > limits.maxMailboxes) {
      truncated = true;
      break;
    }
    if (token.kind === 'comment') item.comments.push(token.content);
    else if (token.kind !== 'special' || token.content === '@') {
      if (item.angleClosed) fault('text stands after the address', token.position);
      else (angle ?? item.words).push(token);
    } else if (token.content === '<') {
      if (angle !== null) fault('an angle bracket is opened twice', token.position);
      else item.angle = [];
    } else if (token.content === '>') {
      if (angle === null) fault('an angle bracket is closed that was not opened', token.position);
      item.angleClosed = true;
    } else if (angle !== null && !item.angleClosed && isRoute(angle)) {
      // obs-route: "<@a.example,@b.example:c@d.example>". It names hosts of old and is to be passed over (RFC 5322 section 4.4).
      if (token.content === ':') item.angle = [];
    } else if (token.content === ':') {
      if (group !== null) fault('a group stands inside a group', token.position);
      group = phrase(item.words);
      groups.push(group);
      item = emptyItem();
    } else {
      finishItem();
      if (token.content === ';' && group === null) fault('a semicolon ends no group', token.position);
      if (token.content === ';') group = null;
    }
  }
  finishItem();
  if (group !== null) fault('a group is never closed', source.length);
  return { mailboxes, groups, faults, truncated };
}

/**
 * The domains of what looks like an address in a text for people, such as a display name, in lower case. Look-alikes of "@" and of the dot count
 * (Unicode NFKC), because the reader's eye does not tell them apart.
 * @param text at most 1,000 characters of it are looked at
 */
export function domainsShownIn(text: string): string[] {
  const seen = text.slice(0, 1000).normalize('NFKC');
  if (!seen.includes('@')) return [];
  const words = seen.toLowerCase().split(/[\s<>()[\]{}"'`,;:|/\\]+/);
  return words.flatMap((word) => {
    let end = word.length;
    while (end > 0 && '.!?'.includes(word.charAt(end - 1))) end -= 1;
    const domain = word.slice(word.lastIndexOf('@') + 1, end);
    return word.lastIndexOf('@') > 0 && /^[^.@]+(?:\.[^.@]+)+$/.test(domain) ? [domain] : [];
  });
}

type TellFault = (reason: string, position: number) => void;

type Token = {
  readonly kind: 'atom' | 'quoted' | 'literal' | 'comment' | 'special';
  readonly content: string;
  readonly spaceBefore: boolean;
  /** True after white space or a comment: two words of an address that are parted need a dot or an at sign between them. */
  readonly partedBefore: boolean;
  readonly position: number;
};

/** What stands between two commas. */
type Item = { readonly words: Token[]; readonly comments: string[]; angle: Token[] | null; angleClosed: boolean };

const emptyItem = (): Item => ({ words: [], comments: [], angle: null, angleClosed: false });

const SPECIALS = '<>:;@,';
/** The dot ends no atom here, since obsolete phrases hold it, as in "John Q. Public" (RFC 5322 section 4.1). */
const endsAtom = (character: string): boolean =>
  isFoldingSpace(character) || '()[]\\"'.includes(character) || SPECIALS.includes(character);

const CONTROL = /[\0-\x1f\x7f-\x9f]/;

function tokenize(text: string, fault: TellFault): Token[] {
  const tokens: Token[] = [];
  let spaceBefore = false;
  let partedBefore = false;
  let at = 0;
  const push = (kind: Token['kind'], content: string, end: number): void => {
    tokens.push({ kind, content, spaceBefore, partedBefore, position: at });
    spaceBefore = kind === 'comment' && spaceBefore;
    partedBefore = kind === 'comment';
    at = end;
  };
  while (at < text.length) {
    const character = text.charAt(at);
    if (isFoldingSpace(character)) {
      // A CR that ends no line is content to some readers and a line end to others (RFC 5322 section 2.2).
      if (character === '\r' && text.charAt(at + 1) !== '\n') fault('a CR stands alone', at);
      spaceBefore = true;
      partedBefore = true;
      at += 1;
    } else if (character === '"' || character === '(') {
      const { content, end, closed } = character === '"' ? readQuotedString(text, at) : readComment(text, at);
      if (!closed) fault(character === '"' ? 'a quoted string is never closed' : 'a comment is never closed', at);
      push(character === '"' ? 'quoted' : 'comment', content, end);
    } else if (character === '[') {
      const end = Math.min(readUntil(text, at, (one) => one === ']') + 1, text.length);
      if (text.charAt(end - 1) !== ']') fault('an address literal is never closed', at);
      push('literal', text.slice(at, end), end);
    } else if (SPECIALS.includes(character)) push('special', character, at + 1);
    else if (endsAtom(character)) {
      fault('a character stands where none of its kind may', at);
      at += 1;
    } else {
      const end = readUntil(text, at, endsAtom);
      if (CONTROL.test(text.slice(at, end))) fault('a control character stands where none may', at);
      push('atom', text.slice(at, end), end);
    }
  }
  return tokens;
}

/** True while the inside of an angle bracket is a route: it begins with a domain instead of a local-part. */
function isRoute(angle: readonly Token[]): boolean {
  return angle.length === 0 || angle[0]?.content === '@';
}

function mailboxOf(item: Item, group: string | null, fault: TellFault): Mailbox | null {
  const first = item.angle?.[0] ?? item.words[0];
  if (item.angle !== null && !item.angleClosed) fault('an angle bracket is never closed', first?.position ?? 0);
  if (first === undefined && item.angle === null) return null;
  const bare = item.angle === null ? splitBare(item.words) : { name: item.words, address: item.angle };
  if (item.angle === null && bare.name.length > 0 && bare.address.length > 0)
    fault('a display name stands before an address without angle brackets', first?.position ?? 0);
  if (item.angle !== null) checkPhrase(item.words, bare.address, fault);
  const address = readAddrSpec(bare.address);
  if (address === null) {
    fault('there is no address here', first?.position ?? 0);
    return null;
  }
  if (!address.wellFormed) fault('a dot stands where none may', first?.position ?? 0);
  const parted = bare.address.find((word, index) => index > 0 && isApart(bare.address[index - 1], word));
  if (parted !== undefined) fault('two words of an address have no dot between them', parted.position);
  return {
    displayName: phrase(bare.name) || null,
    localPart: address.localPart,
    domain: address.domain,
    address: `${quotedWhereNeeded(address.localPart)}@${address.domain}`,
    comments: item.comments.slice(0, 10).map((comment) => decodeWords(comment, MAX_NAME_CHARS)),
    group,
  };
}

/** Without angle brackets the address is the last words that no space parts, but for spaces around dots, which the obsolete syntax allows. */
function splitBare(words: readonly Token[]): { name: readonly Token[]; address: readonly Token[] } {
  const sign = words.findLastIndex(isAtSign);
  if (sign === -1) return { name: words, address: [] };
  let start = sign - 1;
  while (start > 0 && isJoined(words[start - 1], words[start])) start -= 1;
  return { name: words.slice(0, Math.max(start, 0)), address: words.slice(Math.max(start, 0)) };
}

/**
 * Tells an at sign in a display name outside of quotes: readers differ in which address they take. Allowed where the name is the address itself, as many
 * programs write it: every reader finds the same domain in it.
 */
function checkPhrase(words: readonly Token[], address: readonly Token[], fault: TellFault): void {
  const sign = words.find((word) => isAtSign(word) || (word.kind === 'literal' && word.content.includes('@')));
  if (sign === undefined) return;
  const [name, mailbox] = [readAddrSpec(words), readAddrSpec(address)];
  const same =
    name !== null &&
    mailbox !== null &&
    !words.some((word, index) => index > 0 && isApart(words[index - 1], word)) &&
    name.domain.toLowerCase() === mailbox.domain.toLowerCase();
  if (!same) fault('an at sign stands in a display name outside of quotes', sign.position);
}

/** True when two words of an address follow each other without the dot or at sign that the grammar puts between them (RFC 5322 sections 3.4.1, 4.4). */
function isApart(left: Token | undefined, right: Token | undefined): boolean {
  if (left === undefined || right === undefined || isAtSign(left) || isAtSign(right)) return false;
  const dotted =
    (left.kind === 'atom' && left.content.endsWith('.')) || (right.kind === 'atom' && right.content.startsWith('.'));
  return !dotted && (right.partedBefore || left.kind !== 'atom' || right.kind !== 'atom');
}

const isAtSign = (token: Token | undefined): boolean => token?.kind === 'special';

/** True when two words belong to one address: nothing between them, or a dot or an at sign. */
function isJoined(left: Token | undefined, right: Token | undefined): boolean {
  if (left === undefined || right === undefined) return false;
  if (isAtSign(left) || isAtSign(right)) return true;
  return (
    !right.spaceBefore ||
    (left.kind === 'atom' && left.content.endsWith('.')) ||
    (right.kind === 'atom' && right.content.startsWith('.'))
  );
}

const DOT_ATOM = /^[^.]+(?:\.[^.]+)*$/;

function readAddrSpec(tokens: readonly Token[]): { localPart: string; domain: string; wellFormed: boolean } | null {
  const sign = tokens.findIndex(isAtSign);
  const local = tokens.slice(0, Math.max(sign, 0));
  const domain = tokens.slice(sign + 1);
  // Two at signs have two readings, and mail programs differ in which one they show.
  if (local.length === 0 || domain.length === 0 || domain.some(isAtSign)) return null;
  if (!isDomain(domain)) return null;
  for (const words of [local, domain])
    if (words.some((word, index) => index > 0 && !isJoined(words[index - 1], word))) return null;
  const content = (words: readonly Token[]): string => words.map((word) => word.content).join('');
  const plain = local.every((word) => word.kind === 'atom') ? [local, domain] : [domain];
  return {
    localPart: content(local),
    domain: content(domain),
    wellFormed: plain.every((words) => words[0]?.kind === 'literal' || DOT_ATOM.test(content(words))),
  };
}

function isDomain(words: readonly Token[]): boolean {
  const [first] = words;
  if (first?.kind === 'literal') return words.length === 1 && first.content.endsWith(']');
  return words.every((word) => word.kind === 'atom');
}

function phrase(words: readonly Token[]): string {
  const text = words.map((word, index) => `${index > 0 && word.spaceBefore ? ' ' : ''}${word.content}`).join('');
  return decodeWords(text, MAX_NAME_CHARS).trim();
}

function quotedWhereNeeded(localPart: string): string {
  const bare = DOT_ATOM.test(localPart) && !Array.from(localPart).some(endsAtom);
  return bare ? localPart : `"${localPart.replace(/["\\]/g, '\\$&')}"`;
}
