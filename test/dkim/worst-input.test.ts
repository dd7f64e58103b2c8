/**
 * The worst that a sender can do to this room: each case has to end with the right word, ask few
 * questions and stay within memory. None measures time; one that took quadratic time would run for
 * minutes here.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_SIGNED_FIELDS } from '../../src/dkim/signature/tags.ts';
import { readTagList } from '../../src/dkim/tag-list.ts';
import { type KeyZone, keyLookup } from './key-zone.ts';
import { KEYS, keyRecord, sealMessage, signMessage } from './sign.ts';
import { verifyBytes } from './verify-bytes.ts';

const ZONE: KeyZone = {
  's._domainkey.brand.example': [keyRecord(KEYS.rsa)],
  'arc._domainkey.lists.example': [keyRecord(KEYS.other)],
};
const PLAIN = 'From: Alice <alice@brand.example>\r\nTo: b@receiver.example\r\nSubject: Hello\r\n\r\nHello, you.\r\n';
const relaxed = { key: KEYS.rsa, header: 'relaxed', body: 'relaxed', tags: 'v=1; d=brand.example; s=s;' } as const;

test('verifyMessage asks at most maxSignatures questions for 1,000 signatures with 1,000 keys', async () => {
  const fields = Array.from({ length: 1000 }, (_, at) => {
    return `DKIM-Signature: v=1; a=rsa-sha256; d=d${at}.example; s=s; h=from; bh=AAAA; b=AAAA\r\n`;
  });
  const asked: string[] = [];
  const text = fields.join('') + PLAIN;
  const { signatures } = await verifyBytes(text, ZONE, { lookup: keyLookup(ZONE, asked) });
  const words = signatures.map(({ result }) => result);
  assert.deepEqual([asked.length, words.length], [10, 1000]);
  assert.deepEqual(
    [words.filter((word) => word === 'fail').length, words.filter((word) => word === 'policy').length],
    [10, 990],
  );
});

test('verifyMessage gives the event loop back while it reads and judges 1,000 signatures', async () => {
  const field = 'DKIM-Signature: v=1; a=rsa-sha256; d=brand.example; s=s; h=from; bh=AAAA; b=AAAA\r\n';
  let turns = 0;
  let ends = false;
  const count = (): void => {
    turns++;
    if (!ends) setImmediate(count);
  };
  setImmediate(count);
  const { signatures } = await verifyBytes(field.repeat(1000) + PLAIN, ZONE);
  ends = true;
  assert.equal(signatures.length, 1000);
  assert.ok(turns >= 10, `${turns} turns`);
});

test('verifyMessage reads ten values of l= off one body of 8 MB', async () => {
  let text = `${PLAIN}${'x'.repeat(8 * 2 ** 20)}`;
  for (let length = 1; length <= 10; length++) text = await signMessage(text, { ...relaxed, length: length * 500_000 });
  const { signatures } = await verifyBytes(text, ZONE);
  assert.deepEqual(
    signatures.map(({ result }) => result),
    Array(10).fill('pass'),
  );
});

test('verifyMessage passes a field among 100,000 of its name', async () => {
  const signed = await signMessage(PLAIN, { ...relaxed, h: 'from:to:subject:x:x:x' });
  const { signatures } = await verifyBytes('X: 1\r\n'.repeat(100_000) + signed, ZONE);
  assert.equal(signatures[0]?.result, 'fail');
  const covered = await signMessage('X: 1\r\n'.repeat(100_000) + PLAIN, {
    ...relaxed,
    h: `from:${'x:'.repeat(MAX_SIGNED_FIELDS - 2)}to`,
  });
  assert.equal((await verifyBytes(covered, ZONE)).signatures[0]?.result, 'pass');
});

test(`verifyMessage passes a signature whose h= has ${MAX_SIGNED_FIELDS} names, and none with one more`, async () => {
  const names = Array.from({ length: MAX_SIGNED_FIELDS - 1 }, (_, at) => `x-${at}`).join(':');
  const judge = async (h: string) =>
    (await verifyBytes(await signMessage(PLAIN, { ...relaxed, h }), ZONE)).signatures[0];
  const most = await judge(`from:${names}`);
  assert.deepEqual([most?.result, most?.oversignedFields.length], ['pass', MAX_SIGNED_FIELDS - 1]);
  assert.notEqual((await judge(`from:to:${names}`))?.result, 'pass');
});

test('verifyMessage passes signatures over a field of 10 MB of folds', async () => {
  const folded = `X-Long: a${'\r\n '.repeat(3_500_000)}b\r\n${PLAIN}`;
  let text = await signMessage(folded, { ...relaxed, h: 'from:x-long' });
  text = await signMessage(text, { ...relaxed, header: 'simple', h: 'from:x-long' });
  const { signatures } = await verifyBytes(text, ZONE);
  assert.deepEqual(
    signatures.map(({ result }) => result),
    ['pass', 'pass'],
  );
});

test('verifyMessage takes a long run of anything inside a signature field for what it is', async () => {
  const long = 2 ** 20;
  for (const run of [' ', '\t', ';', '=', 'a', ':', '.', '\r\n ', 'a;', 'a=;', '@', '(', '"']) {
    for (const tag of ['b', 'bh', 'h', 'd', 's', 'i', 'q', 'c', 'a', 't', 'zz']) {
      const value = `x${run.repeat(long / run.length / 16)}y`;
      const text = `DKIM-Signature: v=1; a=rsa-sha256; d=brand.example; s=s; h=from; bh=AAAA; b=AAAA; ${tag}=${value}\r\n${PLAIN}`;
      const { signatures } = await verifyBytes(text, ZONE);
      assert.ok(['neutral', 'fail'].includes(signatures[0]?.result ?? ''), JSON.stringify([run, tag]));
    }
  }
});

test('readTagList takes a megabyte of blanks inside a value in its stride', () => {
  const blanks = ' '.repeat(2 ** 20);
  const { tags, fault } = readTagList(`a=x${blanks}y;${blanks}b${blanks}=${blanks}z${blanks};`);
  assert.equal(fault, null);
  assert.deepEqual([tags.get('a')?.value.length, tags.get('b')?.value], [2 ** 20 + 2, 'z']);
});

test('verifyMessage passes a line of 50 MB', async () => {
  const body = Buffer.alloc(50 * 2 ** 20, 'x').toString('latin1');
  const { signatures } = await verifyBytes(
    await signMessage(`From: a@brand.example\r\n\r\n${body}`, { ...relaxed, h: 'from' }),
    ZONE,
  );
  assert.equal(signatures[0]?.result, 'pass');
});

test('verifyMessage passes 50 ARC sets over large fields', async () => {
  let text = PLAIN;
  const results = `mx.example; ${'x'.repeat(20_000)}=none`;
  for (let instance = 1; instance <= 50; instance++) {
    const cv = instance === 1 ? 'none' : 'pass';
    text = await sealMessage(text, { key: KEYS.other, d: 'lists.example', s: 'arc', instance, cv, results });
  }
  const asked: string[] = [];
  const { arc } = await verifyBytes(text, ZONE, { lookup: keyLookup(ZONE, asked) });
  assert.deepEqual([arc.result, asked.length], ['pass', 1]);
});

test('verifyMessage decides a chain of 30,000 ARC fields without reading them', async () => {
  const asked: string[] = [];
  const text = 'ARC-Seal: i=1; a=rsa-sha256; cv=none; d=a.example; s=s; b=AAAA\r\n'.repeat(30_000) + PLAIN;
  const { arc } = await verifyBytes(text, ZONE, { lookup: keyLookup(ZONE, asked) });
  assert.deepEqual([arc.result, arc.sets, asked], ['fail', [], []]);
});
