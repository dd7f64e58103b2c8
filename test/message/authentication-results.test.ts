/**
 * readAuthenticationResults: the grammar of RFC 8601 section 2.2, the examples of its appendix B in
 * kind, and what receivers write.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readAuthenticationResults } from '../../src/message/authentication-results.ts';

type Plain = {
  contradicted?: readonly string[];
  method: string;
  result: string;
  properties?: Record<string, string>;
  version?: number;
  reason?: string;
  comment?: string;
};

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

const pass = { method: 'spf', result: 'pass' };
const cases: [of: string, text: string, id: string, results: Plain[], version?: number][] = [
  ['no result (no-result)', 'mx.example; none', 'mx.example', []],
  ['no result with a version', 'mx.example 1; NONE (nothing done)', 'mx.example', [], 1],
  [
    'one result with a property (appendix B.3)',
    'mx.example; spf=pass smtp.mailfrom=brand.example',
    'mx.example',
    [{ ...pass, properties: { 'smtp.mailfrom': 'brand.example' } }],
  ],
  [
    'several results over several lines (appendix B.5)',
    'mx.example;\r\n auth=pass (cram-md5) smtp.auth=a@b.example;\r\n\tspf=fail smtp.mailfrom=b.example',
    'mx.example',
    [
      { method: 'auth', result: 'pass', comment: 'cram-md5', properties: { 'smtp.auth': 'a@b.example' } },
      { method: 'spf', result: 'fail', properties: { 'smtp.mailfrom': 'b.example' } },
    ],
  ],
  [
    'comments wherever they may stand, nested too (appendix B.7)',
    '(c0) mx.example (c1) 1 (c2 (c3)) ; (c4) dkim (c5) / (c6) 2 (c7) = (c8) fail (c9) reason (c10) = (c11) "bad" (c12) header (c13) . (c14) d (c15) = (c16) b.example (c17)',
    'mx.example',
    [
      {
        method: 'dkim',
        version: 2,
        result: 'fail',
        reason: 'bad',
        properties: { 'header.d': 'b.example' },
        comment: 'c4 c5 c6 c7 c8 c9 c10 c11 c12 c13 c14 c15 c16 c17',
      },
    ],
  ],
  ['a quoted authserv-id', '"mx one.example"; spf=pass', 'mx one.example', [pass]],
  ['quoted pairs', 'mx.example; spf=pass reason="a \\"b\\" \\\\ c"', 'mx.example', [{ ...pass, reason: 'a "b" \\ c' }]],
  [
    'a quoted semicolon',
    'mx.example; spf=pass reason="a; dkim=pass"',
    'mx.example',
    [{ ...pass, reason: 'a; dkim=pass' }],
  ],
  [
    'a semicolon in a comment',
    'mx.example; spf=pass (; dkim=pass)',
    'mx.example',
    [{ ...pass, comment: '; dkim=pass' }],
  ],
  [
    'an escaped parenthesis in a comment',
    'mx.example; spf=pass (a \\) b)',
    'mx.example',
    [{ ...pass, comment: 'a ) b' }],
  ],
  [
    'an identity without local-part',
    'mx.example; dkim=pass header.i=@b.example',
    'mx.example',
    [{ method: 'dkim', result: 'pass', properties: { 'header.i': '@b.example' } }],
  ],
  [
    'a quoted local-part',
    'mx.example; spf=pass smtp.mailfrom="a; b"@b.example',
    'mx.example',
    [{ ...pass, properties: { 'smtp.mailfrom': '"a; b"@b.example' } }],
  ],
  [
    'upper case of method, result and property',
    'mx.example; SPF=Pass SMTP.MailFrom=B.example',
    'mx.example',
    [{ ...pass, properties: { 'smtp.mailfrom': 'B.example' } }],
  ],
  [
    'an internationalized domain (RFC 8616)',
    'mx.example; dmarc=pass header.from=bücher.example',
    'mx.example',
    [{ method: 'dmarc', result: 'pass', properties: { 'header.from': 'bücher.example' } }],
  ],
  [
    'a repeated property: the first counts',
    'mx.example; spf=pass smtp.mailfrom=a.example smtp.mailfrom=b.example',
    'mx.example',
    [{ ...pass, contradicted: ['smtp.mailfrom'], properties: { 'smtp.mailfrom': 'a.example' } }],
  ],
  [
    'a signature value with characters of base64 unquoted, as Gmail writes it',
    'mx.example; dkim=pass header.i=@b.example header.s=s1 header.b="a/b+c=="; dkim=pass header.b=a/b+c=',
    'mx.example',
    [
      {
        method: 'dkim',
        result: 'pass',
        properties: { 'header.i': '@b.example', 'header.s': 's1', 'header.b': 'a/b+c==' },
      },
      { method: 'dkim', result: 'pass', properties: { 'header.b': 'a/b+c=' } },
    ],
  ],
  [
    'a property without ptype, as Exchange writes it, and no space after the semicolon',
    'mx.example; dmarc=pass action=none header.from=b.example;compauth=pass reason=100',
    'mx.example',
    [
      { method: 'dmarc', result: 'pass', properties: { action: 'none', 'header.from': 'b.example' } },
      { method: 'compauth', result: 'pass', reason: '100' },
    ],
  ],
  ['a semicolon at the end', 'mx.example; spf=pass;', 'mx.example', [pass]],
  [
    'an empty value',
    'mx.example; spf=pass smtp.mailfrom=; x=y',
    'mx.example',
    [
      { ...pass, properties: { 'smtp.mailfrom': '' } },
      { method: 'x', result: 'y' },
    ],
  ],
];
for (const [of, text, authservId, results, version] of cases) {
  test(`readAuthenticationResults reads ${of}`, () => {
    assert.deepEqual(plain(text), { authservId, version: version ?? 1, results });
  });
}

const faults: [text: string, position: number, reason: RegExp][] = [
  ['', 0, /authserv-id/],
  ['; spf=pass', 0, /authserv-id/],
  ['mx.example', 10, /neither a result nor "none"/],
  ['mx.example;', 11, /neither a result nor "none"/],
  ['spf=pass smtp.mailfrom=a.example', 3, /semicolon/],
  ['mx.example spf=pass', 11, /semicolon/],
  ['mx.example; spf', 15, /"="/],
  ['mx.example; =pass', 12, /method/],
  ['mx.example; spf=', 16, /result/],
  ['mx.example; spf/x=pass', 16, /method version/],
  ['mx.example; spf=pass smtp.=a', 26, /property/],
  ['mx.example; spf=pass smtp.mailfrom', 34, /"="/],
  ['mx.example; spf=pass @', 21, /property/],
  ['mx.example; spf=pass (never closed', 21, /comment is never closed/],
  ['mx.example; spf=pass reason="never closed', 28, /quoted string is never closed/],
  ['mx.example; none; spf=pass', 16, /"="/],
  ['mx.example; spf=pass; none', 26, /"="/],
  ['x'.repeat(16_385), 16_384, /more than 16384 characters/],
  [`mx.example${'; spf=pass'.repeat(101)}`, 10 + 10 * 100 + 2, /more than 100 results/],
];
for (const [text, position, reason] of faults) {
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
