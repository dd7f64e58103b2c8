/**
 * Reads the addresses of a From, Sender, Reply-To, To or Cc field body: mailboxes and groups,
 * quoted strings, comments, obsolete routes and spaces, UTF-8. RFC 5322 sections 3.4 and 4.4, RFC
 * 6532, RFC 2047 section 5 (display names). Where the grammar is left it records a fault and reads
 * on as a mail reader would, because that view is what deceives people. The only reader of
 * addresses: the Author Domain comes from it too, and only from a field without faults.
 */
import { decodeWords } from '../encoded-words.ts';
import { type AddressFault, type AddressRemark, createNotes, type Spot } from './grammar.ts';
import { emptyItem, isEmpty, takeWord } from './item.ts';
import { groupName, MAX_NAME_CHARS, type Mailbox, mailboxOf } from './mailbox.ts';
import { isSpecial, tokenize } from './tokens.ts';

/** What a field body holds. */
export type AddressList = {
  readonly mailboxes: readonly Mailbox[];
  /** Names of the groups, empty groups included. */
  readonly groups: readonly string[];
  /** Comments, decoded, each at most 500 characters; some mail readers show one as the name. */
  readonly comments: readonly string[];
  /** In order, the first 20; empty for a field that keeps to the grammar. */
  readonly faults: readonly Spot<AddressFault>[];
  /** The first of each word. */
  readonly remarks: readonly Spot<AddressRemark>[];
  /** True when a limit cut the reading. */
  readonly truncated: boolean;
};

/** What one field may hold. */
type AddressLimits = { readonly maxChars: number; readonly maxMailboxes: number };

/** The limits where no setting says otherwise. */
export const DEFAULT_ADDRESS_LIMITS: AddressLimits = { maxChars: 65_536, maxMailboxes: 1000 };

/** A field that breaks the grammar so often is read no further. */
const MAX_FAULTS = 20;
/** A comment costs a decoding, and no honest field has so many. */
export const MAX_COMMENTS = 100;

/**
 * Reads an address list.
 * @param text the unfolded field body
 * @returns never throws
 */
export const readAddresses = (text: string, limits: AddressLimits = DEFAULT_ADDRESS_LIMITS): AddressList => {
  const notes = createNotes(MAX_FAULTS);
  const source = text.slice(0, limits.maxChars);
  const mailboxes: Mailbox[] = [];
  const groups: string[] = [];
  const comments: string[] = [];
  let truncated = text.length > source.length;
  let group: string | null = null;
  let groupEnded = false;
  let item = emptyItem(0);
  const finishItem = (next: number): void => {
    const mailbox = mailboxOf(item, group, notes);
    item = emptyItem(next);
    if (mailbox !== null && mailboxes.length < limits.maxMailboxes) mailboxes.push(mailbox);
    else if (mailbox !== null) truncated = true;
  };

  for (const token of tokenize(source, notes)) {
    const tooMany =
      groups.length > limits.maxMailboxes || (token.kind === 'comment' && comments.length >= MAX_COMMENTS);
    if (tooMany || notes.faults.length >= MAX_FAULTS) {
      truncated = true;
      break;
    }
    if (token.kind === 'comment') {
      const comment = decodeWords(token.content, MAX_NAME_CHARS);
      comments.push(comment);
      if (comment.includes('@') || token.content.includes('@')) notes.remark('at-sign-in-comment', token.position);
      if (item.angle !== null && !item.angleClosed) notes.remark('space-in-address', token.position);
      continue;
    }
    // After the semicolon of a group only a comma goes on (RFC 5322 section 3.4).
    if (groupEnded && !isSpecial(token, ',')) notes.fault('text-after-group', token.position);
    const afterGroup = groupEnded;
    groupEnded = false;
    if (takeWord(item, token, notes)) continue;
    if (token.content === ':') {
      if (group !== null) notes.fault('group-in-group', token.position);
      group = groupName(item, token.position, notes);
      groups.push(group);
      notes.remark('group', item.position);
      item = emptyItem(token.position + 1);
    } else {
      if (token.content === ',' && isEmpty(item) && !afterGroup) notes.remark('empty-member', token.position);
      finishItem(token.position + 1);
      if (token.content === ';' && group === null) notes.fault('semicolon-without-group', token.position);
      groupEnded = token.content === ';' && group !== null;
      if (token.content === ';') group = null;
    }
  }
  finishItem(source.length);
  if (group !== null) notes.fault('group-never-closed', source.length);
  return { mailboxes, groups, comments, faults: notes.faults, remarks: notes.remarks, truncated };
};
