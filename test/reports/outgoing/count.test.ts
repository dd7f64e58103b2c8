import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReportRow } from '../../../schemas/reports/report-row.ts';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import type { Verdict } from '../../../schemas/verdict.ts';
import { toCounted } from '../../../src/reports/outgoing/count.ts';
import { makeDisposition, makeSignature, makeSpf, makeVerdict } from '../../pipeline/make-verdict.ts';
import { COUNT_SETTINGS, FACTS, makeDecision, makeFailing, makeReported } from './make-decision.ts';

const count = (verdict: Verdict, facts: SmtpFacts = FACTS, settings = COUNT_SETTINGS) =>
  toCounted(makeDecision(verdict), facts, settings);

const rowOf = (...given: Parameters<typeof count>): ReportRow => {
  const counted = count(...given);
  assert.ok(counted !== null);
  ReportRow.parse(counted.row);
  return counted.row;
};

test('toCounted counts a message that passes, with all that a report says of it', () => {
  const counted = count(makeReported());
  assert.deepEqual(counted, {
    policy: {
      policyDomain: 'sender.example',
      record: 'v=DMARC1; p=reject; rua=mailto:dmarc@sender.example',
    },
    row: {
      sourceIp: '192.0.2.10',
      disposition: 'pass',
      dkim: 'pass',
      spf: 'pass',
      reasons: [],
      headerFrom: 'sender.example',
      envelopeFrom: 'sender.example',
      envelopeTo: null,
      dkimResults: [{ domain: 'sender.example', selector: 's1', result: 'pass' }],
      spfResult: { domain: 'sender.example', result: 'pass' },
    },
  });
});

const NOT_COUNTED: readonly (readonly [what: string, ...Parameters<typeof toCounted>])[] = [
  ['a message without a verdict', makeDecision(null), FACTS, COUNT_SETTINGS],
  ['a message that is answered 4xx', makeDecision(makeReported(), { action: 'tempfail' }), FACTS, COUNT_SETTINGS],
  [
    'any message without a sender of reports',
    makeDecision(makeReported()),
    FACTS,
    { ...COUNT_SETTINGS, reportSender: '' },
  ],
  ['a message of an unknown client', makeDecision(makeReported()), {}, COUNT_SETTINGS],
  ...(['none', 'temperror', 'permerror'] as const).map(
    (result) => [`DMARC ${result}`, makeDecision(makeReported({ result })), FACTS, COUNT_SETTINGS] as const,
  ),
  ...(
    [
      ['a record without an address for reports', 'v=DMARC1; p=reject'],
      ['a record with an address that is none', 'v=DMARC1; p=reject; rua=dmarc@sender.example'],
      ['a record whose reports would go by another way than mail', 'v=DMARC1; p=reject; rua=https://sender.example/'],
      ['a text that is no record', 'v=spf1 -all'],
    ] as const
  ).map(([what, record]) => [what, makeDecision(makeReported({ record })), FACTS, COUNT_SETTINGS] as const),
  [
    'mail without one author domain',
    makeDecision(makeReported({}, { dmarc: { ...makeReported().dmarc, authorDomain: null } })),
    FACTS,
    COUNT_SETTINGS,
  ],
  [
    'a bounce to the sender of reports',
    makeDecision(makeFailing()),
    { ...FACTS, mailFrom: '<>', rcptTo: ['<Reports@MX.rcpt.example>'] },
    COUNT_SETTINGS,
  ],
  [
    'a bounce to an address of one report',
    makeDecision(makeFailing()),
    { ...FACTS, mailFrom: '', rcptTo: ['bob@rcpt.example', 'reports+7f@mx.rcpt.example'] },
    COUNT_SETTINGS,
  ],
  [
    'a report of its own',
    makeDecision(makeReported({}, { author: { ...makeVerdict().author, address: 'reports@mx.rcpt.example' } })),
    FACTS,
    COUNT_SETTINGS,
  ],
  ...[
    'Report Domain: rcpt.example Submitter: sender.example Report-ID: <1@sender.example>',
    'Report domain: rcpt.example Submitter: google.com Report-ID: 12',
    '[Preview] Report Domain:\trcpt.example  Submitter: protection.outlook.com Report-ID: 3',
  ].map(
    (subject) =>
      [
        `the report "${subject}"`,
        makeDecision(makeReported({}, { message: { ...makeVerdict().message, subject } })),
        FACTS,
        COUNT_SETTINGS,
      ] as const,
  ),
];

for (const [what, ...given] of NOT_COUNTED) {
  test(`toCounted does not count ${what}`, () => assert.equal(toCounted(...given), null));
}

test('toCounted counts what only pretends to be a report: forged mail is not hidden by a subject', () => {
  const subject = 'Report Domain: rcpt.example Submitter: sender.example Report-ID: <1@sender.example>';
  const author = { ...makeVerdict().author, address: 'reports@mx.rcpt.example' };
  const forged = { ...makeFailing(), author, message: { ...makeVerdict().message, subject } };
  assert.equal(rowOf(forged).disposition, 'reject');
});

test('toCounted counts mail to an address that only looks like the sender of reports', () => {
  for (const address of ['reports-old@mx.rcpt.example', 'reports@rcpt.example', 'xreports@mx.rcpt.example', 'reports'])
    assert.notEqual(count(makeReported(), { ...FACTS, rcptTo: [address] }), null, address);
});

test('toCounted orders signatures: strictly aligned, aligned, other pass, the rest; each in the order of the message', () => {
  const signature = (selector: string, sdid: string, over = {}) => makeSignature({ selector, sdid, ...over });
  const broken = { result: 'fail', reason: 'the body was changed: its hash is not bh=', aligned: true } as const;
  const { dkimResults } = rowOf(
    makeReported(
      {},
      {
        dkim: [
          signature('a', 'sender.example', broken),
          signature('b', 'other.example', { aligned: false }),
          signature('c', 'mail.sender.example'),
          signature('D', 'Sender.Example.'),
          signature('e', 'other.example', { aligned: null }),
          signature('f', 'bücher.example', { aligned: false }),
          signature('g', 'sender.example'),
        ],
      },
    ),
  );
  assert.deepEqual(
    dkimResults.map(({ selector, domain }) => [selector, domain]),
    [
      ['d', 'sender.example'],
      ['g', 'sender.example'],
      ['c', 'mail.sender.example'],
      ['b', 'other.example'],
      ['e', 'other.example'],
      ['f', 'xn--bcher-kva.example'],
      ['a', 'sender.example'],
    ],
  );
  assert.equal(dkimResults.at(-1)?.humanResult, broken.reason);
  assert.ok(dkimResults.slice(0, -1).every(({ humanResult }) => humanResult === undefined));
});

test('toCounted leaves out signatures that name no domain or no selector', () => {
  const faulty = [
    { sdid: null },
    { selector: null },
    { sdid: 'not a name' },
    { sdid: '' },
    { selector: '<s>' },
    { sdid: `${'a'.repeat(60)}.`.repeat(5) },
  ];
  const { dkimResults } = rowOf(makeReported({}, { dkim: faulty.map(makeSignature) }));
  assert.deepEqual(dkimResults, []);
});

test('toCounted keeps 100 signatures of 101, and among them those that passed', () => {
  const failing = Array.from({ length: 100 }, (_, at) => makeSignature({ result: 'fail', selector: `f${at}` }));
  const { dkimResults } = rowOf(makeReported({}, { dkim: [...failing, makeSignature()] }));
  assert.equal(dkimResults.length, 100);
  assert.equal(dkimResults[0]?.selector, 's1');
  assert.equal(dkimResults[99]?.selector, 'f98');
});

test('toCounted bounds what a person is told and keeps it printable', () => {
  const reason = `${'r'.repeat(190)}\u0000é${'s'.repeat(1000)}`;
  const { dkimResults } = rowOf(makeReported({}, { dkim: [makeSignature({ result: 'permerror', reason })] }));
  assert.equal(dkimResults[0]?.humanResult, `${'r'.repeat(190)}??sssss...`);
});

const HELO_CHECK = {
  ...makeSpf('softfail').mailFrom,
  identity: 'helo',
  domain: 'mail.sender.example',
} as Verdict['spf']['helo'];

const PATHS: readonly (readonly [mailFrom: string | undefined, envelopeFrom: string | null, spf: string | null])[] = [
  ['alice@sender.example', 'sender.example', 'sender.example'],
  ['<alice@Sender.Example.>', 'sender.example', 'sender.example'],
  ['"a@b"@bücher.example', 'xn--bcher-kva.example', 'sender.example'],
  ['', '', 'mail.sender.example'],
  ['<>', '', 'mail.sender.example'],
  ['postmaster', null, 'sender.example'],
  ['alice@[192.0.2.1]', null, 'sender.example'],
  [`alice@${'a.'.repeat(200)}example`, null, 'sender.example'],
  [undefined, null, null],
];

for (const [mailFrom, envelopeFrom, spf] of PATHS) {
  test(`toCounted takes envelope_from and SPF of MAIL FROM ${mailFrom?.slice(0, 30)}`, () => {
    const facts = { ...FACTS, mailFrom };
    const row = rowOf(makeReported({}, { spf: makeSpf('pass', { helo: HELO_CHECK }) }), facts);
    assert.equal(row.envelopeFrom, envelopeFrom);
    assert.equal(row.spfResult?.domain ?? null, spf);
    assert.equal(row.spfResult?.result ?? null, spf === null ? null : spf === 'sender.example' ? 'pass' : 'softfail');
  });
}

const spfError = (reason: string) => {
  const spf = makeSpf('permerror');
  return { ...spf, mailFrom: spf.mailFrom && { ...spf.mailFrom, reason } };
};

test('toCounted tells the error of SPF in words', () => {
  const reason = 'the SPF record of sender.example cannot be evaluated: "a" is DNS lookup 11, the limit is 10';
  assert.equal(
    rowOf(makeReported({}, { spf: spfError(reason) }), { ...FACTS, mailFrom: 'zoe@sender.example' }).spfResult
      ?.humanResult,
    reason,
  );
});

const LEAKS: readonly (readonly [mailFrom: string, name: string])[] = [
  ['alice@sender.example', 'alice._spf.sender.example'],
  ['Bounces-Bob=rcpt.example@sender.example', 'bounces._spf.sender.example'],
  ['b1-bob=rcpt@sender.example', 'rcpt.bob.b1._spf.sender.example'],
  ['"=bob="@sender.example', '%3Dbob%3D._spf.sender.example'],
  ['bób@sender.example', 'b\\195\\179b._spf.sender.example'],
];

for (const [mailFrom, name] of LEAKS) {
  test(`toCounted does not tell the local-part that a macro puts into ${name}`, () => {
    const reason = `a temporary failure left SPF of x unknown: the DNS question for A of ${name} failed (timeout)`;
    const { spfResult } = rowOf(makeReported({}, { spf: spfError(reason) }), { ...FACTS, mailFrom });
    assert.deepEqual(spfResult, { domain: 'sender.example', result: 'permerror' });
  });
}

test('toCounted names the domain of the recipients only where the setting says so and there is one', () => {
  const settings = { ...COUNT_SETTINGS, reportEnvelopeTo: true };
  const domainOf = (rcptTo: string[] | undefined) => rowOf(makeReported(), { ...FACTS, rcptTo }, settings).envelopeTo;
  assert.equal(domainOf(['bob@rcpt.example', '<eve@RCPT.example>']), 'rcpt.example');
  assert.equal(domainOf(['bob@rcpt.example', 'eve@other.example']), null);
  assert.equal(domainOf([]), null);
  assert.equal(domainOf(undefined), null);
});

test('toCounted writes an IPv4-mapped address as IPv4 and IPv6 in its canonical form', () => {
  assert.equal(rowOf(makeReported(), { ...FACTS, clientIp: '::ffff:192.0.2.1' }).sourceIp, '192.0.2.1');
  assert.equal(rowOf(makeReported(), { ...FACTS, clientIp: '2001:DB8:0:0::1' }).sourceIp, '2001:db8::1');
});

test('toCounted says nothing of recipients, local-parts and subjects', () => {
  const verdict = makeFailing();
  const row = JSON.stringify(
    count(
      { ...verdict, message: { ...verdict.message, subject: 'secret-subject' } },
      { ...FACTS, mailFrom: 'secret-sender@sender.example', rcptTo: ['secret-recipient@rcpt.example'] },
      { ...COUNT_SETTINGS, reportEnvelopeTo: true },
    ),
  );
  assert.doesNotMatch(row, /secret/);
});

test('toCounted counts a pass whose policy a DNS failure left open: enforced where every candidate is', () => {
  const dispositionUnder = (tags: string): string => {
    const record = `v=DMARC1; ${tags}; rua=mailto:dmarc@sender.example`;
    const verdict = makeReported({ record });
    const { rfc9989 } = verdict.dmarc;
    return rowOf({ ...verdict, dmarc: { ...verdict.dmarc, rfc9989: { ...rfc9989, policy: null } } }).disposition;
  };
  assert.equal(dispositionUnder('p=reject; np=quarantine'), 'pass');
  assert.equal(dispositionUnder('p=reject; sp=none; np=reject'), 'none');
  assert.equal(dispositionUnder('p=none; np=reject'), 'none');
});

test('toCounted takes an alignment that is not known for none', () => {
  const row = rowOf(makeReported({ spfAligned: null }));
  assert.deepEqual([row.dkim, row.spf], ['pass', 'fail']);
});

test('toCounted counts a relay that is refused although DMARC passes, and says that it is another matter', () => {
  const row = rowOf(makeReported({}, { disposition: { ...makeDisposition('reject'), cause: 'relay' } }));
  assert.equal(row.disposition, 'reject');
  assert.deepEqual(
    row.reasons.map(({ type }) => type),
    ['local_policy'],
  );
});

test('toCounted makes a bounded row of printable ASCII, whatever sender and client wrote', () => {
  const anyText = fc.string({ unit: 'binary', maxLength: 300 });
  fc.assert(
    fc.property(
      fc.array(fc.record({ sdid: anyText, selector: anyText, reason: anyText }), { maxLength: 120 }),
      fc.array(anyText, { maxLength: 3 }),
      anyText,
      anyText,
      (signatures, rcptTo, mailFrom, reason) => {
        const dkim = signatures.map((over) => makeSignature({ ...over, result: 'permerror' }));
        const counted = count(
          makeReported({}, { dkim, spf: spfError(reason) }),
          { ...FACTS, mailFrom, rcptTo },
          { ...COUNT_SETTINGS, reportEnvelopeTo: true },
        );
        assert.match(JSON.stringify(counted), /^[\x20-\x7e]{100,80000}$/);
      },
    ),
  );
});
