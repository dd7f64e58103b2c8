/** Forged fields (RFC 8601 section 5): ours go whatever their spelling, those of others stay. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createForgedFieldFinder } from '../../src/pipeline/forged-fields.ts';

const find = (fields: [name: string, value: string][], maxFound = 100) => {
  const finder = createForgedFieldFinder(['mx.rcpt.example', 'old.rcpt.example'], maxFound);
  for (const [name, value] of fields) finder.add({ name, value });
  return finder;
};

/** True where a field is removed as one of the host with this authserv-id. */
const isFoundAs = (id: string, value: string): boolean => {
  const finder = createForgedFieldFinder([id], 10);
  finder.add({ name: 'Authentication-Results', value });
  return finder.found().length === 1;
};

for (const [title, value, expected] of [
  ['a plain id', ' mx.rcpt.example; spf=pass', 'mx.rcpt.example'],
  ['an id alone', 'mx.rcpt.example', 'mx.rcpt.example'],
  ['a version', ' mx.rcpt.example 1; none', 'mx.rcpt.example'],
  ['comments around it', ' (a (nested; one) \\) x) mx.rcpt.example (b) 1 (c); none', 'mx.rcpt.example'],
  ['a fold before it', '\n\tmx.rcpt.example;\n spf=pass', 'mx.rcpt.example'],
  ['a quoted id', ' "mx.rcpt.example" ; none', 'mx.rcpt.example'],
  ['a quoted pair in it', ' "mx\\.rcpt.example"; none', 'mx.rcpt.example'],
  ['a foreign id', ' mx.other.example; none', 'mx.other.example'],
  ['no id', ' spf=pass smtp.mailfrom=x', null],
  ['a comment that does not end', ' (mx.rcpt.example; none', null],
  ['an empty body', '', null],
  ['two words', ' mx.rcpt.example extra; none', null],
] as const) {
  test(`createForgedFieldFinder reads ${title}`, () => {
    assert.equal(isFoundAs('elsewhere.example', value), expected === null, 'what cannot be read may be ours');
    if (expected !== null) assert.ok(isFoundAs(expected, value));
  });
}

test('createForgedFieldFinder removes a hostile field that cannot be read', () => {
  for (const value of ['('.repeat(65_000), '('.repeat(500_000), `"${'\\a'.repeat(32_000)}`])
    assert.ok(isFoundAs('elsewhere.example', value));
});

test('createForgedFieldFinder finds ours and unreadable ones by occurrence, highest first, and leaves those of others', () => {
  const finder = find([
    ['Authentication-Results', ' mx.rcpt.example; dkim=pass'],
    ['Authentication-Results', ' mx.other.example; dkim=pass'],
    ['Subject', ' x'],
    ['AUTHENTICATION-RESULTS', ' MX.Rcpt.Example.; dkim=pass'],
    ['authentication-results', ' spf=pass (no id)'],
    ['Authentication-Results', ' old.rcpt.example 1; none'],
  ]);
  assert.deepEqual(
    finder.found().map(({ occurrence }) => occurrence),
    [5, 4, 3, 1],
  );
});

test('createForgedFieldFinder finds Received-SPF that names us and every X-Mailverdict field, each name with its own count', () => {
  const finder = find([
    ['Received-SPF', ' pass (other) receiver=mx.other.example; client-ip=192.0.2.1'],
    ['Received-SPF', ' pass (x) client-ip=192.0.2.1; receiver="mx.rcpt.example"'],
    ['Received-SPF', ' pass (mx.rcpt.example: domain of x designates)'],
    ['X-Mailverdict-Quarantine', ' no'],
    ['X-Mailverdict-Anything', ' no'],
    ['X-Mailverdicts', ' stays'],
  ]);
  assert.deepEqual(finder.found(), [
    { name: 'X-Mailverdict-Anything', occurrence: 1 },
    { name: 'X-Mailverdict-Quarantine', occurrence: 1 },
    { name: 'Received-SPF', occurrence: 2 },
  ]);
});

const latin1 = (text: string): string => Buffer.from(text).toString('latin1');
for (const [title, name, value, isOurs] of [
  ['a quoted pair in receiver', 'Received-SPF', ' pass receiver="mx\\.rcpt.example"', true],
  ['white space around the equals sign', 'Received-SPF', ' pass (x) receiver = mx.rcpt.example', true],
  ['comments around the equals sign', 'Received-SPF', ' pass (x) receiver (a) (b) = (c) mx.rcpt.example', true],
  ['a word before receiver', 'Received-SPF', ' pass word receiver=mx.rcpt.example', true],
  [
    'another receiver beside our name as HELO',
    'Received-SPF',
    ' pass receiver=mx.other.example; helo=mx.rcpt.example',
    false,
  ],
  ['our name in a comment', 'Received-SPF', ' pass (mx.rcpt.example: x) receiver=mx.other.example', false],
  ['DEL behind the id', 'Authentication-Results', ' mx.rcpt.example\x7f; none', true],
  ['an octet of 8 bits behind the id', 'Authentication-Results', ' mx.rcpt.example\xff; none', true],
  ['NEL', 'Authentication-Results', ' mx.rcpt.example\u0085; none', true],
  ['a zero-width space', 'Authentication-Results', ' mx.rcpt\u200b.example; none', true],
  ['a soft hyphen', 'Authentication-Results', ' mx.rc\u00adpt.example; none', true],
  ['a BOM before the id', 'Authentication-Results', '\ufeffmx.rcpt.example; none', true],
  ['an ideographic space before the id', 'Authentication-Results', ' \u3000mx.rcpt.example; none', true],
  ['a longer name', 'Authentication-Results', ' mx.rcpt.example.net; none', false],
] as const) {
  test(`createForgedFieldFinder ${isOurs ? 'finds' : 'leaves'} ${title}, as octets and as text alike`, () => {
    for (const form of [value, latin1(value)]) assert.equal(find([[name, form]]).found().length, isOurs ? 1 : 0);
  });
}

test('createForgedFieldFinder finds the U-label of a listed A-label', () => {
  const finder = createForgedFieldFinder(['mx.xn--bcher-kva.example'], 10);
  finder.add({ name: 'Authentication-Results', value: latin1(' mx.bücher.example; none') });
  assert.equal(finder.found().length, 1);
});

test('createForgedFieldFinder keeps no more than its limit and tells that there are more', () => {
  const forged: [string, string] = ['Authentication-Results', ' mx.rcpt.example; none'];
  const full = find([forged, forged], 2);
  assert.deepEqual([full.found().length, full.incomplete], [2, false]);
  const over = find([forged, forged, forged], 2);
  assert.deepEqual([over.found().length, over.incomplete], [2, true]);
});

test('createForgedFieldFinder reads long runs of white space and comments once', () => {
  // Read again at each of its characters, one of these runs would cost a thousand million steps,
  // and there are a hundred.
  for (const run of [' ', '() ', ' ()', 'a ', ' (']) {
    const value = ` pass ${run.repeat(30_000)} receiver=mx.rcpt.example`;
    const fields = Array.from({ length: 20 }, (): [string, string] => ['Received-SPF', value]);
    assert.equal(find(fields, 100).found().length, run === ' (' ? 0 : 20);
  }
});
