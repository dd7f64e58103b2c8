/** PROTECTED_NAMES: who bears one, what looks like one, and who may. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMessage } from '../../../../src/message/message.ts';
import { readAuthor } from '../../../../src/verdict/author.ts';
import { protectedNames } from '../../../../src/verdict/findings/deception/protected-names.ts';
import {
  MAX_COMPARED_CHARS,
  MAX_COMPARED_DOMAINS,
  signsOfDeception,
} from '../../../../src/verdict/findings/deception.ts';
import { example, makeVerifier } from '../../make-verifier.ts';

const NAMES = [
  'brand.example',
  'paypal.com',
  'müller.example',
  'ab.de',
  'Jane Doe',
  'Jürgen Groß',
  'ACME Holding',
  'Al',
];

/** The findings about protected names in a message with this From. */
const told = (from: string, names: readonly string[] = NAMES): string[] => {
  const message = readMessage(Buffer.from(`From: ${from}\r\n\r\n`));
  assert.equal(message.kind, 'message');
  const author = readAuthor(message);
  return signsOfDeception({
    message,
    author,
    authorDomain: author.domain,
    organizationalDomain: author.domain,
    authenticated: true,
    protectedNames: names,
  })
    .map(({ code }) => code)
    .filter((code) => ['protected-name', 'confusable-domain', 'similar-domain'].includes(code));
};

const NAME = ['protected-name'];
const CONFUSABLE = ['confusable-domain'];
const SIMILAR = ['similar-domain'];

const CASES: readonly (readonly [of: string, from: string, expected: string[]])[] = [
  // Who may bear the name.
  ['the domain itself', '"Jane Doe" <jane@brand.example>', []],
  ['a subdomain', '"Jane Doe, brand.example" <jane@mail.eu.brand.example>', []],
  ['upper case', '"Jane Doe" <jane@BRAND.Example>', []],
  ['a protected U-label', '"Jane Doe" <jane@müller.example>', []],
  ['its A-label', '"Jane Doe" <jane@xn--mller-kva.example>', []],
  ['somebody else', 'Bob <bob@other.example>', []],
  ['a name that only begins so', '"Janet Doe" <bob@other.example>', []],
  ['one word of two', 'Jane <bob@other.example>', []],
  // Names of people.
  ['the name', '"Jane Doe" <ceo@evil.example>', NAME],
  ['the name with more', '"Jane Doe (CEO)" <ceo@evil.example>', NAME],
  ['the name the other way round', '"DOE, Jane" <ceo@evil.example>', NAME],
  ['no quotes', 'Jane Doe <ceo@evil.example>', NAME],
  ['an encoded word', '=?utf-8?q?J=C3=BCrgen_Gro=C3=9F?= <ceo@evil.example>', NAME],
  ['base64', '=?utf-8?b?SmFuZSBEb2U=?= <ceo@evil.example>', NAME],
  ['the name without accents', '"Jurgen Groß" <ceo@evil.example>', NAME],
  ['combining marks', '"Ju\u0308rgen Groß" <ceo@evil.example>', NAME],
  ['upper case', '"ACME HOLDING" <ceo@evil.example>', NAME],
  ['full-width letters', '"Ｊａｎｅ Ｄｏｅ" <ceo@evil.example>', NAME],
  ['Cyrillic letters', '"Jаne Dое" <ceo@evil.example>', NAME],
  ['a zero-width space', '"Ja\u200bne Doe" <ceo@evil.example>', NAME],
  ['a no-break space', '"Jane\u00a0Doe" <ceo@evil.example>', NAME],
  ['text that is shown backwards', '"\u202eeoD enaJ" <ceo@evil.example>', NAME],
  ['a comment', 'ceo@evil.example (Jane Doe)', NAME],
  ['the name of a group', '"Jane Doe": ceo@evil.example;', NAME],
  ['a local-part', 'jane.doe@evil.example', NAME],
  ['a local-part in one word', 'janedoe@evil.example', NAME],
  ['a quoted local-part', '"Jane Doe"@evil.example', NAME],
  // Domains that are shown.
  ['a domain as name', '"brand.example" <x@evil.example>', NAME],
  ['a domain in a name', '"Support of Brand.Example." <x@evil.example>', NAME],
  ['a subdomain in a name', '"help.brand.example" <x@evil.example>', NAME],
  ['an address in a name', '"ceo@brand.example" <x@evil.example>', NAME],
  ['a full-width domain', '"ｂｒａｎｄ．ｅｘａｍｐｌｅ" <x@evil.example>', NAME],
  ['an ideographic full stop', '"brand。example" <x@evil.example>', NAME],
  ['a domain as local-part', 'brand.example@evil.example', NAME],
  ['a domain shown backwards', '"\u202eelpmaxe.dnarb" <x@evil.example>', NAME],
  ['the domain as the beginning of another', 'x@brand.example.evil.example', NAME],
  // Domains that look like it.
  ['rn for m', 'x@paypal.corn', CONFUSABLE],
  ['a digit for a letter, one edit and one shape', 'x@paypa1.com', CONFUSABLE],
  ['Cyrillic', 'x@рaypal.com', CONFUSABLE],
  ['Cyrillic as A-label, under a subdomain', 'x@mail.xn--aypal-uye.com', CONFUSABLE],
  ['without the accent', 'x@muller.example', CONFUSABLE],
  ['a confusable domain in the name', '"paypa1.com" <x@evil.example>', CONFUSABLE],
  ['a character more', 'x@brands.example', SIMILAR],
  ['a character less, under a subdomain', 'x@mail.bran.example', SIMILAR],
  ['another character', 'x@bramd.example', SIMILAR],
  ['two exchanged', 'x@barnd.example', SIMILAR],
  ['another top-level domain', 'x@paypal.co', SIMILAR],
  ['a similar domain in the name', '"brands.example" <x@evil.example>', SIMILAR],
  ['two edits', 'x@brandss.example', []],
  ['one edit of a domain that is too short', 'x@ac.de', []],
  ['a similar domain and the name', '"Jane Doe" <x@brands.example>', [...NAME, ...SIMILAR]],
  ['a From without an author domain', '"Jane Doe"', []],
  ['authors of several domains', 'Jane Doe <a@evil.example>, b@other.example', []],
];

for (const [of, from, expected] of CASES)
  test(`signsOfDeception, of ${of} (${JSON.stringify(from).slice(0, 60)}): ${expected.join(', ') || 'nothing'}`, () =>
    assert.deepEqual(told(from), expected));

test('signsOfDeception says nothing of protected names where there are none', () =>
  assert.deepEqual(told('"Jane Doe" <x@paypa1.com>', []), []));

test('protectedNames takes no text that is too long for a domain', () => {
  const { likenessOf, owns } = protectedNames(['brand.example']);
  assert.equal(likenessOf(`${'a.'.repeat(121)}brand.example`)?.likeness, 'same');
  assert.equal(likenessOf(`${'a.'.repeat(122)}brand.example`), null);
  assert.equal(owns(`${'a.'.repeat(10_000)}brand.example`), true);
});

test('signsOfDeception compares a bounded number of characters and domains', () => {
  const names = (count: number) =>
    Array.from({ length: count }, (_, at) => `"${'x'.repeat(499)}" <${at % 10}@evil.example>, `).join('');
  const fits = MAX_COMPARED_CHARS / 500;
  assert.deepEqual(told(`${names(fits - 1)}"Jane Doe" <x@evil.example>`), NAME);
  assert.deepEqual(told(`${names(fits)}"Jane Doe" <x@evil.example>`), []);
  assert.deepEqual(told(manyDomains(MAX_COMPARED_DOMAINS - 1)), NAME);
  assert.deepEqual(told(manyDomains(MAX_COMPARED_DOMAINS)), []);
});

/** A From that names so many other domains before the protected one. */
const manyDomains = (count: number): string =>
  [...Array.from({ length: count }, (_, at) => `n${at}.example`), 'brand.example']
    .map((domain) => `"${domain}" <a@evil.example>`)
    .join(', ');

test('verify tells a similar domain also of a message that authenticates, and changes no result', async () => {
  const smtp = { clientIp: '192.0.2.10', helo: 'mail.brand.example', mailFrom: 'alice@brand.example' };
  const message = example('aligned.eml');
  const [plain, similar] = [
    await makeVerifier()(message, smtp),
    await makeVerifier({ protectedNames: ['brant.example'] })(message, smtp),
  ];
  assert.equal(similar.author.authenticated, true);
  assert.deepEqual(
    similar.findings.filter(({ code }) => code === 'similar-domain').map(({ severity, field }) => [severity, field]),
    [['warning', 'author.domain']],
  );
  assert.deepEqual(similar.disposition, plain.disposition);
});
