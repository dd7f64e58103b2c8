/**
 * Every class of difference between our reading of From and those of mailauth, Python's `email` and
 * Perl's Mail::Address, each with the rule that decides. A class is how a reader differs and what
 * we say of the body (the first fault, else the first finding about From).
 */
import { ADDRESS_FAULTS, ADDRESS_REMARKS } from '../../../src/message/address/grammar.ts';
import type { Relation } from './compare.ts';

/** One class. */
export type ListedDifference = {
  readonly relation: Relation;
  readonly ground: string;
  /** Why our answer is right. */
  readonly reason: string;
  readonly section: string;
};

type Reasons<Word extends string> = { readonly [word in Word]?: string };

/** We name no author; another reader takes one domain out of what the grammar does not allow. */
const SOMEBODY: Reasons<keyof typeof ADDRESS_FAULTS> = {
  'no-address':
    'An addr-spec is a local-part, one at sign and a domain. Others take the words around the last or the first at sign, or leave out a member of the list that has none.',
  'name-without-angle':
    'A mailbox with a display name has angle brackets. Others take the word that holds the at sign, or join all the words.',
  'text-after-address':
    'Only white space and comments follow an angle-addr. Others leave the text out, or take the address from it.',
  'angle-opened-twice':
    'One angle-addr makes a mailbox. Others take the first, or the last, or what both brackets hold.',
  'angle-never-opened': 'An angle-addr begins with its bracket. Others leave a bracket out that closes nothing.',
  'angle-never-closed': 'An angle-addr ends with its bracket. Others end it where the field or the member ends.',
  'at-sign-in-name':
    'A phrase is made of words, and the at sign is a special. Others take an address of the name for the author, or leave it out.',
  'encoded-word-in-address':
    'An encoded word MUST NOT appear in any portion of an addr-spec. Others decode it, or take its characters for the local-part.',
  'misplaced-dot': 'Dots stand between atoms. Others leave a dot out, or keep it in the domain.',
  'words-without-dot': 'Only a dot stands between the words of a local-part or a domain. Others join them, or cut.',
  'malformed-route': 'A route is a list of domains, each after an at sign. Others take the address behind any colon.',
  'group-in-group': 'The members of a group are mailboxes. Others read a group inside of it.',
  'group-without-name': 'A group begins with a display name. Others take what stands before or behind the colon.',
  'group-never-closed': 'A group ends with a semicolon. Others end it where the field ends.',
  'semicolon-without-group': 'A semicolon ends a group. Others take it for a comma, or for a part of the domain.',
  'text-after-group': 'A comma stands between the members of a list. Others read on behind the semicolon.',
  'quoted-string-never-closed':
    'A quoted string ends with a quote. Others take the quote for a character, or the rest of the field for a name.',
  'comment-never-closed': 'A comment ends with its parenthesis. Others take the parenthesis for a character.',
  'literal-never-closed': 'A domain literal ends with its bracket. Others take the bracket for a character.',
  'misplaced-special': 'A special stands only where the grammar names it. Others take it for a character.',
  'control-character': 'No atom holds a control character. Others leave it out, or keep it.',
  'lone-cr': 'A field body MUST NOT include CR and LF except in a fold. Others take a CR for a line end.',
  nul: 'A NUL is no longer allowed. Others leave it out, or take it for a character.',
};

/**
 * We name an author, by a form that the grammar allows; another reader takes it for something else.
 */
const REMARKED: Reasons<keyof typeof ADDRESS_REMARKS> = {
  'obsolete-route': 'The route portion SHOULD be ignored. Others take a host of the route for an author.',
  'space-in-address':
    'White space and comments may stand between the words of an address. Others cut the address there.',
  'empty-member': 'A list may have empty members. Others take a comment or another form beside them differently.',
  'quoted-local-part': 'A quoted string is a unit. Others take an at sign or a bracket of it for their own.',
  'address-literal': 'A domain literal is a domain. Others see no domain in it.',
  group: 'From may hold groups. Others take the name of a group for an address, or leave its members out.',
  'at-sign-in-quotes': 'A quoted string is a unit. Others take the quotes off first and see an address.',
  'at-sign-in-comment': 'What a comment holds has no meaning. Others see an address in it.',
  'bracket-in-name': 'No word holds a bracket, yet the address is beyond doubt. Others see none.',
  'address-as-name': 'No word holds an at sign, yet both addresses have one domain. Others see none, or two.',
  'control-character-in-text': 'The obsolete syntax allows it. Others cut the field there, or see no address.',
};

const listedOf = <Word extends string>(
  relation: Relation,
  reasons: Reasons<Word>,
  rules: Readonly<Record<Word, { readonly section: string }>>,
): ListedDifference[] =>
  (Object.entries(reasons) as [Word, string][]).map(([ground, reason]) => ({
    relation,
    ground,
    reason,
    section: rules[ground].section,
  }));

export const LISTED: readonly ListedDifference[] = [
  ...listedOf('somebody', SOMEBODY, ADDRESS_FAULTS),
  {
    relation: 'somebody',
    ground: 'several-domains',
    reason: 'Every mailbox of From is an author. Others leave one out whose form they do not read.',
    section: 'RFC 9989 section 5.3.1',
  },
  {
    relation: 'somebody',
    ground: 'no-mailbox',
    reason: 'A group may be empty, and its name is no address. Others take it for one.',
    section: 'RFC 6854',
  },
  {
    relation: 'somebody',
    ground: 'unreadable-domain',
    reason: 'What is no name of DNS, no U-label and no address literal is no Author Domain. Others look no closer.',
    section: 'RFC 5890 section 2.3.2.1',
  },
  ...listedOf('other-domain', REMARKED, ADDRESS_REMARKS),
  ...listedOf('nobody', REMARKED, ADDRESS_REMARKS),
  {
    relation: 'nobody',
    ground: 'display-name-domain',
    reason: 'A phrase may hold dots and stand beside its angle bracket. Python reads such a phrase for no name.',
    section: 'RFC 5322 section 4.1',
  },
  {
    relation: 'nobody',
    ground: 'unremarked',
    reason:
      'A phrase may hold dots, folds and quoted strings, and a comment quoted pairs. Python and mailauth read some of them otherwise.',
    section: 'RFC 5322 section 4.1',
  },
];
