/**
 * `node test/long/report-rows.ts [rows] [postgres URL]`: counts a day of rows that all differ, builds
 * its reports and makes their compressed XML. Prints rows a second, octets of the store and of the
 * mail, and the largest resident memory; ends with 1 when a message is missing in the reports or
 * memory passes 512 MiB.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReportRow } from '../../schemas/reports/report-row.ts';
import { buildReports } from '../../src/reports/outgoing/build-reports.ts';
import { compressReport } from '../../src/reports/outgoing/compress.ts';
import { writeReport } from '../../src/reports/outgoing/xml.ts';
import { openStore } from '../../src/store/store.ts';

const DAY = 86_400;
const BEGIN = 20_000 * DAY;
const BATCH = 500;
const MIB = 1_048_576;
const MAX_MIB = 512;
const DOMAINS = 1000;

const rows = Number(process.argv[2] ?? 1_000_000);
const folder = mkdtempSync(join(tmpdir(), 'mailverdict-rows-'));
const url = process.argv[3] ?? `sqlite:${join(folder, 'store.db')}`;
const store = await openStore(url);
let peakBytes = 0;
const watch = setInterval(() => {
  peakBytes = Math.max(peakBytes, process.memoryUsage().rss);
}, 100);
watch.unref();

const policyOf = (at: number) => ({
  policyDomain: `d${at % DOMAINS}.example`,
  record: `v=DMARC1; p=reject; rua=mailto:dmarc@d${at % DOMAINS}.example`,
});
const rowOf = (at: number): ReportRow => ({
  sourceIp: `2001:db8:${(at >>> 16).toString(16)}:${(at & 0xffff).toString(16)}::1`,
  disposition: 'pass',
  dkim: 'pass',
  spf: 'fail',
  reasons: [],
  headerFrom: policyOf(at).policyDomain,
  envelopeFrom: `bounce.d${at % DOMAINS}.example`,
  envelopeTo: null,
  dkimResults: [{ domain: policyOf(at).policyDomain, selector: 's2026', result: 'pass' }],
  spfResult: { domain: `bounce.d${at % DOMAINS}.example`, result: 'softfail' },
});
const seconds = (sinceMs: number) => (performance.now() - sinceMs) / 1000;
const say = (text: string) => process.stdout.write(`${text}\n`);

const countedMs = performance.now();
for (let at = 0; at < rows; at += BATCH) {
  const counted = Array.from({ length: Math.min(BATCH, rows - at) }, (_, more) => ({
    period: { beginSeconds: BEGIN, periodSeconds: DAY },
    policy: policyOf(at + more),
    row: rowOf(at + more),
    count: 1,
  }));
  await store.counted.add(`batch ${at}`, counted, BEGIN);
}
say(
  `counted ${rows} rows in ${seconds(countedMs).toFixed(0)} s, ${(rows / seconds(countedMs)).toFixed(0)} a second; store ${((await store.size()) / MIB).toFixed(0)} MiB`,
);

const builtMs = performance.now();
const built = await buildReports(
  {
    counted: store.counted,
    outgoing: store.outgoing,
    bounds: { maxRows: 50_000, maxOctets: 50_000_000 },
    reportIdOf: ({ policyDomain }, sequence) => `${policyDomain}.${sequence}`,
    delayOf: () => 0,
  },
  BEGIN + 2 * DAY,
  Number.POSITIVE_INFINITY,
);
say(`built ${built} reports in ${seconds(builtMs).toFixed(0)} s`);

const writtenMs = performance.now();
let messages = 0;
let octets = 0;
for (let after: string | undefined; ; ) {
  const page = await store.outgoing.list({ limit: 100, after });
  for (const report of page) {
    const header = {
      ...report,
      format: 'rfc9990',
      orgName: 'x',
      email: 'r@mx.example',
      contact: '',
      generator: 'x',
    } as const;
    messages += report.messages;
    for await (const chunk of compressReport(writeReport(header, store.counted.rows(report.reportId))))
      octets += chunk.length;
  }
  after = page.at(-1)?.reportId;
  if (after === undefined) break;
}
say(
  `wrote them in ${seconds(writtenMs).toFixed(0)} s: ${(octets / MIB).toFixed(0)} MiB compressed, ${messages} messages`,
);
say(`largest resident memory ${(peakBytes / MIB).toFixed(0)} MiB`);
await store.close();
rmSync(folder, { recursive: true, force: true });
if (messages !== rows || peakBytes > MAX_MIB * MIB) process.exitCode = 1;
