/**
 * deriveFacts: which Received field is believed (RFC 5321 section 4.4), through re-injections on
 * own hosts and in spite of forged fields.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import { readMessage } from '../../../src/message/message.ts';
import { deriveFacts } from '../../../src/verdict/derived/derive.ts';
import { MAX_HOPS } from '../../../src/verdict/derived/received-path.ts';
import { example, makeVerifier } from '../make-verifier.ts';

const DATE = 'Mon, 3 Feb 2025 09:00:05 +0000';
const received = (text: string): string => `Received: ${text};\r\n\t${DATE}\r\n`;
const ENTRY = received(
  'from mail.brand.example (mail.brand.example [192.0.2.10])\r\n\tby mx.mine.example (Postfix) with ESMTPS id 4ABC',
);
const REINJECTED = received(
  'from localhost (localhost [127.0.0.1])\r\n\tby mx.mine.example (Postfix) with ESMTP id 5ABC',
);
const FORGED = received(
  'from mail.bank.example (mail.bank.example [203.0.113.99]) by mx.mine.example (Postfix) with ESMTPS id 4BAD',
);
const RETURN_PATH = 'Return-Path: <alice@brand.example>\r\n';

const derive = (head: string, trustReceived: string | readonly string[] = 'mx.mine.example', given: SmtpFacts = {}) => {
  const message = readMessage(Buffer.from(`${head}From: alice@brand.example\r\n\r\nbody\r\n`, 'latin1'));
  assert.ok(message.kind === 'message');
  return deriveFacts(message, given, { trustReceived });
};
const codes = ({ findings }: ReturnType<typeof derive>) => findings.map(({ code }) => code);
const takenOf = ({ derived }: ReturnType<typeof derive>) => derived?.path.find(({ taken }) => taken)?.position ?? null;

/** Chains whose entry is 192.0.2.10, as servers write them. */
const chains: readonly [of: string, head: string, names: readonly string[], position: number][] = [
  ['the entry itself', ENTRY, ['mx.mine.example'], 1],
  ['a name in another case with a final dot', ENTRY, ['MX.mine.example.'], 1],
  ['a wildcard', ENTRY, ['*.mine.example'], 1],
  ['a content filter that writes no field of its own', REINJECTED + ENTRY, ['mx.mine.example'], 2],
  [
    'a mail store that takes it by LMTP',
    received(
      'from mx.mine.example\r\n\tby store.mine.example with LMTP\r\n\tid 1\r\n\t(envelope-from <alice@brand.example>)',
    ) + ENTRY,
    ['mx.mine.example', 'store.mine.example'],
    2,
  ],
  [
    'a mail store of an unlisted name',
    received('from mx.mine.example ([172.18.0.4])\r\n\tby 3f2a9c with LMTP\r\n\tid 1') + REINJECTED + ENTRY,
    ['mx.mine.example'],
    3,
  ],
  [
    'amavis, which names itself localhost',
    REINJECTED +
      received(
        'from mx.mine.example ([127.0.0.1])\r\n\tby localhost (mx.mine.example [127.0.0.1]) (amavisd-new, port 10024)\r\n\twith ESMTP id a1',
      ) +
      ENTRY,
    ['mx.mine.example'],
    3,
  ],
  [
    'a filter that hands it over with sendmail(1)',
    received('by mx.mine.example (Postfix, from userid 65534)\r\n\tid 6ABC') + ENTRY,
    ['mx.mine.example'],
    2,
  ],
  [
    'a relay in a private network',
    received('from mx.mine.example (unknown [10.1.2.3])\r\n\tby store.mine.example (Postfix) with ESMTP id 7') + ENTRY,
    ['*.mine.example'],
    2,
  ],
  [
    'a relay with a public address whose name the server confirmed',
    received(
      'from mx.mine.example (mx.mine.example [198.51.100.5])\r\n\tby store.mine.example (Postfix) with ESMTPS id 7',
    ) + ENTRY,
    ['*.mine.example'],
    2,
  ],
  [
    'a relay with a listed address',
    received(
      'from mx.mine.example (198.51.100.5)\r\n\tby store.mine.example (198.51.100.6) with Microsoft SMTP Server id 7',
    ) + ENTRY,
    ['*.mine.example', '198.51.100.0/28'],
    2,
  ],
  [
    'a program that fetched it by IMAP',
    received(
      'from imap.mine.example [198.51.100.9]\r\n\tby localhost with IMAP (fetchmail-6.4.37)\r\n\tfor <u@localhost> (single-drop)',
    ) + ENTRY,
    ['mx.mine.example'],
    2,
  ],
  [
    'a field without client on top, as Gmail writes it',
    received('by 2002:a05:7300:1234:b0:1 with SMTP id x1csp') + ENTRY,
    ['mx.mine.example'],
    2,
  ],
];
for (const [of, head, names, position] of chains) {
  test(`deriveFacts finds the client through ${of}`, () => {
    const found = derive(RETURN_PATH + head + FORGED, names);
    assert.equal(takenOf(found), position, JSON.stringify(found.derived?.path, null, 1));
    assert.equal(found.facts.clientIp, '192.0.2.10');
    assert.equal(found.facts.mailFrom, 'alice@brand.example');
    assert.deepEqual(codes(found), []);
    assert.deepEqual(
      found.derived?.path.slice(position).map(({ trusted }) => trusted),
      [false],
    );
  });
}

/**
 * Chains that do not tell who brought the message in: no client address is derived, and SPF is
 * none.
 */
const inside: readonly [of: string, head: string, names: readonly string[]][] = [
  ['a local submission', REINJECTED, ['mx.mine.example']],
  ['sendmail(1) alone', received('by mx.mine.example (Postfix, from userid 0) id 1'), ['mx.mine.example']],
  [
    'Exim’s local mail',
    received('from root by mx.mine.example with local (Exim 4.96) (envelope-from <root@mine.example>) id 1'),
    ['mx.mine.example'],
  ],
  [
    'a private client of no own name',
    received('from printer (unknown [192.168.1.7]) by mx.mine.example (Postfix) with ESMTP id 1') + FORGED,
    ['mx.mine.example'],
  ],
  [
    'a shared address (RFC 6598)',
    received('from x (unknown [100.64.3.1]) by mx.mine.example (Postfix) with ESMTP id 1') + FORGED,
    ['mx.mine.example'],
  ],
  [
    'a unique local IPv6 address',
    received('from x (unknown [IPv6:fd00::7]) by mx.mine.example (Postfix) with ESMTP id 1') + FORGED,
    ['mx.mine.example'],
  ],
  [
    'an own host whose field is missing',
    received('from mx.mine.example (unknown [10.1.2.3]) by store.mine.example (Postfix) with ESMTP id 7'),
    ['*.mine.example'],
  ],
  [
    'a field below of a server not named',
    REINJECTED + received('from x (x [192.0.2.10]) by filter-7f with SMTP') + FORGED,
    ['mx.mine.example'],
  ],
  [
    'a field below that is not the one of the client',
    received('from a.mine.example (unknown [10.1.2.3]) by store.mine.example (Postfix) with ESMTP id 7') + ENTRY,
    ['*.mine.example'],
  ],
  [
    'an unreadable field below',
    REINJECTED + received('from x; (x [192.0.2.10]) by mx.mine.example (Postfix) with ESMTP id 1') + FORGED,
    ['mx.mine.example'],
  ],
  [
    'a person of the own network who authenticated',
    received('from pc.mine.example (unknown [192.168.1.7]) by mx.mine.example (Postfix) with ESMTPSA id 1') + FORGED,
    ['*.mine.example'],
  ],
];
for (const [of, head, names] of inside) {
  test(`deriveFacts derives no client address from ${of}, and says so`, async () => {
    const found = derive(RETURN_PATH + head, names);
    assert.equal(found.facts.clientIp, undefined, JSON.stringify(found.derived?.path, null, 1));
    assert.deepEqual(codes(found), ['client-inside']);
    const verdict = await makeVerifier()(
      Buffer.concat([Buffer.from(RETURN_PATH + head), example('unsigned.eml')]),
      {},
      { trustReceived: names },
    );
    assert.equal(verdict.spf.result, 'none');
    assert.match(verdict.spf.reason ?? '', /do not tell who brought the message in/);
  });
}

/** Heads on which nothing is believed. */
const nothing: readonly [of: string, head: string][] = [
  [
    'a server that took it from outside and is not named',
    received('from evil (unknown [198.51.100.66]) by other.example (Postfix) with ESMTP id 1') + FORGED,
  ],
  ['a client that gives no address to a server not named', received('from evil by other.example with SMTP') + FORGED],
  ['no Received field', ''],
  ['an unreadable field', received('from x (y by mx.mine.example (Postfix) with ESMTP id 1') + FORGED],
];
for (const [of, head] of nothing) {
  test(`deriveFacts derives nothing from ${of}`, () => {
    const found = derive(RETURN_PATH + head);
    assert.deepEqual([takenOf(found), found.derived?.facts, codes(found)], [null, [], ['no-trusted-source']]);
  });
}

test('deriveFacts takes the name of a PTR record for a claim, where the server does not say that it confirmed it', () => {
  const claims = [
    'from mx2.mine.example (mx2.mine.example [198.51.100.66]) by mx.mine.example (Haraka) with ESMTPS id 1',
    'from x (mx2.mine.example [198.51.100.66] (may be forged)) by mx.mine.example (8.17.1/8.17.1/Debian-2) with ESMTP id 1',
  ];
  const below = FORGED.replace('mx.mine.example (Postfix)', 'mx2.mine.example (Postfix)');
  for (const claim of claims) {
    const found = derive(RETURN_PATH + received(claim) + below, '*.mine.example');
    assert.equal(found.facts.clientIp, '198.51.100.66', claim);
    assert.deepEqual(codes(found), ['unconfirmed-own-host'], claim);
  }
  const helo = 'from mx2.mine.example (unknown [198.51.100.66]) by mx.mine.example (Postfix) with ESMTP id 1';
  assert.equal(derive(received(helo) + below, '*.mine.example').facts.clientIp, '198.51.100.66');
  const literal = 'from mx2.mine.example ([198.51.100.66]) by mx.mine.example (8.17.1/8.17.1) with ESMTP id 1';
  assert.equal(derive(received(literal) + below, '*.mine.example').facts.clientIp, '198.51.100.66');
});

test('deriveFacts takes a wildcard for the names below its domain alone', () => {
  const written = (by: string) => derive(ENTRY.replace('mx.mine.example', by), '*.mine.example').facts.clientIp;
  assert.equal(written('a.b.mine.example'), '192.0.2.10');
  for (const by of ['mine.example', 'evilmine.example', 'mine.example.evil.example', '.mine.example'])
    assert.equal(written(by), undefined, by);
});

test('deriveFacts says that MAIL FROM is unknown, and takes no Return-Path from below the own fields', () => {
  const cases: [string, RegExp][] = [
    [ENTRY, /has no Return-Path/],
    [`${ENTRY}Return-Path: <ceo@bank.example>\r\n`, /is below/],
    [`Return-Path: nobody\r\n${ENTRY}`, /cannot be read/],
  ];
  for (const [head, reason] of cases) {
    const found = derive(head);
    assert.equal(found.facts.mailFrom, undefined);
    assert.deepEqual(codes(found), ['mail-from-unknown']);
    assert.match(found.findings[0]?.message ?? '', reason);
  }
  assert.equal(derive(`${REINJECTED}Return-Path: <ceo@bank.example>\r\n${ENTRY}`).facts.mailFrom, undefined);
  assert.equal(derive(`Return-Path: <>\r\n${ENTRY}`).facts.mailFrom, '');
  assert.deepEqual(codes(derive(ENTRY, 'mx.mine.example', { mailFrom: 'bob@given.example' })), []);
});

test('deriveFacts takes MAIL FROM from the newer field of an own mail store', () => {
  const store = received(
    'from mx.mine.example by store.mine.example with LMTP id 1 (envelope-from <bob@quiet.example>)',
  );
  assert.equal(derive(store + ENTRY, ['mx.mine.example', 'store.mine.example']).facts.mailFrom, 'bob@quiet.example');
});

test(`deriveFacts looks at ${MAX_HOPS} Received fields`, () => {
  const through = (hops: number) => derive(RETURN_PATH + REINJECTED.repeat(hops) + ENTRY);
  assert.equal(through(MAX_HOPS - 1).facts.clientIp, '192.0.2.10');
  const beyond = through(MAX_HOPS);
  assert.deepEqual(
    [beyond.facts.clientIp, beyond.derived?.path.length, codes(beyond)],
    [undefined, MAX_HOPS, ['client-inside']],
  );
});

test('deriveFacts tells every hop with what it says and why', () => {
  const { derived } = derive(RETURN_PATH + REINJECTED + ENTRY + FORGED);
  assert.deepEqual(
    derived?.path.map(({ from, name, address, by, with: protocol, trusted, taken }) => [
      from,
      name,
      address,
      by,
      protocol,
      trusted,
      taken,
    ]),
    [
      ['localhost', 'localhost', '127.0.0.1', 'mx.mine.example', 'ESMTP', true, false],
      ['mail.brand.example', 'mail.brand.example', '192.0.2.10', 'mx.mine.example', 'ESMTPS', true, true],
      ['mail.bank.example', 'mail.bank.example', '203.0.113.99', 'mx.mine.example', 'ESMTPS', false, false],
    ],
  );
  assert.match(derived?.path[0]?.note ?? '', /client 127\.0\.0\.1 is this machine/);
  assert.match(derived?.path[1]?.note ?? '', /brought the message in/);
  assert.match(derived?.path[2]?.note ?? '', /not believed/);
});

/** What a stranger can put into HELO, and into fields of his own. */
const words = fc.constantFrom(
  ...[
    'from',
    'by',
    'via',
    'with',
    'id',
    'for',
    'tls',
    'envelope-from',
    'LMTP',
    'LOCAL',
    'ESMTP',
    '(Postfix)',
    '(Exim 4.96)',
  ],
  ...[
    'localhost',
    'mx.mine.example',
    'store.mine.example',
    'mail.bank.example',
    '(helo=mx.mine.example)',
    '[127.0.0.1]',
    '([127.0.0.1])',
  ],
  ...[
    '(localhost [127.0.0.1])',
    '(mx.mine.example [203.0.113.99])',
    '(',
    ')',
    ';',
    '"',
    '\\',
    '<',
    '>',
    '=',
    ',',
    DATE,
    '[',
    ']',
  ],
);
/**
 * A field that is whole up to its date, so that only what the server writes after it can give it
 * away.
 */
const WHOLE = `x (localhost [127.0.0.1]) by mx.mine.example (Postfix) with ESMTP id 1; ${DATE}`;
const helo = fc
  .tuple(
    fc.constantFrom('', '', WHOLE, WHOLE.slice(0, WHOLE.indexOf(';')), 'x (localhost [127.0.0.1])'),
    fc.array(fc.oneof(words, fc.string({ maxLength: 6 })), { maxLength: 6 }),
  )
  .map(([whole, list]) => `${whole} ${list.join(' ')}`.replace(/[^\x20-\x7e]/g, '').trim() || 'x');
const forged = fc.oneof(
  fc.constantFrom(FORGED, REINJECTED, received('by mx.mine.example (Postfix, from userid 33) id 1')),
  helo.map((text) => received(text)),
  fc.constantFrom('Return-Path: <ceo@bank.example>\r\n', 'X-Odd: 1\r\n'),
);
const hops = fc.array(
  fc.constantFrom(
    REINJECTED,
    received('by mx.mine.example (Postfix, from userid 65534) id 1'),
    received('from mx.mine.example by store.mine.example with LMTP id 1'),
    received('from mx.mine.example ([172.18.0.4]) by 3f2a9c with LMTP id 1'),
  ),
  { maxLength: 3 },
);
const PEER = '198.51.100.66';
const NAMES = ['unknown', 'mail.evil.example', 'mx2.mine.example'] as const;
/** The field that an own server writes of a stranger, by server; each writes HELO as it came. */
const writers = [
  (name: string) => (text: string) =>
    `from ${text} (${name} [${PEER}])\r\n\tby mx.mine.example (Haraka) with ESMTP id 1`,
  () => (text: string) => `from ${text} (unknown [${PEER}])\r\n\tby mx.mine.example (Postfix) with ESMTP id 1`,
  () => (text: string) => `from ${text} ([${PEER}])\r\n\tby mx.mine.example (8.17.1/8.17.1/Debian-2) with ESMTP id 1`,
  (name: string) => (text: string) =>
    `from ${text} (${name} [${PEER}] (may be forged))\r\n\tby mx.mine.example (8.17.1/8.17.1) with SMTP id 1`,
];

test('deriveFacts never takes a field that a stranger forged, whatever is in HELO and below', () => {
  fc.assert(
    fc.property(
      hops,
      fc.constantFrom(...writers),
      fc.constantFrom(...NAMES),
      helo,
      fc.array(forged, { maxLength: 5 }),
      (own, writer, name, text, below) => {
        const entry = own.length + 1;
        const head = own.join('') + received(writer(name)(text)) + below.join('');
        const found = derive(head, ['*.mine.example']);
        assert.ok([undefined, PEER].includes(found.facts.clientIp), found.facts.clientIp);
        assert.ok((takenOf(found) ?? 0) <= entry);
        assert.ok(found.derived?.path.every(({ position, trusted }) => !trusted || position <= entry));
        assert.notEqual(found.facts.mailFrom, 'ceo@bank.example');
      },
    ),
    { numRuns: 5_000 },
  );
});
