/** What a JSON text may become: counted as the octets come, however they are cut. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createJsonCounter } from '../../src/http/json-bounds.ts';

const MAX_BYTES = 160;
/** A sixteenth of the octets. */
const MAX_VALUES = 10;

const texts: readonly (readonly [what: string, text: string, refused: RegExp | null])[] = [
  ['ten values', `[${'1,'.repeat(MAX_VALUES - 3)}1]`, null],
  ['one value too many', `[${'1,'.repeat(MAX_VALUES - 1)}1]`, /more than 10 values/],
  ['commas and brackets inside a string', `{"a":"${',[{'.repeat(50)}"}`, null],
  ['a quotation mark that is escaped', `{"a":"\\",[[,,,,,,,,,,,,,,,,"}`, null],
  ['a backslash that is escaped', `{"a":"\\\\",${'"b":1,'.repeat(MAX_VALUES)}"c":1}`, /more than 10 values/],
  ['many backslashes', `{"a":"${'\\'.repeat(41)}",,,,,,,,,,,,,,"}`, null],
  ['an escaped mark far inside of a string', `{"a":"${'x'.repeat(80)}\\"${',[{'.repeat(40)}"}`, null],
  ['escaped marks to the end of a string', `{"a":"${'\\"'.repeat(60)}${',[{'.repeat(40)}"}`, null],
  ['32 levels', `${'['.repeat(8)}${']'.repeat(8)}`, null],
  ['a key of many commas', `{"${','.repeat(99)}":1}`, null],
];

for (const [what, text, refused] of texts) {
  test(`createJsonCounter ${refused === null ? 'lets through' : 'refuses'} ${what}, cut at any octet`, () => {
    const bytes = Buffer.from(text);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const count = createJsonCounter(MAX_BYTES);
      const fault = count(bytes.subarray(0, cut)) ?? count(bytes.subarray(cut));
      if (refused === null) assert.equal(fault, null, `cut at ${cut}`);
      else assert.match(fault?.message ?? '', refused, `cut at ${cut}`);
    }
    const count = createJsonCounter(MAX_BYTES);
    const faults = [...bytes].map((octet) => count(Buffer.from([octet]))).filter((fault) => fault !== null);
    assert.equal(faults.length > 0, refused !== null, 'octet by octet');
  });
}

test('createJsonCounter refuses the 33rd level', () => {
  assert.equal(createJsonCounter(100_000)(Buffer.from('['.repeat(32))), null);
  assert.match(createJsonCounter(100_000)(Buffer.from('['.repeat(33)))?.message ?? '', /deeper than 32 levels/);
});
