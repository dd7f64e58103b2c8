/**
 * Aggregate reports that are made here, read by others: Mail::DMARC, dmarc-cat and the modules of
 * Python. All find the same rows and counts. What they cannot do is said at each. opendmarc-import
 * is no reader: it takes the history of OpenDMARC, no report. Run by test/interop/run.ts.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { ReportDkim, ReportRow, ReportSpf } from '../../schemas/reports/report-row.ts';
import type { ReportSettings } from '../../schemas/settings/reports.ts';
import { Override } from '../../schemas/verdict.ts';
import { compressReport } from '../../src/reports/outgoing/compress.ts';
import { writeReportMail } from '../../src/reports/outgoing/mail.ts';
import { reportNames } from '../../src/reports/outgoing/names.ts';
import { writeReport } from '../../src/reports/outgoing/xml.ts';
import type { CountedRow } from '../../src/store/counted-messages.ts';
import { HEADER, streamed } from '../reports/outgoing/make-report.ts';

type Format = ReportSettings['reportFormat'];

const folder = mkdtempSync(join(tmpdir(), 'mailverdict-reports-'));
after(() => rmSync(folder, { recursive: true }));

const domain = fc.constantFrom('sender.example', 'news.sender.example', 'lists.example', 'xn--bcher-kva.example');
const sentence = fc.constantFrom('the body was changed: its hash is not bh=', 'a & b < c > d "e"', 'why');
const dkim: fc.Arbitrary<ReportDkim> = fc.record({
  domain,
  selector: fc.constantFrom('s1', 'k2._x'),
  result: fc.constantFrom(...ReportDkim.shape.result.options),
  humanResult: sentence,
});
const anySpf: fc.Arbitrary<ReportSpf> = fc.record({
  domain,
  result: fc.constantFrom(...ReportSpf.shape.result.options.filter((word) => word !== 'policy')),
});
const anyRow: fc.Arbitrary<ReportRow> = fc.record({
  sourceIp: fc.oneof(fc.ipV4(), fc.constantFrom('2001:db8::1', '2001:db8:0:1::')),
  disposition: fc.constantFrom(...ReportRow.shape.disposition.options),
  dkim: fc.constantFrom('pass' as const, 'fail' as const),
  spf: fc.constantFrom('pass' as const, 'fail' as const),
  reasons: fc.array(fc.record({ type: fc.constantFrom(...Override.shape.type.options), comment: sentence }), {
    maxLength: 2,
  }),
  headerFrom: domain,
  envelopeFrom: fc.oneof(domain, fc.constantFrom('', null)),
  envelopeTo: fc.option(fc.constant('rcpt.example')),
  dkimResults: fc.array(dkim, { maxLength: 3 }),
  spfResult: anySpf,
});

/** The same rows in every run. */
const ROWS: readonly CountedRow[] = fc
  .sample(anyRow, { numRuns: 300, seed: 9990 })
  .map((row, at) => ({ row, count: 1 + ((at * 7919) % 5000) }));

const compressed = async (format: Format): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of compressReport(writeReport({ ...HEADER, format }, streamed(ROWS)))) chunks.push(chunk);
  return Buffer.concat(chunks);
};

const mailOf = async (format: Format): Promise<Buffer> => {
  const mail = writeReportMail({
    ...HEADER,
    builtSeconds: HEADER.beginSeconds + HEADER.periodSeconds + 60,
    reportSender: HEADER.email,
    to: 'dmarc@sender.example',
    report: await compressed(format),
  });
  assert.ok(mail !== null);
  return mail;
};

/** What each reader is to find, in the words of the format. */
const expected = (format: Format) => ({
  reportId: HEADER.reportId,
  begin: HEADER.beginSeconds,
  end: HEADER.beginSeconds + HEADER.periodSeconds - 1,
  domain: HEADER.policyDomain,
  p: 'reject',
  rows: ROWS.map(({ row, count }) => ({
    sourceIp: row.sourceIp,
    count,
    disposition: format === 'rfc7489' && row.disposition === 'pass' ? 'none' : row.disposition,
    dkim: row.dkim,
    spf: row.spf,
    reasons: row.reasons.map(
      ({ type, comment }) => `${format === 'rfc7489' && type === 'policy_test_mode' ? 'other' : type}: ${comment}`,
    ),
    headerFrom: row.headerFrom,
    signatures: row.dkimResults.length,
    spfResult: row.spfResult?.result,
  })),
});

const run = (command: string, args: readonly string[], input: Uint8Array = Buffer.alloc(0)): string => {
  const { stdout, stderr, status } = spawnSync(command, args, { input, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  assert.equal(status, 0, stderr);
  return stdout;
};

for (const format of ['rfc9990', 'rfc7489'] as const) {
  test(`Python reads mail, file name and every row of a ${format} report, and finds no defect`, async () => {
    const reader = fileURLToPath(new URL('report_mail_reader.py', import.meta.url));
    const read = JSON.parse(run('/usr/bin/python3', [reader], await mailOf(format)));
    const { defects, from, to, subject, fileName, ...report } = read;
    assert.deepEqual(report, expected(format));
    assert.deepEqual({ defects, from, to }, { defects: [], from: HEADER.email, to: 'dmarc@sender.example' });
    const names = reportNames(HEADER, HEADER.email);
    assert.deepEqual({ subject, fileName }, { subject: names.subject.join(' '), fileName: names.fileName });
  });

  // It shows sources and counts, no dispositions, and one signature of each row. Its default of
  // two jobs at once gives sources the counts of others.
  test(`dmarc-cat reads sources and counts of a ${format} report`, async () => {
    const file = join(folder, reportNames(HEADER, HEADER.email).fileName);
    writeFileSync(file, await compressed(format));
    const shown = run('dmarc-cat', ['-N', '-j', '1', file]);
    assert.match(shown, /Domain: sender\.example\nPolicy: p=reject; dkim=s; spf=r/);
    const counts = [...shown.matchAll(/^([0-9a-f][0-9a-f.:]+) +(\d+) /gm)].map(
      ([, source, count]) => `${source} ${count}`,
    );
    assert.deepEqual(counts.toSorted(), ROWS.map(({ row, count }) => `${row.sourceIp} ${count}`).toSorted());
  });
}

// It finds nothing in a report with a namespace: that of RFC 9990 is not for it. Where a row has
// several signatures it reads the first one several times.
test('Mail::DMARC reads every row of a rfc7489 report out of its mail', async () => {
  const file = join(folder, 'report.eml');
  writeFileSync(file, await mailOf('rfc7489'));
  const reader = fileURLToPath(new URL('mail_dmarc_reader.pl', import.meta.url));
  assert.deepEqual(JSON.parse(run('/usr/bin/perl', [reader, file])), expected('rfc7489'));
});
