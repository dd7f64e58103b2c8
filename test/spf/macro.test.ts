import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseClientIp } from '../../src/ip/address.ts';
import { parseMacroString } from '../../src/records/macro.ts';
import { expandName, expandText, type MacroValues } from '../../src/spf/macro.ts';

const values = (ip: string): MacroValues => {
  const address = parseClientIp(ip);
  if (address === null) assert.fail(ip);
  return {
    ip: address,
    domain: 'email.example.com',
    localPart: 'strong-bad',
    senderDomain: 'email.example.com',
    helo: 'mail.example.org',
    validatedName: 'mx.example.org',
    receiver: 'mx.receiver.example',
    epochSeconds: 1234.5,
  };
};

const tokensOf = (text: string) => {
  const macro = parseMacroString(text, 0, { explanationLetters: true, spaces: true });
  if (macro.kind === 'fault') assert.fail(macro.fault.reason);
  return macro.tokens;
};

const IP4 = '192.0.2.3';
const IP6 = '2001:db8::cb01';

describe('expandText expands each macro of RFC 7208 section 7', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['%{s}', IP4, 'strong-bad@email.example.com'],
    ['%{o}', IP4, 'email.example.com'],
    ['%{d4}', IP4, 'email.example.com'],
    ['%{d3}', IP4, 'email.example.com'],
    ['%{d2}', IP4, 'example.com'],
    ['%{d1}', IP4, 'com'],
    ['%{dr}', IP4, 'com.example.email'],
    ['%{d2r}', IP4, 'example.email'],
    ['%{D2R}', IP4, 'example.email'],
    ['%{l}', IP4, 'strong-bad'],
    ['%{l-}', IP4, 'strong.bad'],
    ['%{lr}', IP4, 'strong-bad'],
    ['%{lr-}', IP4, 'bad.strong'],
    ['%{l1r-}', IP4, 'strong'],
    ['%{l1-}', IP4, 'bad'],
    ['%{ir}.%{v}._spf.%{d2}', IP4, '3.2.0.192.in-addr._spf.example.com'],
    [
      '%{ir}.%{v}._spf.%{d2}',
      IP6,
      '1.0.b.c.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6._spf.example.com',
    ],
    ['%{h}|%{p}|%{r}|%{t}', IP4, 'mail.example.org|mx.example.org|mx.receiver.example|1234'],
    ['%{c}', IP6, '2001:db8::cb01'],
    ['%{S}', IP4, 'strong-bad%40email.example.com'],
    ['%%%_%-', IP4, '% %20'],
    ['%{i999}', IP4, '192.0.2.3'],
  ];
  for (const [text, ip, expected] of cases) {
    it(`${text} for ${ip}`, () => assert.equal(expandText(tokensOf(text), values(ip), 500), expected));
  }
  it('escapes bytes of UTF-8 for an upper-case letter', () => {
    assert.equal(expandText(tokensOf('%{L}'), { ...values(IP4), localPart: 'é~_' }, 500), '%C3%A9~_');
  });
  it('stops at the most characters it may write', () => {
    assert.equal(expandText(tokensOf('%{s}'.repeat(10_000)), values(IP4), 40).length, 40);
  });
});

describe('expandName', () => {
  it('takes off one last dot', () => assert.equal(expandName(tokensOf('%{d}.'), values(IP4)), 'email.example.com'));
  it('cuts whole labels from the left of a name over 253 characters (RFC 7208 section 7.3)', () => {
    const name = expandName(tokensOf(`first.${'%{d}.'.repeat(1000)}last.example`), values(IP4));
    assert.ok(name.length <= 253 && name.length > 253 - 17, String(name.length));
    assert.match(name, /^(?:email\.|example\.|com\.)(?:.*)\.last\.example$/);
  });
  it('leaves a name of exactly 253 characters whole', () => {
    const text = `${'a.'.repeat(121)}bcd.example`;
    assert.equal(text.length, 253);
    assert.equal(expandName(tokensOf(text), values(IP4)), text);
    assert.equal(expandName(tokensOf(`x${text}`), values(IP4)), text.slice(2));
  });
});
