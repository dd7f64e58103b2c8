/** The recipients of a message: bounded, and counted on the account of memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemory } from '../../../src/message/memory.ts';
import { Recipients } from '../../../src/pipeline/milter/recipients.ts';

test('Recipients keeps the first 1,000 and ignores the rest', () => {
  const recipients = new Recipients(createMemory(1_000_000));
  for (let count = 0; count < 1_001; count++) assert.equal(recipients.add(`<r${count}@rcpt.example>`), true);
  assert.equal(recipients.addresses.length, 1_000);
  assert.equal(recipients.addresses.at(-1), '<r999@rcpt.example>');
});

test('Recipients counts each as its text and its place, refuses one without memory, and releases all', () => {
  const memory = createMemory(100);
  const recipients = new Recipients(memory);
  assert.equal(recipients.add('<a@rcpt.example>'), true);
  assert.equal(memory.held, 16 + 64);
  assert.equal(recipients.add('<b@rcpt.example>'), false);
  recipients.release();
  recipients.release();
  assert.equal(memory.held, 0);
  assert.deepEqual(recipients.addresses, ['<a@rcpt.example>']);
});
