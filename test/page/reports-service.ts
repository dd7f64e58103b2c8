/**
 * A service with reports in a SQLite store: one in each state on brand.example, and more on other
 * domains than one page of the list has.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OutgoingDelivery, OutgoingState } from '../../schemas/reports/outgoing-report.ts';
import type { ReportRow } from '../../schemas/reports/report-row.ts';
import { type Access, OPEN_ACCESS } from '../../src/http/access.ts';
import { hashKey } from '../../src/http/api-keys.ts';
import type { ReportsRouteDependencies } from '../../src/http/routes/reports-route.ts';
import { createReporting } from '../../src/service/reporting.ts';
import { readConfig } from '../../src/settings/read-settings.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { MARKUP } from './hostile.ts';
import { type PageService, startPageService } from './page-service.ts';

export const CLIENT_KEY = 'mv_a-client-of-the-page-tests';
export const OPERATOR_KEY = 'mv_an-operator-of-the-page-tests';

/** More than one page of the list has, together with the reports in each state. */
const OTHER_DOMAINS = 60;
const DAY = 86_400;
/** 1 November 2026, 00:00 UTC. */
const BEGIN = 1_793_491_200;

const row = (sourceIp: string): ReportRow => ({
  sourceIp,
  disposition: 'reject',
  dkim: 'fail',
  spf: 'fail',
  reasons: [],
  headerFrom: 'brand.example',
  envelopeFrom: 'elsewhere.example',
  envelopeTo: null,
  dkimResults: [],
  spfResult: { domain: 'elsewhere.example', result: 'pass' },
});

/** A report that is filled in. */
type Filled = {
  readonly reportId: string;
  readonly policyDomain: string;
  readonly record?: string;
  readonly sources: number;
  readonly periodSeconds?: number;
  readonly tried?: {
    readonly state: OutgoingState;
    readonly tries: number;
    readonly reason: string;
    readonly deliveries: readonly Pick<OutgoingDelivery, 'uri' | 'state' | 'reason'>[];
  };
};

const REPORTS: readonly Filled[] = [
  ...Array.from({ length: OTHER_DOMAINS }, (_, at) => ({
    reportId: `20261101x${String(at).padStart(2, '0')}`,
    policyDomain: `shop${at}.example`,
    sources: 1,
    tried: {
      state: 'sent' as const,
      tries: 1,
      reason: 'the mail server took it: 250 2.0.0 queued',
      deliveries: [],
    },
  })),
  { reportId: '20261102xwaiting', policyDomain: 'brand.example', sources: 3 },
  {
    reportId: '20261102xtried',
    policyDomain: 'greylisting.example',
    periodSeconds: 7200,
    sources: 2,
    tried: {
      state: 'waiting',
      tries: 2,
      reason: 'the mail server answered 451 4.7.1 greylisted, come back later',
      deliveries: [
        { uri: 'mailto:dmarc@greylisting.example', state: 'waiting', reason: '451 4.7.1 greylisted, come back later' },
      ],
    },
  },
  {
    reportId: '20261102xsent',
    policyDomain: 'brand.example',
    sources: 12,
    tried: {
      state: 'sent',
      tries: 1,
      reason: 'the mail server took it: 250 2.0.0 queued',
      deliveries: [
        {
          uri: 'mailto:reports@brand.example',
          state: 'sent',
          reason: 'the mail server took it: 250 2.0.0 queued',
        },
        {
          uri: 'mailto:brand@collector.example!10m',
          state: 'withheld',
          reason: 'collector.example does not agree to take reports on brand.example',
        },
      ],
    },
  },
  {
    reportId: '20261102xwithheld',
    policyDomain: 'brand.example',
    sources: 1,
    tried: {
      state: 'withheld',
      tries: 1,
      reason: 'brand.example no longer asks for reports at this address',
      deliveries: [],
    },
  },
  {
    reportId: '20261102xgivenup',
    policyDomain: 'brand.example',
    sources: 4,
    tried: {
      state: 'given-up',
      tries: 14,
      reason: 'not taken within 48 hours: mx.brand.example did not answer',
      deliveries: [
        {
          uri: 'mailto:reports@brand.example',
          state: 'given-up',
          reason: 'not taken within 48 hours: mx.brand.example did not answer',
        },
      ],
    },
  },
  {
    reportId: '20261102xhostile',
    policyDomain: 'hostile.test',
    record: `v=DMARC1; p=reject; x=${MARKUP}; rua=mailto:r@hostile.test`,
    sources: 1,
    tried: {
      state: 'given-up',
      tries: 1,
      reason: `the mail server answered 550 ${MARKUP}`,
      deliveries: [{ uri: `mailto:${MARKUP}@hostile.test`, state: 'given-up', reason: `550 ${MARKUP}` }],
    },
  },
];

const fillReport = async (store: Store, filled: Filled, builtSeconds: number): Promise<void> => {
  const { reportId, policyDomain, periodSeconds = DAY, sources, tried } = filled;
  const policy = { policyDomain, record: filled.record ?? `v=DMARC1; p=reject; rua=mailto:reports@${policyDomain}` };
  const period = { beginSeconds: BEGIN, periodSeconds };
  await store.counted.add(
    reportId,
    Array.from({ length: sources }, (_, at) => ({ period, policy, row: row(`192.0.2.${at}`), count: 100 + at })),
    BEGIN,
  );
  const open = { ...period, ...policy };
  const part = await store.counted.firstPart(open, { maxRows: 1000, maxOctets: 1_000_000 });
  if (part === null) throw new Error(`${reportId} has no rows`);
  const nextTrySeconds = builtSeconds + 5400;
  await store.outgoing.build({ reportId, open, part, builtSeconds, nextTrySeconds });
  if (tried === undefined) return;
  const { deliveries, ...outcome } = tried;
  for (const delivery of deliveries)
    await store.outgoing.saveDelivery(reportId, {
      ...delivery,
      tries: tried.tries,
      changedSeconds: builtSeconds + 1800,
    });
  await store.outgoing.saveTry(reportId, { ...outcome, nextTrySeconds });
};

const fillStore = async (url: string): Promise<void> => {
  const store = await openStore(url);
  for (const [at, report] of REPORTS.entries()) await fillReport(store, report, BEGIN + DAY + 600 + at);
  await store.counted.add(
    'open',
    [
      {
        period: { beginSeconds: BEGIN + DAY, periodSeconds: DAY },
        policy: { policyDomain: 'brand.example', record: 'v=DMARC1; p=none; rua=mailto:reports@brand.example' },
        row: row('192.0.2.7'),
        count: 1204,
      },
    ],
    BEGIN + DAY,
  );
  await store.suppressions.add({
    target: 'full@mailbox.example',
    reason: '3 reports bounced within 30 days',
    untilSeconds: 4_102_444_800,
  });
  await store.suppressions.add({ target: 'hostile.test', reason: MARKUP, untilSeconds: null });
  await store.close();
};

/** What a test wants of the service. */
type Wishes = {
  /** Whether there are reports and counts in the store. @default true */
  readonly isFilled?: boolean;
  /** Whether the service has keys. @default false */
  readonly hasKeys?: boolean;
  /** What answers in the place of the store. */
  readonly change?: (reports: ReportsRouteDependencies) => Partial<ReportsRouteDependencies>;
};

/** Starts it. */
export const startReportsService = async ({
  isFilled = true,
  hasKeys = false,
  change = () => ({}),
}: Wishes = {}): Promise<PageService> => {
  const folder = mkdtempSync(join(tmpdir(), 'mailverdict-page-'));
  const url = `sqlite:${join(folder, 'store.db')}`;
  if (isFilled) await fillStore(url);
  const read = readConfig({ STORE: url, REPORT_SENDER: 'reports@mx.receiver.example' });
  if (read.kind !== 'config') throw new Error(read.mistakes.join('; '));
  const reporting = await createReporting(read.config, {
    log: createLog('silent'),
    lookup: () => Promise.reject(new Error('no report is sent here')),
  });
  if (reporting === null) throw new Error('the settings name no store');
  const { xmlOf, suppressions } = reporting;
  const reports: ReportsRouteDependencies = {
    status: () => reporting.status(),
    list: (filter) => reporting.list(filter),
    find: (reportId) => reporting.find(reportId),
    takeBounce: (...bounce) => reporting.takeBounce(...bounce),
    xmlOf,
    suppressions,
  };
  const service = await startPageService(
    undefined,
    {},
    { reports: { ...reports, ...change(reports) }, access: hasKeys ? WITH_KEYS : OPEN_ACCESS },
  );
  return {
    origin: service.origin,
    close: async () => {
      await service.close();
      await reporting.close();
      rmSync(folder, { recursive: true });
    },
  };
};

const WITH_KEYS: Access = {
  ...OPEN_ACCESS,
  keys: () => [
    { name: 'client', hash: hashKey(CLIENT_KEY), createdOn: '2026-11-01', role: 'client' },
    { name: 'operator', hash: hashKey(OPERATOR_KEY), createdOn: '2026-11-01', role: 'operator' },
  ],
};
