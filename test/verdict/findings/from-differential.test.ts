/**
 * A short run of test/long/from-differential.ts: enough to see that a reader of From has changed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMessage } from '../../../src/message/message.ts';
import { readAuthor } from '../../../src/verdict/author.ts';
import { bodiesFrom, randomFrom } from '../../long/from-differential/bodies.ts';
import { differences } from '../../long/from-differential/compare.ts';
import { LISTED } from '../../long/from-differential/listed.ts';
import { mailauthReader, pythonReader, runs } from '../../long/from-differential/readers.ts';

const hasPython = runs('python3', '--version');

test('verify remarks a pass wherever mailauth or Python sees another author domain, and every difference is listed', {
  skip: !hasPython && 'python3 is not installed',
}, async () => {
  const make = bodiesFrom(randomFrom(7));
  const readers = [mailauthReader(), pythonReader()];
  const found = await differences(
    Array.from({ length: 600 }, () => make()),
    readers,
  );
  for (const reader of readers) reader.close();
  const listed = new Set(LISTED.map(({ relation, ground }) => `${relation} ${ground}`));
  assert.ok(found.length > 100);
  assert.deepEqual(
    found.filter(({ isUnremarked, relation, ground }) => isUnremarked || !listed.has(`${relation} ${ground}`)),
    [],
  );
});

test('readAuthor finds no fault in what the grammar of RFC 5322 sections 3.4 and 4.4 makes', () => {
  const make = bodiesFrom(randomFrom(11), false);
  for (let left = 2000; left > 0; left -= 1) {
    const body = make();
    const message = readMessage(Buffer.concat([Buffer.from('From: '), body, Buffer.from('\r\n\r\n')]));
    assert.equal(message.kind, 'message');
    const faults = readAuthor(message).fields.flatMap((field) => field.faults);
    // Encoded words are atoms by RFC 5322 and refused by RFC 2047 section 5.
    assert.deepEqual(
      faults.filter(({ word }) => word !== 'encoded-word-in-address'),
      [],
      body.toString(),
    );
  }
});
