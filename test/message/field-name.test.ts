/** readMessage: white space around a field name (RFC 5322 section 4.5.8). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readMessage } from '../../src/message/message.ts';

test('readMessage takes white space before the colon for no part of the name, and inside it for no name', () => {
  const message = readMessage(Buffer.from(`Subject \t: x\r\na${' '.repeat(900_000)}b: x\r\n\r\n`));
  assert.equal(message.kind, 'message');
  assert.deepEqual(
    message.fields.map(({ key, wellFormed }) => [key, wellFormed]),
    [
      ['subject', true],
      ['', false],
    ],
  );
});
