/**
 * readAuthor: RFC 9989 section 5.3.1 over the grammar of RFC 5322 sections 3.4 and 4.4. A field
 * that leaves the grammar names nobody.
 */
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
  // RFC 5322 section 4.4: the route is passed over, whatever domains it names.
  ['<@evil.example,,@[192.0.2.1] (x) , @evil . example : ceo@bank.example>', 'bank.example'],
  // RFC 5322 section 3.4.1: a quoted local-part is a unit; obs-local-part joins words with dots.
  ['"ceo@evil.example"@bank.example', 'bank.example'],
  ['<"<x@evil.example>"@bank.example>', 'bank.example'],
  ['"a" . b . "c"@bank.example', 'bank.example'],
  ['""@bank.example', 'bank.example'],
  // RFC 5322 section 3.4.1: white space inside of a domain literal.
  ['ceo@[ 192.0.2.1\t]', '[192.0.2.1]'],
  ['ceo@[IPv6:2001:DB8::1]', '[ipv6:2001:db8::1]'],
  // RFC 9989 section 5.3.1: U-labels become A-labels; both spellings are one domain.
  ['a@bücher.example, b@xn--bcher-kva.example, c@XN--BCHER-KVA.EXAMPLE', 'xn--bcher-kva.example'],
  ['a@BÜCHER.example', 'xn--bcher-kva.example'],
  ['a@bücher.xn--bcher-kva.example', 'xn--bcher-kva.xn--bcher-kva.example'],
  ['a@bu\u0308cher.example', 'xn--bcher-kva.example'],
  ['a@straße.example', 'xn--strae-oqa.example'],
  ['a@例え.テスト', 'xn--r8jz45g.xn--zckzah'],
  // RFC 5322 sections 3.4 and 4.4: groups and empty members.
  ['Group: a@bank.example,,; , b@bank.example', 'bank.example'],
  // RFC 2047 section 5: an encoded word may stand in a phrase or a comment.
  ['=?utf-8?q?x=40evil=2Eexample?= (=?utf-8?q?x?=) <ceo@bank.example>', 'bank.example'],
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
  // RFC 5322 sections 2.2 and 4: neither a NUL nor a lone CR, in quotes, comments and literals too.
  ['"CEO\0" <ceo@bank.example>', /a NUL/],
  ['"CEO\r<x@evil.example>" <ceo@bank.example>', /CR has no LF/],
  ['"a\r"@bank.example', /CR has no LF/],
  ['CEO (\r) <ceo@bank.example>', /CR has no LF/],
  ['ceo@[192.0.2.1\r]', /CR has no LF/],
  // RFC 5322 section 3.4: after the semicolon of a group only a comma goes on.
  ['Group: ceo@bank.example; x@bank.example', /follows a group/],
  ['Group: ceo@bank.example; <x@evil.example>', /follows a group/],
  ['Group:; ceo@bank.example', /follows a group/],
  // RFC 5322 section 4.4: a route is a list of domains, and there is one.
  ['<@evil.example x:ceo@bank.example>', /route/],
  ['<@evil.example:@evil.example:ceo@bank.example>', /no name of a group/],
  // RFC 2047 section 5: no encoded word in an addr-spec.
  ['=?utf-8?q?ceo=40bank.example=3E?=@evil.example', /encoded word/],
  ['<ceo@=?utf-8?q?bank?=.example>', /encoded word/],
  ['"=?utf-8?q?ceo=40bank.example?="@evil.example', /encoded word/],
  ['ceo@bank.example>', /closed that is not open/],
  ['<ceo@bank.example>>', /closed that is not open/],
  ['x@evil.example: ceo@bank.example;', /display name has an at sign/],
  [': ceo@bank.example;', /no name of a group/],
  ['<ceo@bank.example.>', /dot/],
  ['ceo@.bank.example', /dot/],
  ['ceo@[bank.example]', /domain cannot be read/],
  ['ceo@[192.0.2.1].example', /no address/],
  // RFC 5890 section 2.3.2.1: a U-label leads to its A-label and back.
  ['ceo@\u00adbank.\u200b', /domain cannot be read/],
  ['ceo@b\u00adank.example', /domain cannot be read/],
  ['ceo@ｂank.example', /domain cannot be read/],
  ['<x@evil.example> <ceo@bank.example>', /opened twice, at octet 17/],
  ['CEO <ceo@bank.example;x@evil.example>', /semicolon|angle/],
  ['x@evil.example <ceo@bank.example>', /display name has an at sign/],
  ['[x@evil.example] <ceo@bank.example>', /display name has an at sign/],
  ['CEO <ceo@bank(x)er.example>', /no dot between/],
  ['CEO <ceo@evil.example bank.example>', /no address/],
  ['ceo@bank.example\0.evil.example', /a NUL/],
  ['ceo@bank.example\u007f', /control character/],
  ['ceo@bank.example\r,x@evil.example', /CR has no LF/],
  ['ceo@bank.example.', /dot/],
  ['ceo@bank%2eexample', /domain cannot be read/],
  ['ceo@bank\uff0eexample', /domain cannot be read/],
  [`ceo@${'a'.repeat(64)}.example`, /domain cannot be read/],
  [`ceo@${'a.'.repeat(130)}example`, /domain cannot be read/],
  [`ceo@bank.example${'.'.repeat(65_000)}e`, /dot/],
  ['a@bank.example, b@evil.example', /several domains/],
  ['undisclosed:;', /no From field with a domain/],
  ['a@b.example,'.repeat(1001), /the limit of 1000 addresses in From \(fixed\)/],
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

test('readAuthor counts the octets of the unfolded body, whatever its encoding', () => {
  const octetOf = (body: Buffer): number | undefined => {
    const message = readMessage(Buffer.concat([Buffer.from('From: '), body, Buffer.from('\r\n\r\n')]));
    assert.equal(message.kind, 'message');
    return readAuthor(message).fields[0]?.faults[0]?.octet;
  };
  assert.equal(octetOf(Buffer.from('CEO <ceo@bank.example> x')), 23);
  assert.equal(octetOf(Buffer.from('CÉO\r\n <ceo@bank.example> x')), 24);
  assert.equal(octetOf(Buffer.from('CÉO <ceo@bank.example> x', 'latin1')), 23);
});

test('readAuthor names 10 author domains, and with 11 the field cannot be read (RFC 9989 section 11.5)', () => {
  const several = (count: number) => authorOf(Array.from({ length: count }, (_, at) => `a@d${at}.example`).join(', '));
  assert.equal(several(10).domains.length, 10);
  assert.equal(several(10).domain, null);
  assert.deepEqual(several(11).domains, []);
  assert.match(several(11).reason ?? '', /several domains/);
});

test('readAuthor reads 20 From fields and no more', () => {
  const bodies = Array.from({ length: 21 }, (_, at) => `a@d${at}.example`);
  assert.equal(authorOf(...bodies).fields.length, 20);
  assert.equal(authorOf(...bodies).addresses.length, 20);
});
