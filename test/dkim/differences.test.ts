/**
 * Each listed difference with a message that shows it, so that the list holds nothing that is no
 * longer so.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compare, MAILAUTH_THROWS } from './compare.ts';
import { DIFFERENCES } from './differences.ts';
import type { KeyZone } from './key-zone.ts';
import { KEYS, keyRecord, type Signing, sealMessage, signMessage } from './sign.ts';

const PLAIN = 'From: Alice <alice@brand.example>\r\nTo: b@receiver.example\r\nSubject: Hello\r\n\r\nHello, you.\r\n';
const ZONE: KeyZone = {
  's._domainkey.brand.example': [keyRecord(KEYS.rsa)],
  'two._domainkey.brand.example': ['v=DKIM1; p=', keyRecord(KEYS.rsa)],
  'other._domainkey.brand.example': [keyRecord(KEYS.other)],
  'arc._domainkey.lists.example': { failure: 'timeout' },
};
const sign = (signing: Partial<Signing> = {}, text = PLAIN) =>
  signMessage(text, {
    key: KEYS.rsa,
    header: 'relaxed',
    body: 'relaxed',
    tags: 'v=1; d=brand.example; s=s;',
    ...signing,
  });

const sealer = { key: KEYS.other, d: 'brand.example', s: 'other' };
const unread = await sealMessage(PLAIN, {
  ...sealer,
  instance: 1,
  cv: 'none',
  beforeSeal: (text) => text.replace('a=rsa-sha256; c=', 'a=new-sha512; c='),
});
const resealed = await sealMessage(unread, { ...sealer, instance: 2, cv: 'pass' });

const shown: readonly [name: string, text: string, ours: string, theirs: string][] = [
  ['control character', await sign({ tags: 'v=1; d=brand.example; s=s; z=\x01;' }), 'neutral', 'pass'],
  ['b= base64', await sign({ around: '!' }), 'neutral', 'pass'],
  ['bh= base64', (await sign()).replace(/bh=/, 'bh=!'), 'neutral', 'fail'],
  ['line break beside a tag name', await sign({ tags: 'v=1; d=brand.example; \rs=s;' }), 'neutral', 'pass'],
  ['name not UTF-8', `${(await sign()).replace('d=brand', 'd=b\xff')}x`, 'neutral', 'fail'],
  ['h= names', await sign({ h: 'from:to:caf\xc3\xa9' }), 'neutral', 'pass'],
  [
    'c= grammar',
    await sign({ writeC: false, header: 'relaxed', body: 'simple', more: ' c=relaxed/;' }),
    'neutral',
    'pass',
  ],
  ['l= beyond the body', (await sign({ length: 13 })).replace('l=13', 'l=14'), 'permerror', 'fail'],
  ['rsa-sha1 unseen', `${await sign({ hash: 'sha1' })}x`, 'policy', 'fail'],
  ['several key records', await sign({ tags: 'v=1; d=brand.example; s=two;' }), 'pass', 'neutral'],
  [
    'ARC without an answer',
    await sealMessage(PLAIN, { key: KEYS.other, d: 'lists.example', s: 'arc', instance: 1, cv: 'none' }),
    'temperror',
    'fail',
  ],
  ['older ARC-Message-Signature', resealed, 'pass', 'fail'],
  [
    'CR at the end of the header block',
    (await sign({ length: 0 })).replace('Hello\r\n\r\n', 'Hello\r\r\n\r\n'),
    'fail',
    'pass',
  ],
  ['what is a field', ` ${await sign()}`, 'missing', 'pass'],
  [MAILAUTH_THROWS, (await sign()).replace('c=relaxed/relaxed', 'c=/simple'), 'neutral', 'thrown'],
];

test('DIFFERENCES holds what is so, and each entry with its rule', async () => {
  assert.deepEqual(
    shown.map(([name]) => name).toSorted(),
    [...DIFFERENCES.map(({ name }) => name), MAILAUTH_THROWS].toSorted(),
  );
  for (const { name, rule } of DIFFERENCES) assert.match(rule, /RFC \d{4} section \d/, name);
  for (const [name, text, ours, theirs] of shown) {
    const { partings } = await compare(text, ZONE);
    const [parting] = partings;
    assert.deepEqual(
      [parting?.rule, parting?.ours.result, parting?.theirs.result],
      [name, ours, theirs],
      JSON.stringify(parting),
    );
  }
});
