/** Signs of deception: told where they are facts, silent where they are not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMessage } from '../../../src/message/message.ts';
import { readAuthor } from '../../../src/verdict/author.ts';
import { signsOfDeception } from '../../../src/verdict/findings/deception.ts';
import { example, makeVerifier } from '../make-verifier.ts';

const signs = (head: string, authorDomain: string, authenticated = true): string[] => {
  const message = readMessage(Buffer.from(`${head}\r\n\r\n`));
  assert.equal(message.kind, 'message');
  return signsOfDeception({
    message,
    author: readAuthor(message),
    authorDomain,
    organizationalDomain: authorDomain,
    authenticated,
    protectedNames: [],
  }).map(({ code }) => code);
};

test('signsOfDeception tells a display name that shows an address of another domain', () => {
  const cases: [from: string, told: boolean][] = [
    ['"ceo@bank.example" <x@brand.example>', true],
    ['=?utf-8?q?ceo=40bank=2Eexample?= <x@brand.example>', true],
    ['"alice@brand.example" <x@brand.example>', false],
    ['"alice@mail.brand.example" <x@brand.example>', false],
    ['Alice <x@brand.example>', false],
    ['"@home" <x@brand.example>', false],
    ['x@brand.example (ceo@bank.example)', true],
    ['x@brand.example, (ceo@bank.example)', true],
    ['"ceo@bank.example": x@brand.example;', true],
    ['<"ceo@bank.example"@brand.example>', true],
  ];
  for (const [from, told] of cases)
    assert.equal(signs(`From: ${from}`, 'brand.example').includes('display-name-domain'), told, from);
});

test('signsOfDeception tells an author domain whose label mixes scripts, and not one that a language writes so', () => {
  const cases: [domain: string, told: boolean][] = [
    ['xn--pple-43d.example', true],
    ['xn--80ak6aa92e.example', false],
    ['xn--e1afmkfd.xn--80akhbyknj4f', false],
    ['xn--pple-43d.xn--80akhbyknj4f', true],
    ['xn--mnchen-3ya.example', false],
    ['xn--zckzah.example', false],
    ['apple.example', false],
  ];
  for (const [domain, told] of cases)
    assert.equal(signs('Subject: x', domain).includes('author-domain-mixed-scripts'), told, domain);
});

test('signsOfDeception tells an author domain that looks Latin and is not, but not under a domain of its own script', () => {
  const cases: [domain: string, told: boolean][] = [
    ['xn--80ak6aa92e.example', true],
    ['mail.xn--80ak6aa92e.example', true],
    ['xn--80ak6aa92e.xn--p1ai', false],
    ['xn--e1afmkfd.example', false],
    ['xn--mnchen-3ya.example', false],
    ['xn--a.example', false],
  ];
  for (const [domain, told] of cases)
    assert.equal(signs('Subject: x', domain).includes('author-domain-other-script'), told, domain);
});

test('signsOfDeception tells replies that leave the organization of the author, proven or not', () => {
  const head = 'From: a@brand.example\r\nReply-To: b@elsewhere.example';
  assert.deepEqual(signs(head, 'brand.example'), ['reply-to-elsewhere']);
  assert.deepEqual(signs(head, 'brand.example', false), ['reply-to-elsewhere']);
  for (const replyTo of ['b@help.brand.example', 'b@BRAND.example.', 'b@brand.example', ''])
    assert.deepEqual(signs(`From: a@brand.example\r\nReply-To: ${replyTo}`, 'brand.example'), [], replyTo);
});

test('verify tells the deception of display-name.eml though the message authenticates', async () => {
  const { EXAMPLES } = await import('../../../examples/cases.ts');
  const smtp = EXAMPLES.find(({ file }) => file === 'display-name.eml')?.smtp ?? {};
  const verdict = await makeVerifier()(example('display-name.eml'), smtp);
  assert.equal(verdict.author.authenticated, true);
  assert.ok(verdict.findings.some(({ code }) => code === 'display-name-domain'));
});
