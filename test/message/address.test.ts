/** readAddresses: RFC 5322 sections 3.4 and 4.4 with the examples of its appendix A in kind; what deceives is told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { domainsShownIn, readAddresses } from '../../src/message/address.ts';

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

const faulty: [text: string, mailboxes: Shown[], position: number, reason: RegExp][] = [
  ['Alice', [], 0, /no address/],
  ['<>', [], 0, /no address/],
  ['a@', [], 0, /no address/],
  ['@b.example', [], 0, /no address/],
  ['a@b@c.example', [], 0, /no address/],
  ['<a@b.example@c.example>', [], 1, /no address/],
  ['<a b@c.example>', [], 1, /no address/],
  ['Alice a@b.example', [['Alice', 'a@b.example']], 0, /without angle brackets/],
  ['x@brand.example y@evil.example', [['x@brand.example', 'y@evil.example']], 0, /without angle brackets/],
  ['Alice <a@b.example', [['Alice', 'a@b.example']], 7, /angle bracket is never closed/],
  ['Alice <a@b.example> Bob', [['Alice', 'a@b.example']], 20, /after the address/],
  ['<a@b.example> <c@d.example>', [[null, 'a@b.example']], 14, /opened twice/],
  ['"Alice <a@b.example>', [], 0, /quoted string is never closed/],
  ['(Alice <a@b.example>', [], 0, /comment is never closed/],
  ['a@[192.0.2.1', [], 2, /literal is never closed/],
  ['a@b..example', [[null, 'a@b..example']], 0, /dot/],
  ['.a@b.example', [[null, '".a"@b.example']], 0, /dot/],
  [
    'a@b.example; c@d.example',
    [
      [null, 'a@b.example'],
      [null, 'c@d.example'],
    ],
    11,
    /semicolon/,
  ],
  ['G: a@b.example', [[null, 'a@b.example', 'G']], 14, /group is never closed/],
  ['G: H: a@b.example;', [[null, 'a@b.example', 'H']], 4, /inside a group/],
  ['a) <a@b.example>', [['a', 'a@b.example']], 1, /character/],
];
for (const [text, mailboxes, position, reason] of faulty) {
  test(`readAddresses tells what is wrong with ${JSON.stringify(text)} and reads on`, () => {
    const list = readAddresses(text);
    assert.deepEqual(shown(text), mailboxes);
    assert.equal(list.faults[0]?.position, position);
    assert.match(list.faults[0]?.reason ?? '', reason);
  });
}

test('readAddresses keeps the comments and the names of groups', () => {
  const list = readAddresses('a@b.example (=?UTF-8?Q?Al=C3=ADce?=), G:;');
  assert.deepEqual(list.mailboxes[0]?.comments, ['Alíce']);
  assert.deepEqual(list.groups, ['G']);
});

test('readAddresses stops at its limits and says so', () => {
  const many = 'a@b.example,'.repeat(10);
  assert.equal(readAddresses(many, { maxChars: 1000, maxMailboxes: 10 }).truncated, false);
  assert.equal(readAddresses(many, { maxChars: 1000, maxMailboxes: 9 }).truncated, true);
  assert.equal(readAddresses(many, { maxChars: 1000, maxMailboxes: 9 }).mailboxes.length, 9);
  assert.equal(readAddresses(many, { maxChars: 119, maxMailboxes: 10 }).truncated, true);
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
  for (const piece of ['a@b.example,', '(', '"', '<', '[', 'a ', 'a.', '. ', '@', ':', '\\', '=?'])
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
