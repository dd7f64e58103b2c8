/**
 * readAuthenticationResults: the grammar of RFC 8601 section 2.2, the examples of its appendix B in
 * kind, and what receivers write.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readAuthenticationResults } from '../../src/message/authentication-results.ts';
import { FAULTY_RESULTS, type Plain, READABLE_RESULTS } from './authentication-results-cases.ts';

function plain(text: string): { authservId: string; version: number; results: Plain[] } {
  const read = readAuthenticationResults(text);
  assert.equal(read.kind, 'results', JSON.stringify(read));
  if (read.kind !== 'results') throw new Error('not reached');
  return {
    authservId: read.authservId,
    version: read.version,
    results: read.results.map(({ properties, ...rest }) => ({
      ...rest,
      ...(properties.size === 0 ? {} : { properties: Object.fromEntries(properties) }),
    })),
  };
}

for (const [of, text, authservId, results, version] of READABLE_RESULTS) {
  test(`readAuthenticationResults reads ${of}`, () => {
    assert.deepEqual(plain(text), { authservId, version: version ?? 1, results });
  });
}

for (const [text, position, reason] of FAULTY_RESULTS) {
  test(`readAuthenticationResults tells the place of the fault in ${JSON.stringify(text.slice(0, 50))}`, () => {
    const read = readAuthenticationResults(text);
    assert.equal(read.kind, 'malformed');
    if (read.kind !== 'malformed') return;
    assert.equal(read.position, position);
    assert.match(read.reason, reason);
  });
}

const keyword = fc
  .stringMatching(/^[a-z][a-z0-9-]{0,8}[a-z0-9]$/)
  .filter((word) => word !== 'none' && word !== 'reason');
const quotable = fc.string({ unit: 'grapheme-ascii', maxLength: 20 });
const quote = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`;
const gap = fc.constantFrom(' ', '\r\n ', ' (a (b) \\) c) ', '\t');

test('readAuthenticationResults reads back whatever was written with quotes, with any comments between', () => {
  const result = fc.record({
    method: keyword,
    result: keyword,
    properties: fc.uniqueArray(fc.tuple(keyword, keyword, quotable), {
      maxLength: 4,
      selector: ([ptype, name]) => `${ptype}.${name}`,
    }),
  });
  fc.assert(
    fc.property(fc.array(result, { minLength: 1, maxLength: 5 }), gap, (results, space) => {
      const text = results
        .map(({ method, result: word, properties }) =>
          [
            `;${space}${method}=${word}`,
            ...properties.map(([ptype, name, value]) => `${ptype}.${name}=${quote(value)}`),
          ].join(space),
        )
        .join(space);
      const read = readAuthenticationResults(`mx.example${space}${text}`);
      assert.equal(read.kind, 'results');
      if (read.kind !== 'results') return;
      assert.deepEqual(
        read.results.map(({ method, result: word, properties }) => [method, word, [...properties]]),
        results.map(({ method, result: word, properties }) => [
          method,
          word,
          properties.map(([ptype, name, value]) => [`${ptype}.${name}`, value]),
        ]),
      );
    }),
  );
});

test('readAuthenticationResults never throws, and points into the text', () => {
  const parts = fc.constantFrom(
    'mx.example',
    ';',
    'spf',
    '=',
    'pass',
    '"',
    '\\',
    '(',
    ')',
    '.',
    '/',
    '@',
    ' ',
    '\0',
    'none',
    'reason',
    '1',
    'é',
  );
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 30 }), (pieces) => {
      const text = pieces.join('');
      const read = readAuthenticationResults(text);
      if (read.kind === 'malformed') assert.ok(read.position >= 0 && read.position <= text.length);
    }),
    { numRuns: 3000 },
  );
});

test('readAuthenticationResults bears 16,000 of anything', () => {
  for (const piece of ['(', ')', '"', '\\', ';', 'a-', 'mx;a=b ', '(()', '=', '.'])
    assert.ok(
      ['malformed', 'results'].includes(
        readAuthenticationResults(`mx.example; ${piece.repeat(16_000 / piece.length)}`).kind,
      ),
    );
});
