/** Reports for tests, and rows of any kind. */
import fc from 'fast-check';
import { ReportDkim, ReportRow, ReportSpf } from '../../../schemas/reports/report-row.ts';
import { Override } from '../../../schemas/verdict.ts';
import { type ReportHeader, writeReport } from '../../../src/reports/outgoing/xml.ts';
import type { CountedRow } from '../../../src/store/counted-messages.ts';
import { assertValid } from './report-schema.ts';

export const HEADER: ReportHeader = {
  format: 'rfc9990',
  reportId: '20261128x0123456789abcdef01234567',
  policyDomain: 'sender.example',
  record: 'v=DMARC1; p=reject; sp=quarantine; adkim=s; fo=1:d; rua=mailto:dmarc@sender.example',
  beginSeconds: 1_795_824_000,
  periodSeconds: 86_400,
  orgName: 'Receiver & Söhne',
  email: 'reports@mx.rcpt.example',
  contact: 'https://rcpt.example/dmarc',
  generator: 'mailverdict 0.1.0',
};

export const ROW: ReportRow = {
  sourceIp: '192.0.2.10',
  disposition: 'none',
  dkim: 'fail',
  spf: 'fail',
  reasons: [{ type: 'mailing_list', comment: 'the trusted sealer lists.example saw DMARC pass' }],
  headerFrom: 'news.sender.example',
  envelopeFrom: 'lists.example',
  envelopeTo: null,
  dkimResults: [
    { domain: 'lists.example', selector: 's1', result: 'pass' },
    {
      domain: 'sender.example',
      selector: 's2',
      result: 'fail',
      humanResult: 'the body was changed: its hash is not bh=',
    },
  ],
  spfResult: { domain: 'lists.example', result: 'softfail' },
};

export async function* streamed<Item>(items: Iterable<Item>): AsyncGenerator<Item, void, undefined> {
  yield* items;
}

/** The whole text of a report that follows its schema. */
export const reportOf = async (rows: readonly CountedRow[], over: Partial<ReportHeader> = {}): Promise<string> => {
  const header = { ...HEADER, ...over };
  let report = '';
  for await (const chunk of writeReport(header, streamed(rows))) report += chunk;
  assertValid(report, header.format);
  return report;
};

/** Any text: control characters, lone surrogates, markup. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', ']]>', '<!DOCTYPE a>', '&amp;', '</feedback>', '\ud800', '\u0000', '\r\n', '<![CDATA[', '\'"'),
);

const anyDkim: fc.Arbitrary<ReportDkim> = fc.record(
  {
    domain: anyText,
    selector: anyText,
    result: fc.constantFrom(...ReportDkim.shape.result.options),
    humanResult: anyText,
  },
  { requiredKeys: ['domain', 'selector', 'result'] },
);

const anySpf: fc.Arbitrary<ReportSpf> = fc.record(
  { domain: anyText, result: fc.constantFrom(...ReportSpf.shape.result.options), humanResult: anyText },
  { requiredKeys: ['domain', 'result'] },
);

export const anyRow: fc.Arbitrary<CountedRow> = fc.record({
  count: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
  row: fc.record({
    sourceIp: fc.oneof(fc.ipV4(), fc.ipV6()),
    disposition: fc.constantFrom(...ReportRow.shape.disposition.options),
    dkim: fc.constantFrom('pass' as const, 'fail' as const),
    spf: fc.constantFrom('pass' as const, 'fail' as const),
    reasons: fc.array(fc.record({ type: fc.constantFrom(...Override.shape.type.options), comment: anyText }), {
      maxLength: 3,
    }),
    headerFrom: anyText,
    envelopeFrom: fc.option(anyText),
    envelopeTo: fc.option(anyText),
    dkimResults: fc.array(anyDkim, { maxLength: 5 }),
    spfResult: fc.option(anySpf),
  }),
});
