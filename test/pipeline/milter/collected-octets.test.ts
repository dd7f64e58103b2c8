/** Header block and body of a message: assembled within the limits, and every octet counted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemory } from '../../../src/message/memory.ts';
import { CollectedOctets } from '../../../src/pipeline/milter/collected-octets.ts';

const FIELD = Buffer.from('A: b\r\n');
const BODY = Buffer.from('body');

for (const [title, isBodySeparate, isBodyWhole, expected] of [
  ['header block, empty line and body', false, false, 'A: b\r\n\r\nbody'],
  ['the same where the body was separate', true, false, 'A: b\r\n\r\nbody'],
  ['the body alone where it is the message', true, true, 'body'],
] as const) {
  test(`CollectedOctets assembles ${title}`, async () => {
    const memory = createMemory(10_000);
    const collected = new CollectedOctets(memory, 1_000, isBodySeparate);
    collected.addField(FIELD);
    assert.equal(collected.addBody(BODY), true);
    const octets = await collected.assemble(isBodyWhole);
    assert.equal(octets.toString(), expected);
    assert.equal(memory.held, octets.length);
    collected.release();
    assert.equal(memory.held, 0);
  });
}

for (const isBodySeparate of [false, true]) {
  test(`CollectedOctets takes as many octets as allowed and drops all at one more, body separate: ${isBodySeparate}`, async () => {
    const whole = 'A: b\r\n\r\nbody'.length;
    for (const [maxBytes, expected] of [
      [whole, 'A: b\r\n\r\nbody'],
      [whole - 1, 'over-size'],
    ] as const) {
      const memory = createMemory(10_000);
      const collected = new CollectedOctets(memory, maxBytes, isBodySeparate);
      collected.addField(FIELD);
      collected.addBody(BODY);
      assert.equal((await collected.assemble(false)).toString(), expected);
      collected.release();
      assert.equal(memory.held, 0);
    }
  });
}

test('CollectedOctets keeps the first reason and takes nothing after it', async () => {
  const memory = createMemory(10_000);
  const collected = new CollectedOctets(memory, 1_000, false);
  collected.addField(FIELD);
  collected.giveUp('service-full');
  collected.giveUp('over-size');
  assert.equal(memory.held, 0);
  assert.equal(collected.addBody(BODY), false);
  assert.equal(collected.overflow, 'service-full');
  assert.equal(await collected.assemble(false), 'service-full');
});
