/** Authentication-Results as receivers write them, and texts that are none: the body of the field. */

/** One result; what is absent was not written. */
export type Plain = {
  contradicted?: readonly string[];
  method: string;
  result: string;
  properties?: Record<string, string>;
  version?: number;
  reason?: string;
  comment?: string;
};

const pass = { method: 'spf', result: 'pass' };
/** Texts that are read, with what they say. */
export const READABLE_RESULTS: [of: string, text: string, id: string, results: Plain[], version?: number][] = [
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

/** Texts that are refused, with the place and the reason. */
export const FAULTY_RESULTS: [text: string, position: number, reason: RegExp][] = [
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
