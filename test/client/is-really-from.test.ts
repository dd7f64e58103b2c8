/**
 * isReallyFrom over verdicts of the verifier, and over everything that a program may hand it in
 * place of one.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Verdict } from '../../schemas/verdict.ts';
import { isReallyFrom } from '../../src/client/client.ts';
import * as library from '../../src/index.ts';
import { example, makeVerifier } from '../verdict/make-verifier.ts';

const BRAND = { clientIp: '192.0.2.10', helo: 'mail.brand.example', mailFrom: 'alice@brand.example' };
const verify = makeVerifier();
const proven = await verify(example('aligned.eml'), BRAND);
/** As programs have it: over HTTP. */
const clone = (verdict: Verdict): Verdict => JSON.parse(JSON.stringify(verdict));
const withAuthor = (author: Partial<Verdict['author']>): Verdict => {
  const copy = clone(proven);
  return { ...copy, author: { ...copy.author, ...author } };
};

test('isReallyFrom is true for the domain and the address of a proven author, however the domain is written', () => {
  for (const expected of [
    'brand.example',
    'BRAND.example',
    'brand.example.',
    'alice@brand.example',
    'alice@Brand.Example.',
    'ｂrand.example',
  ])
    assert.equal(isReallyFrom(clone(proven), expected), true, expected);
});

test('isReallyFrom is false for every other domain and address', () => {
  for (const expected of [
    'example.com',
    'mail.brand.example',
    'notbrand.example',
    'and.example',
    'brand.example.evil.example',
    'brand-example.example',
    'brаnd.example', // Cyrillic a
    'brand.examp1e',
    'bob@brand.example',
    'Alice@brand.example',
    'alice@mail.brand.example',
    'alice@notbrand.example',
    'alice@brаnd.example', // Cyrillic a
  ])
    assert.equal(isReallyFrom(proven, expected), false, expected);
});

test('isReallyFrom knows a domain in U-labels and in A-labels as the same', () => {
  const verdict = withAuthor({ domain: 'xn--bcher-kva.example', address: 'a@BÜCHER.example' });
  for (const expected of ['bücher.example', 'BÜCHER.example', 'xn--bcher-kva.example', 'a@xn--bcher-kva.example'])
    assert.equal(isReallyFrom(verdict, expected), true, expected);
  assert.equal(isReallyFrom(verdict, 'bucher.example'), false);
});

test('isReallyFrom takes the word of others only where it is asked to', () => {
  const verdict = withAuthor({ level: 'vouched' });
  assert.equal(isReallyFrom(verdict, 'brand.example'), false);
  assert.equal(isReallyFrom(verdict, 'brand.example', { level: 'proven' }), false);
  assert.equal(isReallyFrom(verdict, 'brand.example', { level: 'vouched' }), true);
  assert.equal(isReallyFrom(proven, 'brand.example', { level: 'vouched' }), true);
});

test('isReallyFrom is false for forged, unreadable, several and unchecked authors', async () => {
  const stranger = { clientIp: '198.51.100.200', helo: 'host.stranger.example', mailFrom: 'alice@brand.example' };
  const twoAuthors = Buffer.from(
    example('aligned.eml')
      .toString('latin1')
      .replace(/^From: .*$/m, 'From: alice@brand.example, mallory@brand.example'),
    'latin1',
  );
  for (const verdict of [
    await verify(example('spf-fail.eml'), stranger),
    await verify(example('two-from.eml'), BRAND),
    await verify(twoAuthors, BRAND),
    await verify(Buffer.from('From: "alice@brand.example" <a@evil.example>\r\n\r\n'), BRAND),
    await verify(Buffer.from('From: brand.example\r\n\r\n'), BRAND),
    withAuthor({ level: 'unproven' }),
    withAuthor({ level: 'contradicted' }),
    withAuthor({ level: 'unknown' }),
  ])
    for (const expected of ['brand.example', 'alice@brand.example'])
      assert.equal(isReallyFrom(verdict, expected, { level: 'vouched' }), false, verdict.author.summary);
});

test('isReallyFrom throws for what is no whole verdict, and says what it is', () => {
  const { author, engine, message } = proven;
  const cases: readonly (readonly [given: unknown, said: RegExp])[] = [
    [undefined, /is a undefined/],
    [null, /is null/],
    [true, /is a boolean/],
    [JSON.stringify(proven), /is a string/],
    [[proven], /is a object|no verdict/],
    [{}, /no verdict/],
    [author, /no verdict/],
    [{ author }, /no verdict/],
    [{ author, message }, /no verdict/],
    [{ author: [author], engine, message }, /no verdict/],
    [{ author, engine: { ...engine, name: 'other' }, message }, /no verdict/],
    [{ type: 'about:blank', title: 'Refused', status: 400 }, /no verdict/],
    [{ index: 0, verdict: proven }, /give its member "verdict"/],
    [{ index: 0, problem: { title: 'x' } }, /give its member "verdict"/],
    [{ same: true, differences: [], verdict: proven }, /give its member "verdict"/],
    [Promise.resolve(proven), /no verdict|promise/],
    [Object.create(proven), /no verdict/],
    [JSON.parse(`{"__proto__":${JSON.stringify(proven)}}`), /no verdict/],
    [{ ...proven, author: Object.create(author) }, /author\.domain/],
    [{ ...proven, author: { ...author, level: 'Proven' } }, /author\.level/],
    [{ ...proven, author: { ...author, level: ['proven'] } }, /author\.level/],
    [{ ...proven, author: { ...author, level: 'constructor' } }, /author\.level/],
    [{ ...proven, author: { ...author, level: undefined, authenticated: true } }, /author\.level/],
    [{ ...proven, author: { ...author, domain: ['brand.example'] } }, /author\.domain/],
    [{ ...proven, author: { ...author, domain: undefined } }, /author\.domain/],
    [{ ...proven, author: { ...author, by: [] } }, /author\.by/],
    [{ ...proven, author: { ...author, by: 'dkim' } }, /author\.by/],
    [{ ...proven, author: { ...author, domain: null } }, /author\.domain/],
    [{ ...proven, message: { ...message, from: 'alice@brand.example' } }, /message\.from/],
  ];
  for (const [given, said] of cases)
    assert.throws(
      () => isReallyFrom(given as Verdict, 'brand.example'),
      (error) => error instanceof TypeError && error.message.startsWith('isReallyFrom: ') && said.test(error.message),
      String(said),
    );
});

test('isReallyFrom takes nothing from a prototype that was written to', () => {
  const polluted = Object.prototype as unknown as Record<string, unknown>;
  try {
    for (const [name, value] of Object.entries(clone(proven))) polluted[name] = value;
    polluted.level = 'vouched';
    assert.throws(() => isReallyFrom({} as Verdict, 'brand.example'), /no verdict/);
    assert.equal(
      isReallyFrom({ ...clone(proven), author: { ...proven.author, level: 'vouched' } }, 'brand.example'),
      false,
    );
  } finally {
    for (const name of [...Object.keys(proven), 'level']) delete polluted[name];
  }
});

test('isReallyFrom throws for what is no address and no domain, and for unknown options', () => {
  for (const expected of [
    '',
    'brand',
    '.',
    '@brand.example',
    'alice@',
    'a b@brand.example',
    'Alice <alice@brand.example>',
    '<alice@brand.example>',
    'alice@brand.example, bob@brand.example',
    'a@b@brand.example',
    'https://brand.example',
    'brand.example/x',
    'brand.example:25',
    '*.brand.example',
    '.brand.example',
    'brand..example',
    ' brand.example',
    'brand.example\n',
    'bränd.example/evil',
    'ü@x@[192.0.2.1]',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(200)}example`,
    null,
    undefined,
    ['brand.example'],
    { toString: () => 'brand.example' },
    /brand/,
  ])
    assert.throws(() => isReallyFrom(proven, expected as string), TypeError, String(expected));
  for (const options of [{ level: 'unproven' }, { levle: 'vouched' }, 'vouched', null, []])
    assert.throws(() => isReallyFrom(proven, 'brand.example', options as never), TypeError, JSON.stringify(options));
});

test('the library offers the same function', () => {
  assert.equal(library.isReallyFrom, isReallyFrom);
});
