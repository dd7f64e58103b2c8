/**
 * readAddresses: RFC 5322 sections 3.4 and 4.4 with the examples of its appendix A in kind; what
 * deceives is told.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ADDRESS_FAULTS,
  ADDRESS_REMARKS,
  type AddressFault,
  type AddressRemark,
} from '../../../src/message/address/grammar.ts';
import { readAddresses } from '../../../src/message/address/read-addresses.ts';
import { domainsShownIn } from '../../../src/message/address/shown-domains.ts';

type Shown = [displayName: string | null, address: string, group?: string];

const shown = (text: string): Shown[] =>
  readAddresses(text).mailboxes.map(({ displayName, address, group }) =>
    group === null ? [displayName, address] : [displayName, address, group],
  );

const lists: [of: string, text: string, mailboxes: Shown[]][] = [
  ['an address alone (section 3.4.1)', 'a@b.example', [[null, 'a@b.example']]],
  ['an angle address alone', '<a@b.example>', [[null, 'a@b.example']]],
  ['a display name', 'Alice Smith <a@b.example>', [['Alice Smith', 'a@b.example']]],
  ['a quoted display name (A.1.2)', '"Giant; \\"Big\\" Box" <a@b.example>', [['Giant; "Big" Box', 'a@b.example']]],
  [
    'several (A.1.2)',
    'Mary <m@x.example>, j@y.example, "Who?" <one@z.example>',
    [
      ['Mary', 'm@x.example'],
      [null, 'j@y.example'],
      ['Who?', 'one@z.example'],
    ],
  ],
  [
    'a group (A.1.3)',
    'A Group:Ed <e@a.example>,j@b.example;',
    [
      ['Ed', 'e@a.example', 'A Group'],
      [null, 'j@b.example', 'A Group'],
    ],
  ],
  ['an empty group (A.1.3)', 'Undisclosed recipients:;', []],
  [
    'a group among others',
    'a@b.example, G: c@d.example;, e@f.example',
    [
      [null, 'a@b.example'],
      [null, 'c@d.example', 'G'],
      [null, 'e@f.example'],
    ],
  ],
  [
    'comments everywhere (A.5)',
    'Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>',
    [['Pete', 'pete@silly.test']],
  ],
  [
    'an obsolete phrase with a dot (A.6.1)',
    'Joe Q. Public <john.q.public@b.example>',
    [['Joe Q. Public', 'john.q.public@b.example']],
  ],
  ['an obsolete route (A.6.1)', 'Mary <@node.test,@other.test:mary@b.example>', [['Mary', 'mary@b.example']]],
  [
    'spaces around dots and at signs (A.6.3)',
    'Ed <e . d @ b . example>, j . k @ b . example',
    [
      ['Ed', 'e.d@b.example'],
      [null, 'j.k@b.example'],
    ],
  ],
  [
    'empty list members (section 4.4)',
    ',a@b.example,,c@d.example,',
    [
      [null, 'a@b.example'],
      [null, 'c@d.example'],
    ],
  ],
  [
    'a quoted local-part',
    '"a b"@c.example, <"x\\"y"@c.example>',
    [
      [null, '"a b"@c.example'],
      [null, '"x\\"y"@c.example'],
    ],
  ],
  ['a quoted local-part that needs no quotes', '"ab"@c.example', [[null, 'ab@c.example']]],
  [
    'an address literal',
    'a@[192.0.2.1], <b@[IPv6:2001:db8::1]>',
    [
      [null, 'a@[192.0.2.1]'],
      [null, 'b@[IPv6:2001:db8::1]'],
    ],
  ],
  ['UTF-8 (RFC 6532)', 'Jürgen <jürgen@bücher.example>', [['Jürgen', 'jürgen@bücher.example']]],
  [
    'encoded words (RFC 2047 section 5)',
    '=?UTF-8?Q?J=C3=BCrgen?= =?UTF-8?Q?_B?= <j@b.example>',
    [['Jürgen B', 'j@b.example']],
  ],
  [
    'folds',
    'Alice\r\n <a@b.example>,\r\n\tc@d.example',
    [
      ['Alice', 'a@b.example'],
      [null, 'c@d.example'],
    ],
  ],
  ['nothing', '', []],
];
for (const [of, text, mailboxes] of lists) {
  test(`readAddresses reads ${of}`, () => {
    assert.deepEqual(shown(text), mailboxes);
    assert.deepEqual(readAddresses(text).faults, []);
  });
}

const faulty: [word: AddressFault, text: string, position: number, mailboxes: Shown[]][] = [
  ['no-address', 'Alice', 0, []],
  ['no-address', '<>', 0, []],
  ['no-address', 'a@', 0, []],
  ['no-address', '@b.example', 0, []],
  ['no-address', 'a@b@c.example', 0, []],
  ['no-address', '<a@b.example@c.example>', 1, []],
  ['no-address', '<a b@c.example>', 1, []],
  ['no-address', '<@b.example>', 0, []],
  ['no-address', 'a@"b.example"', 0, []],
  ['no-address', 'a@[192.0.2.1].example', 0, []],
  ['name-without-angle', 'Alice a@b.example', 0, [['Alice', 'a@b.example']]],
  ['name-without-angle', 'x@brand.example y@evil.example', 0, [['x@brand.example', 'y@evil.example']]],
  ['angle-never-closed', 'Alice <a@b.example', 7, [['Alice', 'a@b.example']]],
  ['text-after-address', 'Alice <a@b.example> Bob', 20, [['Alice', 'a@b.example']]],
  ['angle-opened-twice', '<a@b.example> <c@d.example>', 14, [[null, 'a@b.example']]],
  ['angle-never-opened', 'a@b.example>', 11, [[null, 'a@b.example']]],
  ['angle-never-opened', '<a@b.example>>', 13, [[null, 'a@b.example']]],
  ['at-sign-in-name', 'x@brand.example <a@b.example>', 1, [['x@brand.example', 'a@b.example']]],
  ['at-sign-in-name', '[x@brand.example] <a@b.example>', 0, [['[x@brand.example]', 'a@b.example']]],
  ['at-sign-in-name', 'x@brand.example: a@b.example;', 1, [[null, 'a@b.example', 'x@brand.example']]],
  ['encoded-word-in-address', '=?utf-8?q?a?=@b.example', 0, [[null, '=?utf-8?q?a?=@b.example']]],
  ['encoded-word-in-address', '<a@=?utf-8?q?b?=.example>', 3, [[null, 'a@=?utf-8?q?b?=.example']]],
  ['encoded-word-in-address', '<=?utf-8?q?a. b?=@c.example>', 1, [[null, '=?utf-8?q?a.b?=@c.example']]],
  ['misplaced-dot', 'a@b..example', 0, [[null, 'a@b..example']]],
  ['misplaced-dot', '.a@b.example', 0, [[null, '".a"@b.example']]],
  ['misplaced-dot', '<a@b.example.>', 1, [[null, 'a@b.example.']]],
  ['misplaced-dot', '"a"."b".@c.example', 0, [[null, '"a.b."@c.example']]],
  ['words-without-dot', '<a@b(c)d.example>', 7, [[null, 'a@bd.example']]],
  ['words-without-dot', '"a"b@c.example', 3, [[null, 'ab@c.example']]],
  ['malformed-route', '<@a b:c@d.example>', 1, [[null, 'c@d.example']]],
  ['malformed-route', '<:c@d.example>', 1, [[null, 'c@d.example']]],
  ['malformed-route', '<,,:c@d.example>', 1, [[null, 'c@d.example']]],
  ['malformed-route', '<@"x":c@d.example>', 1, [[null, 'c@d.example']]],
  ['group-in-group', 'G: H: a@b.example;', 4, [[null, 'a@b.example', 'H']]],
  ['group-without-name', ': a@b.example;', 0, [[null, 'a@b.example', '']]],
  ['group-without-name', '<a@b.example>: c@d.example;', 13, [[null, 'c@d.example', '']]],
  ['group-never-closed', 'G: a@b.example', 14, [[null, 'a@b.example', 'G']]],
  [
    'semicolon-without-group',
    'a@b.example; c@d.example',
    11,
    [
      [null, 'a@b.example'],
      [null, 'c@d.example'],
    ],
  ],
  [
    'text-after-group',
    'G: a@b.example; c@d.example',
    16,
    [
      [null, 'a@b.example', 'G'],
      [null, 'c@d.example'],
    ],
  ],
  ['text-after-group', 'G:; H: a@b.example;', 4, [[null, 'a@b.example', 'H']]],
  ['quoted-string-never-closed', '"Alice <a@b.example>', 0, []],
  ['comment-never-closed', '(Alice <a@b.example>', 0, []],
  ['literal-never-closed', 'a@[192.0.2.1', 2, []],
  ['misplaced-special', 'a) <a@b.example>', 1, [['a', 'a@b.example']]],
  ['misplaced-special', 'a\\ <a@b.example>', 1, [['a', 'a@b.example']]],
  ['control-character', '<a@b\u0001.example>', 3, [[null, 'a@b\u0001.example']]],
  ['control-character', 'A\u007f <a@b.example>', 0, [['A\ufffd', 'a@b.example']]],
  [
    'lone-cr',
    'a@b.example\r,c@d.example',
    11,
    [
      [null, 'a@b.example'],
      [null, 'c@d.example'],
    ],
  ],
  ['lone-cr', '"A\r" <a@b.example>', 2, [['A', 'a@b.example']]],
  ['lone-cr', '"A\\\r" <a@b.example>', 3, [['A', 'a@b.example']]],
  ['lone-cr', '(\r) <a@b.example>', 1, [[null, 'a@b.example']]],
  ['nul', '<a@b.example\0.d.example>', 12, [[null, 'a@b.example\0.d.example']]],
  ['nul', '"A\0" <a@b.example>', 2, [['A\ufffd', 'a@b.example']]],
  ['nul', '<"a\\\0"@b.example>', 4, [[null, 'a\0@b.example']]],
  ['nul', '(\0) <a@b.example>', 1, [[null, 'a@b.example']]],
];
for (const [word, text, position, mailboxes] of faulty) {
  test(`readAddresses finds ${word} in ${JSON.stringify(text)} and reads on`, () => {
    assert.deepEqual(shown(text), mailboxes);
    const found = readAddresses(text).faults.find((fault) => fault.word === word);
    assert.equal(found?.position, position);
  });
}

const remarked: [word: AddressRemark, text: string, position: number][] = [
  ['obsolete-route', '<@a.example,,@[192.0.2.1]:c@d.example>', 1],
  ['space-in-address', 'a @ b.example', 2],
  ['space-in-address', '<a@b .example>', 5],
  ['space-in-address', '<a@b.example(x)>', 12],
  ['empty-member', ',a@b.example', 0],
  ['empty-member', 'G: a@b.example,,c@d.example;', 15],
  ['quoted-local-part', '<"x@y.example"@b.example>', 1],
  ['quoted-local-part', 'a."b".c@d.example', 2],
  ['address-literal', 'a@[192.0.2.1]', 2],
  ['group', 'G: a@b.example;', 0],
  ['address-as-name', 'a@B.example <a@b.example>', 1],
  ['at-sign-in-quotes', 'A "x@y.example" <a@b.example>', 2],
  ['at-sign-in-quotes', '"x@ y.example" <a@b.example>', 0],
  ['at-sign-in-comment', 'a@b.example (x@ y)', 12],
  ['at-sign-in-comment', 'a@b.example (=?utf-8?q?x=40y?=)', 12],
  ['bracket-in-name', '[Ticket 7] Alice <a@b.example>', 0],
  ['control-character-in-text', '"A\u001b" <a@b.example>', 0],
  ['control-character-in-text', 'a@b.example (\u0007)', 12],
];
for (const [word, text, position] of remarked) {
  test(`readAddresses remarks ${word} in ${JSON.stringify(text)}, which is no fault`, () => {
    const { faults, remarks } = readAddresses(text);
    assert.deepEqual(faults, []);
    assert.deepEqual(
      remarks.filter((remark) => remark.word === word),
      [{ word, position }],
    );
  });
}

test('readAddresses reaches every fault and every remark of its grammar', () => {
  assert.deepEqual(new Set(faulty.map(([word]) => word)), new Set(Object.keys(ADDRESS_FAULTS)));
  assert.deepEqual(new Set(remarked.map(([word]) => word)), new Set(Object.keys(ADDRESS_REMARKS)));
});

test('readAddresses remarks nothing in the forms that programs write today', () => {
  for (const text of [
    'a@b.example',
    'Alice Q. Smith <a.b+c@d.example>',
    '"Smith, Alice" <a@b.example>, b@c.example',
    '"a@B.example" <a@b.example>',
    '=?UTF-8?Q?J=C3=BCrgen?= <j@b.example>',
    'jürgen@bücher.example',
  ])
    assert.deepEqual(readAddresses(text).remarks, [], text);
});

test('readAddresses keeps the comments and the names of groups', () => {
  const list = readAddresses('(one) a@b.example (=?UTF-8?Q?Al=C3=ADce?=), (three), G(four):(five);');
  assert.deepEqual(list.comments, ['one', 'Alíce', 'three', 'four', 'five']);
  assert.deepEqual(list.groups, ['G']);
});

test('readAddresses stops at its limits and says so', () => {
  const many = 'a@b.example,'.repeat(10);
  assert.equal(readAddresses(many, { maxChars: 1000, maxMailboxes: 10 }).truncated, false);
  assert.equal(readAddresses(many, { maxChars: 1000, maxMailboxes: 9 }).truncated, true);
  assert.equal(readAddresses(many, { maxChars: 1000, maxMailboxes: 9 }).mailboxes.length, 9);
  assert.equal(readAddresses(many, { maxChars: 119, maxMailboxes: 10 }).truncated, true);
  assert.equal(readAddresses(`a@b.example${'(x)'.repeat(100)}`).truncated, false);
  assert.equal(readAddresses(`a@b.example${'(x)'.repeat(101)}`).truncated, true);
  assert.equal(readAddresses('('.repeat(50)).faults.length, 1);
  assert.equal(readAddresses(')'.repeat(50)).faults.length, 20);
});

test('readAddresses never throws, and an address it gives reads back as itself', () => {
  const parts = fc.constantFrom(
    'a',
    'b.example',
    '@',
    '<',
    '>',
    ',',
    ';',
    ':',
    '"',
    '\\',
    '(',
    ')',
    '[',
    ']',
    '.',
    ' ',
    'é',
    '\0',
    '=?UTF-8?Q?a?=',
  );
  fc.assert(
    fc.property(
      fc.oneof(fc.array(parts, { maxLength: 25 }), fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 })),
      (pieces) => {
        for (const { address, localPart, domain } of readAddresses(pieces.join('')).mailboxes) {
          const again = readAddresses(`<${address}>`).mailboxes[0];
          assert.deepEqual([again?.localPart, again?.domain], [localPart, domain]);
        }
      },
    ),
    { numRuns: 3000 },
  );
});

test('readAddresses bears 65,000 of anything', () => {
  for (const piece of [
    'a@b.example,',
    '<@',
    '<@a,',
    '(@)',
    '"@"',
    ';',
    '(',
    '"',
    '<',
    '[',
    'a ',
    'a.',
    '. ',
    '@',
    ':',
    '\\',
    '=?',
  ])
    assert.ok(readAddresses(piece.repeat(65_000 / piece.length)).faults.length <= 20);
});

const names: [text: string, domains: string[]][] = [
  ['Alice Smith', []],
  ['security@brand.example', ['brand.example']],
  ['Alice (alice@Brand.Example)', ['brand.example']],
  ['Brand <help@brand.example>, or desk@shop.example.', ['brand.example', 'shop.example']],
  ['alice＠brand．example', ['brand.example']],
  ['alice@localhost', []],
  ['@brand.example', []],
  ['meet @ noon. today', []],
];
for (const [text, domains] of names) {
  test(`domainsShownIn finds ${domains.length} in ${JSON.stringify(text)}`, () =>
    assert.deepEqual(domainsShownIn(text), domains));
}
