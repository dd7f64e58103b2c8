/**
 * readReceived: RFC 5321 section 4.4 as mail servers write it, and HELO names that pretend to be
 * the server's words.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_RECEIVED_CHARS, type Received, readReceived } from '../../src/message/received.ts';
import { readDate } from '../../src/message/received-date.ts';

const DATE = 'Mon, 3 Feb 2025 09:00:10 +0000';
const DATE_MS = Date.UTC(2025, 1, 3, 9, 0, 10);

const servers: [of: string, text: string, facts: Partial<Received>][] = [
  [
    'Postfix',
    `from mail.brand.example (mail.brand.example [192.0.2.10])\r\n\tby mx.receiver.example (Postfix) with ESMTP id 4ABC\r\n\tfor <carol@receiver.example>; ${DATE} (UTC)`,
    {
      fromHelo: 'mail.brand.example',
      fromName: 'mail.brand.example',
      fromIp: '192.0.2.10',
      by: 'mx.receiver.example',
      with: 'ESMTP',
      id: '4ABC',
      for: 'carol@receiver.example',
      tls: null,
      authenticated: false,
      authIdentity: null,
      envelopeFrom: null,
      dateMs: DATE_MS,
      ambiguous: false,
    },
  ],
  [
    'Postfix with TLS, a client certificate and SMTP AUTH',
    `from [10.0.0.5] (unknown [IPv6:2001:db8::5])\r\n\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\r\n\t key-exchange X25519 server-signature RSA-PSS (2048 bits))\r\n\t(Client CN "mail [198.51.100.9]", Issuer "CA" (verified OK))\r\n\t(Authenticated sender: alice)\r\n\tby mx.example (Postfix) with ESMTPSA id 1; ${DATE}`,
    {
      fromHelo: '[10.0.0.5]',
      fromName: null,
      fromIp: '2001:db8::5',
      with: 'ESMTPSA',
      tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', bits: 256 },
      authenticated: true,
      authIdentity: 'alice',
    },
  ],
  [
    'Exim with a host name and another HELO',
    `from host.brand.example ([192.0.2.10]:52412 helo=mail.brand.example)\r\n\tby mx.example with esmtps  (TLS1.3) tls TLS_AES_256_GCM_SHA384\r\n\t(Exim 4.96)\r\n\t(envelope-from <alice@brand.example>)\r\n\tid 1tf-000-01;\r\n\t${DATE}`,
    {
      fromHelo: 'mail.brand.example',
      fromName: 'host.brand.example',
      fromIp: '192.0.2.10',
      by: 'mx.example',
      with: 'ESMTPS',
      id: '1tf-000-01',
      tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' },
      envelopeFrom: 'alice@brand.example',
    },
  ],
  [
    'Exim with a host name that is the HELO',
    `from mail.brand.example ([192.0.2.10]) by mx.example with esmtp (Exim 4.96) (envelope-from <>) id 1; ${DATE}`,
    { fromHelo: 'mail.brand.example', fromName: 'mail.brand.example', fromIp: '192.0.2.10', envelopeFrom: '' },
  ],
  [
    'Exim without a host name',
    `from [192.0.2.10] (port=4711 helo=mail.brand.example) by mx.example with esmtp id 1; ${DATE}`,
    { fromHelo: 'mail.brand.example', fromName: null, fromIp: '192.0.2.10' },
  ],
  [
    'Exim where the HELO is an address literal',
    `from host.example ([192.0.2.10] helo=[198.51.100.9]) by mx.example with esmtp id 1; ${DATE}`,
    { fromHelo: '[198.51.100.9]', fromIp: '192.0.2.10' },
  ],
  [
    'older Exim with its own TLS words',
    `from a.example ([192.0.2.10]) by mx.example with esmtps (TLS1.2:ECDHE_RSA_AES_256_GCM_SHA384:256) id 1; ${DATE}`,
    { tls: { version: 'TLSv1.2', cipher: 'ECDHE_RSA_AES_256_GCM_SHA384', bits: 256 } },
  ],
  [
    'Sendmail',
    `from mail.brand.example (IDENT:root@host.brand.example [192.0.2.10] (may be forged))\r\n\tby mx.example (8.17.1/8.17.1) with ESMTPS id 513\r\n\t(version=TLSv1.3 cipher=TLS_AES_256_GCM_SHA384 bits=256 verify=NO)\r\n\tfor <carol@receiver.example>; ${DATE}`,
    {
      fromHelo: 'mail.brand.example',
      fromName: 'host.brand.example',
      fromIp: '192.0.2.10',
      id: '513',
      tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', bits: 256 },
    },
  ],
  [
    'Exchange',
    `from AM0PR01.eurprd01.prod.exchange.example (2001:db8:208::10) by\r\n DB3PR01.prod.exchange.example (2001:db8:10::5) with Microsoft SMTP Server\r\n (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id\r\n 15.20.8398.14; ${DATE}`,
    {
      fromHelo: 'AM0PR01.eurprd01.prod.exchange.example',
      fromName: null,
      fromIp: '2001:db8:208::10',
      by: 'DB3PR01.prod.exchange.example',
      id: '15.20.8398.14',
      with: 'Microsoft SMTP Server',
      authenticated: null,
      tls: { version: 'TLSv1.2', cipher: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384' },
    },
  ],
  [
    'Gmail',
    `from mail-sor-f41.mail.example (mail-sor-f41.mail.example. [192.0.2.10])\r\n        by mx.mail.example with SMTPS id a1-2sor3.1.2025.02.03\r\n        for <carol@receiver.example>\r\n        (Mail Transport Security);\r\n        Mon, 03 Feb 2025 01:00:10 -0800 (PST)`,
    {
      fromName: 'mail-sor-f41.mail.example',
      fromIp: '192.0.2.10',
      id: 'a1-2sor3.1.2025.02.03',
      tls: {},
      dateMs: DATE_MS,
    },
  ],
  [
    'Gmail within itself',
    `by 2002:a05:6000:1 with SMTP id abc; ${DATE}`,
    { fromHelo: null, fromIp: null, by: '2002:a05:6000:1' },
  ],
  [
    'Haraka',
    `from mail.brand.example (host.brand.example [192.0.2.10])\r\n\tby mx.example (Haraka/3.0.5) with ESMTPS id 5B9C.1\r\n\tenvelope-from <alice@brand.example>\r\n\ttls TLS_AES_256_GCM_SHA384;\r\n\t${DATE}`,
    { fromIp: '192.0.2.10', envelopeFrom: 'alice@brand.example', tls: { cipher: 'TLS_AES_256_GCM_SHA384' } },
  ],
  [
    'Stalwart',
    `from mail.brand.example (mail.brand.example [192.0.2.10])\r\n\t(using TLSv1.3 with cipher TLS13_AES_256_GCM_SHA384)\r\n\tby mx.example (Stalwart SMTP) with ESMTPS id 3A;\r\n\t${DATE}`,
    { fromIp: '192.0.2.10', tls: { version: 'TLSv1.3', cipher: 'TLS13_AES_256_GCM_SHA384' } },
  ],
  [
    'qmail',
    `from unknown (HELO mail.brand.example) (alice@192.0.2.10) by mx.example with SMTP; 3 Feb 2025 09:00:10 -0000`,
    { fromHelo: 'mail.brand.example', fromName: null, fromIp: '192.0.2.10', dateMs: DATE_MS },
  ],
  [
    'LMTP (RFC 3848)',
    `from a.example (a.example [192.0.2.10]) by b.example with LMTPA id 1; ${DATE}`,
    { authenticated: true },
  ],
  [
    'a quoted local-part',
    `by a.example for <"b (c; d"@e.example>; ${DATE}`,
    { for: '"b (c; d"@e.example', dateMs: DATE_MS },
  ],
  ['nothing', '', { fromHelo: null, fromIp: null, by: null, dateMs: null, ambiguous: false }],
];
for (const [of, text, facts] of servers) {
  test(`readReceived reads what is written by ${of}`, () => {
    const read = readReceived(text);
    for (const [name, value] of Object.entries(facts)) assert.deepEqual(read[name as keyof Received], value, name);
  });
}

/**
 * HELO names, each put where Postfix writes them; the address is the server's or none, never
 * 198.51.100.9.
 */
const helos: [helo: string, ip: string | null][] = [
  ['[198.51.100.9]', '192.0.2.10'],
  ['x([198.51.100.9])', '192.0.2.10'],
  ['x (y [198.51.100.9])', '192.0.2.10'],
  ['198.51.100.9', '192.0.2.10'],
  ['x (198.51.100.9)', '192.0.2.10'],
  ['x (HELO y)', '192.0.2.10'],
  ['[198.51.100.9] (helo=x)', '192.0.2.10'],
  ['"x', '192.0.2.10'],
  ['x\\', '192.0.2.10'],
  ['x (y [198.51.100.9]) by mx.example', null],
  ['x (y [198.51.100.9]) by mx.example with ESMTP id 1', null],
  ['x (y [198.51.100.9]) (', null],
  ['x (y [198.51.100.9]) (using', null],
  ['x (y [198.51.100.9]', null],
  [`x (y [198.51.100.9]) by mx.example; ${DATE}`, null],
  [`x (y [198.51.100.9]) by mx.example; ${DATE} (`, null],
  ['x;', null],
  ...['via', 'id', 'for', 'tls', 'envelope-from', 'with'].map((word): [string, null] => [
    `x (y [198.51.100.9]) ${word}`,
    null,
  ]),
  ['via', null],
  ['(y [198.51.100.9]) <', null],
  ['(y [198.51.100.9]) <"', null],
];
for (const [helo, ip] of helos) {
  test(`readReceived is not misled by HELO ${helo}`, () => {
    const read = readReceived(`from ${helo} (unknown [192.0.2.10]) by mx.example (Postfix) with ESMTP id 1; ${DATE}`);
    assert.equal(read.fromIp, ip);
  });
}

test('readReceived tells a field that reads two ways, and gives nothing of it but the name of the server', () => {
  const read = readReceived(
    `from x by y with ESMTPSA (Authenticated sender: ceo) (unknown [192.0.2.10]) by mx.example with ESMTP id 1; ${DATE}`,
  );
  const { by, ambiguous, ...rest } = read;
  assert.deepEqual([by, ambiguous], ['mx.example', true]);
  assert.ok(Object.values(rest).every((fact) => fact === null));
});

test('readReceived believes no reverse-path and no TLS that stand in the HELO name', () => {
  const read = readReceived(
    `from x (envelope-from <ceo@brand.example>) (using TLSv1.3 with cipher A) (unknown [192.0.2.10]) by mx.example with ESMTP id 1; ${DATE}`,
  );
  assert.deepEqual([read.fromIp, read.envelopeFrom, read.tls], ['192.0.2.10', null, null]);
});

test('readReceived tells a confirmed name for the servers alone that say whether they confirmed it', () => {
  const cases: [string, string | null][] = [
    ['from x (a.example [192.0.2.10]) by mx.example (Postfix) with ESMTP id 1', 'a.example'],
    ['from x (helo=y) (a.example [192.0.2.10]) by mx.example (Postfix) with ESMTP id 1', 'a.example'],
    ['from x (unknown [192.0.2.10]) by mx.example (Postfix) with ESMTP id 1', null],
    ['from x (a.example [192.0.2.10]) by mx.example (8.17.1/8.17.1/Debian-2) with ESMTP id 1', 'a.example'],
    ['from x (a.example [192.0.2.10] (may be forged)) by mx.example (8.17.1/8.17.1) with ESMTP id 1', null],
    ['from a.example ([192.0.2.10]) by mx.example (8.17.1/8.17.1) with ESMTP id 1', null],
    ['from a.example ([192.0.2.10] helo=x) by mx.example with esmtp (Exim 4.96) id 1', 'a.example'],
    ['from [192.0.2.10] (helo=a.example) by mx.example with esmtp (Exim 4.96) id 1', null],
    ['from x (a.example [192.0.2.10]) by mx.example (Haraka) with ESMTP id 1', null],
  ];
  for (const [text, name] of cases) assert.equal(readReceived(`${text}; ${DATE}`).confirmedName, name, text);
});

test('readReceived reads nothing from a literal that may be the HELO', () => {
  assert.equal(readReceived(`from [198.51.100.9] by mx.example with SMTP id 1; ${DATE}`).fromIp, null);
});

test('readReceived takes an identity only where the transmission type says that the client authenticated', () => {
  const text = (type: string) =>
    `from x (Authenticated sender: ceo) (unknown [192.0.2.10]) by mx.example with ${type} id 1; ${DATE}`;
  assert.equal(readReceived(text('ESMTP')).authIdentity, null);
  assert.equal(readReceived(text('ESMTP')).authenticated, false);
});

test('readReceived gives no address for a field longer than it reads', () => {
  const text = `from a.example (a.example [192.0.2.10]) by mx.example id ${'x'.repeat(MAX_RECEIVED_CHARS)}; ${DATE}`;
  assert.equal(readReceived(text).fromIp, null);
  assert.equal(readReceived(text).ambiguous, true);
});

test('readReceived never throws', () => {
  const parts = fc.constantFrom(
    'from',
    'by',
    'with',
    'id',
    'for',
    ' ',
    ' ',
    '(',
    ')',
    '[192.0.2.1]',
    '[',
    '<',
    '>',
    '"',
    '\\',
    ';',
    'helo=',
    '\0',
    'é',
    DATE,
  );
  fc.assert(
    fc.property(fc.array(parts, { maxLength: 40 }), (pieces) => {
      const read = readReceived(pieces.join(''));
      assert.ok(!read.ambiguous || read.fromIp === null);
    }),
    { numRuns: 3000 },
  );
});

const dates: [text: string, ms: number | null][] = [
  ['Mon, 3 Feb 2025 09:00:10 +0000', DATE_MS],
  ['3 Feb 2025 10:00:10 +0100 (CET)', DATE_MS],
  ['Mon,  03 Feb 2025 01:00:10 PST', DATE_MS],
  ['Mon, 3 Feb 2025 09:00 GMT', DATE_MS - 10_000],
  ['31 Feb 2025 09:00:10 +0000', null],
  ['3 Fob 2025 09:00:10 +0000', null],
  ['3 Feb 2025 25:00:10 +0000', null],
  ['3 Feb 2025 09:00:10', null],
  ['3 Feb 2025 09:00:10 +0000 trailing', null],
  ['3 Feb 2025 09:00:10 +0000 (open', null],
  [' \r\n Mon, 3 Feb 2025 09:00:10 +0000\r\n (UTC) ', DATE_MS],
  ['2025-02-03T09:00:10Z', null],
  ['', null],
];
for (const [text, ms] of dates) {
  test(`readDate reads ${JSON.stringify(text)} as ${ms === null ? 'no date' : 'a date'}`, () =>
    assert.equal(readDate(text), ms));
}

test('readReceived bears as much of anything as it reads', () => {
  for (const piece of [
    '()',
    '(a) ',
    '(',
    'by ',
    '<',
    '"',
    '[1',
    'from a (',
    '(using TLSv1 with cipher ',
    '([',
    'helo= ',
  ])
    assert.equal(readReceived(`from ${piece.repeat(100_000)}`).fromIp, null);
});
