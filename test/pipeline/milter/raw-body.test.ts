/** A body that is the whole raw message is recognized. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RawBodyDetector } from '../../../src/pipeline/milter/raw-body.ts';

for (const [title, fields, body, isPossible, expected] of [
  ['begins with the first field', ['From', 'To'], ['From: a\r\n\r\nHello'], true, true],
  ['begins with it in other letters and before a space', ['From'], ['FROM : a\r\n'], true, true],
  ['comes in pieces', ['From'], ['Fr', 'om', ':'], true, true],
  ['begins with another field', ['From'], ['To: b\r\n'], true, false],
  ['has no colon', ['From'], ['From'], true, false],
  ['follows no field', [], ['From: a\r\n'], true, false],
  ['follows a field without a name', [''], [': a\r\n'], true, false],
  ['is empty', ['From'], [], true, false],
  ['comes from a peer that sends none', ['From'], ['From: a\r\n'], false, false],
  ['begins with a name that is equal in its first 256 octets', ['x'.repeat(300)], ['x'.repeat(256), ':'], true, false],
] as const) {
  test(`RawBodyDetector answers ${expected} for a body that ${title}`, () => {
    const detector = new RawBodyDetector(isPossible);
    for (const name of fields) detector.addField(name);
    for (const piece of body) detector.addBody(Buffer.from(piece));
    assert.equal(detector.isRaw, expected);
  });
}
