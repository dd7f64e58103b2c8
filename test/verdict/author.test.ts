/** readAuthor: RFC 9989 section 5.3.1 over the grammar of RFC 5322 sections 3.4 and 4.4. A field that leaves the grammar names nobody. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMessage } from '../../src/message/message.ts';
import { readAuthor } from '../../src/verdict/author.ts';

const authorOf = (...bodies: string[]) => {
  const message = readMessage(Buffer.from(`${bodies.map((body) => `From: ${body}\r\n`).join('')}\r\n`));
  assert.equal(message.kind, 'message');
  return readAuthor(message);
};

const legal: [body: string, domain: string][] = [
  ['CEO <ceo@bank.example(x)>', 'bank.example'],
  ['CEO <ceo@(x)bank.example>', 'bank.example'],
  ['CEO <ceo@bank . example>', 'bank.example'],
  ['CEO <ceo@evil.example .bank.example>', 'evil.example.bank.example'],
  ['CEO\r\n <ceo@bank\r\n .example>', 'bank.example'],
  ['<@evil.example,@evil.example:ceo@bank.example>', 'bank.example'],
  ['Group: ceo@bank.example;', 'bank.example'],
  ['a@bank.example, b@BANK.example', 'bank.example'],
  ['"x@evil.example" <ceo@bank.example>', 'bank.example'],
  ['ceo@bank.example <ceo@Bank.example>', 'bank.example'],
  ['ceo@bücher.example', 'xn--bcher-kva.example'],
  ['ceo@[192.0.2.1]', '[192.0.2.1]'],
];
for (const [body, domain] of legal)
  test(`readAuthor finds ${domain} in ${JSON.stringify(body)}`, () => assert.equal(authorOf(body).domain, domain));

const unreadable: [body: string, reason: RegExp][] = [
  ['<x@evil.example> <ceo@bank.example>', /opened twice, at octet 17/],
  ['CEO <ceo@bank.example;x@evil.example>', /semicolon|angle/],
  ['x@evil.example <ceo@bank.example>', /at sign stands in a display name/],
  ['[x@evil.example] <ceo@bank.example>', /at sign stands in a display name/],
  ['CEO <ceo@bank(x)er.example>', /no dot between/],
  ['CEO <ceo@evil.example bank.example>', /no address/],
  ['ceo@bank.example\0.evil.example', /a NUL/],
  ['ceo@bank.example\u007f', /control character/],
  ['ceo@bank.example\r,x@evil.example', /CR stands alone/],
  ['ceo@bank.example.', /dot/],
  ['ceo@bank%2eexample', /domain cannot be read/],
  ['ceo@bank\uff0eexample', /domain cannot be read/],
  [`ceo@${'a'.repeat(64)}.example`, /domain cannot be read/],
  [`ceo@${'a.'.repeat(130)}example`, /domain cannot be read/],
  [`ceo@bank.example${'.'.repeat(65_000)}e`, /dot/],
  ['a@bank.example, b@evil.example', /several domains/],
  ['undisclosed:;', /no From field with a domain/],
  ['a@b.example,'.repeat(1001), /too long/],
];
for (const [body, reason] of unreadable)
  test(`readAuthor names nobody in ${JSON.stringify(body.slice(0, 60))}`, () => {
    const author = authorOf(body);
    assert.equal(author.domain, null);
    assert.equal(author.address, null);
    assert.match(author.reason ?? '', reason);
  });

test('readAuthor reads no further where a field breaks the grammar without end', () => {
  const author = authorOf(...Array.from({ length: 16 }, () => ':'.repeat(60_000)));
  assert.match(author.reason ?? '', /more than one From field/);
});
