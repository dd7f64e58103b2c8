/**
 * What can be said against a list of addresses: faults, where the grammar of RFC 5322 is left and
 * readers guess, and remarks, where it is kept (or left without doubt about the address) in a form
 * that readers differ over. A closed list of each, with the sentence of the RFC that decides.
 */

/** Meaning of one word. */
type GrammarRule = {
  /** One clause for people, without a full stop. */
  readonly about: string;
  /** The rule, as in "RFC 5322 section 3.4". */
  readonly section: string;
};

/** Where a field leaves the grammar, so that its addresses are not certain. */
export const ADDRESS_FAULTS = {
  'no-address': { about: 'there is no address here', section: 'RFC 5322 section 3.4.1' },
  'name-without-angle': {
    about: 'a display name comes before an address without angle brackets',
    section: 'RFC 5322 section 3.4',
  },
  'text-after-address': { about: 'text follows the address', section: 'RFC 5322 section 3.4' },
  'angle-opened-twice': { about: 'an angle bracket is opened twice', section: 'RFC 5322 section 3.4' },
  'angle-never-opened': { about: 'an angle bracket is closed that is not open', section: 'RFC 5322 section 3.4' },
  'angle-never-closed': { about: 'an angle bracket is never closed', section: 'RFC 5322 section 3.4' },
  'at-sign-in-name': {
    about: 'a display name has an at sign outside of quotes',
    section: 'RFC 5322 section 3.2.5',
  },
  'encoded-word-in-address': { about: 'an address has an encoded word', section: 'RFC 2047 section 5' },
  'misplaced-dot': { about: 'a dot is where none may be', section: 'RFC 5322 section 3.4.1' },
  'words-without-dot': { about: 'two words of an address have no dot between them', section: 'RFC 5322 section 4.4' },
  'malformed-route': { about: 'a route is no list of domains', section: 'RFC 5322 section 4.4' },
  'group-in-group': { about: 'a group is inside a group', section: 'RFC 5322 section 3.4' },
  'group-without-name': { about: 'a colon follows what is no name of a group', section: 'RFC 5322 section 3.4' },
  'group-never-closed': { about: 'a group is never closed', section: 'RFC 5322 section 3.4' },
  'semicolon-without-group': { about: 'a semicolon ends no group', section: 'RFC 5322 section 3.4' },
  'text-after-group': { about: 'text follows a group without a comma', section: 'RFC 5322 section 3.4' },
  'quoted-string-never-closed': { about: 'a quoted string is never closed', section: 'RFC 5322 section 3.2.4' },
  'comment-never-closed': { about: 'a comment is never closed', section: 'RFC 5322 section 3.2.2' },
  'literal-never-closed': { about: 'an address literal is never closed', section: 'RFC 5322 section 3.4.1' },
  'misplaced-special': {
    about: 'a parenthesis, bracket or backslash is where none may be',
    section: 'RFC 5322 section 3.2.3',
  },
  'control-character': { about: 'a control character is where none may be', section: 'RFC 5322 section 3.2.3' },
  'lone-cr': { about: 'a CR has no LF', section: 'RFC 5322 section 2.2' },
  nul: { about: 'there is a NUL, which no message may have', section: 'RFC 5322 section 4' },
} as const satisfies Readonly<Record<string, GrammarRule>>;

/** Where a field has a form that other readers may take for another address. */
export const ADDRESS_REMARKS = {
  'obsolete-route': { about: 'a route of hosts comes before an address', section: 'RFC 5322 section 4.4' },
  'space-in-address': {
    about: 'an address has white space or a comment inside',
    section: 'RFC 5322 section 4.4',
  },
  'empty-member': { about: 'a member of the list is empty', section: 'RFC 5322 section 4.4' },
  'quoted-local-part': { about: 'a local-part is a quoted string', section: 'RFC 5322 section 3.4.1' },
  'address-literal': { about: 'an address literal is in place of a domain', section: 'RFC 5322 section 3.4.1' },
  group: { about: 'the addresses stand in a group', section: 'RFC 6854' },
  'address-as-name': {
    about: 'a display name has an address of the same domain outside of quotes',
    section: 'RFC 5322 section 3.2.5',
  },
  'at-sign-in-quotes': {
    about: 'a quoted display name holds an at sign that is not of an address of the same domain',
    section: 'RFC 5322 section 3.2.4',
  },
  'at-sign-in-comment': {
    about: 'a comment holds an at sign, and some readers take its address for that of the author',
    section: 'RFC 5322 section 3.4',
  },
  'bracket-in-name': {
    about: 'a display name has a square bracket outside of quotes',
    section: 'RFC 5322 section 3.2.5',
  },
  'control-character-in-text': {
    about: 'a quoted string or a comment has a control character',
    section: 'RFC 5322 section 4.1',
  },
} as const satisfies Readonly<Record<string, GrammarRule>>;

export type AddressFault = keyof typeof ADDRESS_FAULTS;
export type AddressRemark = keyof typeof ADDRESS_REMARKS;

/** One word and the character of the text it speaks of, from 0. */
export type Spot<Word extends string> = { readonly word: Word; readonly position: number };

/** What is found while a field is read, in the order of finding. */
export type GrammarNotes = {
  readonly faults: readonly Spot<AddressFault>[];
  readonly remarks: readonly Spot<AddressRemark>[];
  readonly fault: (word: AddressFault, position: number) => void;
  readonly remark: (word: AddressRemark, position: number) => void;
};

/**
 * Makes an empty record of what is found.
 * @param maxFaults most faults that are kept; of remarks the first of each word is
 */
export const createNotes = (maxFaults: number): GrammarNotes => {
  const faults: Spot<AddressFault>[] = [];
  const remarks: Spot<AddressRemark>[] = [];
  return {
    faults,
    remarks,
    fault: (word, position) => {
      if (faults.length < maxFaults) faults.push({ word, position });
    },
    remark: (word, position) => {
      // One of a word tells what a reader has to know.
      if (!remarks.some((known) => known.word === word)) remarks.push({ word, position });
    },
  };
};
