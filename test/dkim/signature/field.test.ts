import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSignatureField } from '../../../src/dkim/signature/field.ts';
import { type FieldKind, MAX_SIGNED_FIELDS } from '../../../src/dkim/signature/tags.ts';

/** A good field with some of its tags replaced; null leaves one out. */
const field = (changes: Record<string, string | null> = {}, kind: FieldKind = 'dkim-signature'): string => {
  const good: Record<FieldKind, Record<string, string>> = {
    'dkim-signature': { v: '1', a: 'rsa-sha256', d: 'brand.example', s: 's1', h: 'from:to', bh: 'AAAA', b: 'AAAA' },
    'arc-message-signature': {
      i: '1',
      a: 'rsa-sha256',
      d: 'brand.example',
      s: 's1',
      h: 'from:to',
      bh: 'AAAA',
      b: 'AAAA',
    },
    'arc-seal': { i: '1', a: 'rsa-sha256', cv: 'none', d: 'brand.example', s: 's1', b: 'AAAA' },
  };
  const tags = Object.entries({ ...good[kind], ...changes }).filter(([, value]) => value !== null);
  return tags.map(([name, value]) => `${name}=${value}`).join('; ');
};

const faults: readonly [changes: Record<string, string | null>, reason: RegExp, section: string][] = [
  [{ v: '2' }, /v= is not 1/, 'RFC 6376 section 6.1.1'],
  [{ v: '01' }, /v= is not 1/, 'RFC 6376 section 6.1.1'],
  ...['v', 'a', 'b', 'bh', 'd', 'h', 's'].map((tag): [Record<string, null>, RegExp, string] => [
    { [tag]: null },
    new RegExp(`required tag ${tag}= is missing`),
    'RFC 6376 section 6.1.1',
  ]),
  [{ a: 'rsa-md5' }, /algorithm of a= is not known/, 'RFC 6376 section 3.3'],
  [{ a: 'ed25519-sha1' }, /algorithm of a= is not known/, 'RFC 6376 section 3.3'],
  [{ a: 'constructor' }, /algorithm of a= is not known/, 'RFC 6376 section 3.3'],
  [
    {
      h: Array(MAX_SIGNED_FIELDS + 1)
        .fill('from')
        .join(':'),
    },
    /h= names more than 2000 fields/,
    'RFC 6376 section 3.5',
  ],
  [{ d: 'example' }, /d= is not a domain name/, 'RFC 6376 section 3.5'],
  [{ d: 'a_b.example' }, /d= is not a domain name/, 'RFC 6376 section 3.5'],
  [{ d: 'brand.example.' }, /d= is not a domain name/, 'RFC 6376 section 3.5'],
  [{ d: `${'a'.repeat(64)}.example` }, /d= is not a domain name/, 'RFC 6376 section 3.5'],
  [{ d: 'b\xff.example' }, /d= is not a domain name/, 'RFC 6376 section 3.5'],
  [{ d: 'brand\xef\xbc\x8eexample' }, /d= is not a domain name/, 'RFC 6376 section 3.5'],
  [{ s: 'a..b' }, /s= is not a selector/, 'RFC 6376 section 3.5'],
  [{ s: `${'a.'.repeat(115)}a` }, /longer than DNS allows/, 'RFC 1035 section 2.3.4'],
  [{ b: '' }, /b= is not base64/, 'RFC 6376 section 3.5'],
  [{ b: 'AA-_' }, /b= is not base64/, 'RFC 6376 section 3.5'],
  [{ b: '=AAA' }, /b= is not base64/, 'RFC 6376 section 3.5'],
  [{ bh: 'AA!A' }, /bh= is not base64/, 'RFC 6376 section 3.5'],
  [{ c: 'nowsp' }, /c= is not simple or relaxed/, 'RFC 6376 section 3.5'],
  [{ c: 'relaxed/' }, /c= is not simple or relaxed/, 'RFC 6376 section 3.5'],
  [{ c: 'relaxed/simple/x' }, /c= is not simple or relaxed/, 'RFC 6376 section 3.5'],
  [{ h: 'to:subject' }, /From is not among the signed fields/, 'RFC 6376 section 5.4'],
  [{ h: '' }, /From is not among the signed fields/, 'RFC 6376 section 5.4'],
  [{ h: 'from:a b' }, /h= holds what is not a field name/, 'RFC 6376 section 3.5'],
  [{ l: '-1' }, /l= is not/, 'RFC 6376 section 3.5'],
  [{ l: '1'.repeat(77) }, /l= is not/, 'RFC 6376 section 3.5'],
  [{ t: '1e3' }, /t= is not/, 'RFC 6376 section 3.5'],
  [{ t: '1'.repeat(13) }, /t= is not/, 'RFC 6376 section 3.5'],
  [{ x: '' }, /x= is not/, 'RFC 6376 section 3.5'],
  [{ t: '10', x: '10' }, /x= is not after t=/, 'RFC 6376 section 3.5'],
  [{ q: 'd ns/txt' }, /q= does not hold/, 'RFC 6376 section 3.5'],
  [{ i: 'a=40b@brand.example' }, /i= is not an identity/, 'RFC 6376 section 3.5'],
  [{ q: 'dns' }, /q= does not hold/, 'RFC 6376 section 3.5'],
  [{ i: 'brand.example' }, /i= is not an identity/, 'RFC 6376 section 3.5'],
  [{ i: '@other.example' }, /neither that of d= nor below it/, 'RFC 6376 section 6.1.1'],
  [{ i: '@notbrand.example' }, /neither that of d= nor below it/, 'RFC 6376 section 6.1.1'],
  [{ Z: '1\x01' }, /control character/, 'RFC 6376 section 3.2'],
];

test('readSignatureField tells what is wrong with a DKIM-Signature and which section says so', () => {
  for (const [changes, reason, section] of faults) {
    const reading = readSignatureField('dkim-signature', field(changes));
    assert.equal(reading.kind, 'faulty', JSON.stringify(changes));
    if (reading.kind !== 'faulty') continue;
    assert.match(reading.fault.reason, reason);
    assert.equal(reading.fault.section, section, reading.fault.reason);
  }
});

const good: readonly Record<string, string | null>[] = [
  {},
  { a: 'RSA-SHA256' },
  { a: 'rsa-sha1' },
  { c: 'Relaxed' },
  { c: 'simple/relaxed' },
  { h: 'From : To : X-A|b' },
  { h: 'from::to:' },
  { h: '\r\n from:\r\n\tto' },
  { l: '0' },
  { t: '1', x: '2' },
  { q: 'x : dns/txt' },
  { i: '@news.brand.example' },
  { i: '=22a=20b=22@brand.example' },
  { i: 'j\xc3\xb6rg@brand.example' },
  { b: 'AA AA\r\n =' },
  { z: 'From:a@b|To:c', unknown: '' },
  { d: 'b\xc3\xbccher.example' },
];

test('readSignatureField lets through what the grammar of RFC 6376 section 3.5 allows', () => {
  for (const changes of good) {
    const reading = readSignatureField('dkim-signature', field(changes));
    assert.equal(reading.kind === 'faulty' ? reading.fault.reason : 'usable', 'usable', JSON.stringify(changes));
  }
});

test('readSignatureField gives the names as DNS and people know them (RFC 8616 section 3)', () => {
  const reading = readSignatureField(
    'dkim-signature',
    field({ d: 'B\xc3\xbccher.Example', s: 'S1', i: 'a=2Bb@x.b\xc3\xbccher.example' }),
  );
  assert.equal(reading.facts.sdid, 'xn--bcher-kva.example');
  assert.equal(reading.facts.auid, 'a+b@x.xn--bcher-kva.example');
  assert.equal(reading.kind === 'usable' && reading.signature.keyName, 's1._domainkey.xn--bcher-kva.example');
});

test('readSignatureField takes "@" and the SDID for an absent i= (RFC 6376 section 3.5)', () => {
  assert.equal(readSignatureField('dkim-signature', field()).facts.auid, '@brand.example');
});

test('readSignatureField takes simple for what c= leaves out (RFC 6376 section 3.5)', () => {
  const cases: [c: string | null, header: string, body: string][] = [
    [null, 'simple', 'simple'],
    ['relaxed', 'relaxed', 'simple'],
    ['simple/relaxed', 'simple', 'relaxed'],
  ];
  for (const [c, header, body] of cases) {
    assert.deepEqual(readSignatureField('dkim-signature', field({ c })).facts.canonicalization, { header, body });
  }
});

test('readSignatureField tells the facts of a faulty field too', () => {
  const { kind, facts } = readSignatureField('dkim-signature', field({ v: '2', l: '9'.repeat(30), t: '5' }));
  assert.equal(kind, 'faulty');
  assert.equal(facts.sdid, 'brand.example');
  assert.equal(facts.bodyLength, Number.MAX_SAFE_INTEGER);
  assert.equal(facts.signedAtSeconds, 5);
});

test('readSignatureField reads ARC fields by RFC 8617 section 4.1', () => {
  const cases: [kind: FieldKind, changes: Record<string, string | null>, reason: RegExp | null][] = [
    ['arc-message-signature', {}, null],
    ['arc-message-signature', { a: 'rsa-sha1' }, /algorithm/],
    ['arc-message-signature', { i: null }, /required tag i=/],
    ['arc-message-signature', { bh: null }, /required tag bh=/],
    ['arc-seal', {}, null],
    ['arc-seal', { c: 'nonsense', bh: 'ignored!' }, null],
    ['arc-seal', { h: 'from' }, /has an h= tag/],
    ['arc-seal', { cv: null }, /required tag cv=/],
    ['arc-seal', { t: 'x' }, /t= is not/],
  ];
  for (const [kind, changes, reason] of cases) {
    const reading = readSignatureField(kind, field(changes, kind));
    const told = reading.kind === 'faulty' ? reading.fault.reason : '';
    if (reason === null) assert.equal(told, '', JSON.stringify(changes));
    else assert.match(told, reason);
  }
});

const LENIENT = { strict: false, underscoreSelectors: false };

test('readSignatureField lets an underscore in s= through by its own setting alone, and nothing else that is no selector', () => {
  const kindOf = (s: string, rules = { strict: true, underscoreSelectors: true }) =>
    readSignatureField('dkim-signature', field({ s }), rules).kind;
  assert.equal(kindOf('s_1'), 'usable');
  assert.equal(kindOf('_a.b_'), 'usable');
  for (const s of ['s 1', 's!1', 'a..b', '-a', `${'a_'.repeat(32)}`]) assert.equal(kindOf(s), 'faulty', s);
  for (const strict of [true, false]) assert.equal(kindOf('s_1', { strict, underscoreSelectors: false }), 'faulty');
});

test('readSignatureField without strict lets through what harms only the letter', () => {
  const harmless: Record<string, string | null>[] = [
    { v: '2' },
    { v: null },
    { q: 'x' },
    { i: '@other.example' },
    { x: 'y' },
  ];
  for (const changes of harmless) {
    assert.equal(readSignatureField('dkim-signature', field(changes), LENIENT).kind, 'usable', JSON.stringify(changes));
  }
  const harmful: Record<string, string | null>[] = [{ a: 'x' }, { d: 'x' }, { s: null }, { h: 'to' }, { c: 'x' }];
  for (const changes of harmful) {
    assert.equal(readSignatureField('dkim-signature', field(changes), LENIENT).kind, 'faulty', JSON.stringify(changes));
  }
});
