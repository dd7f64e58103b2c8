/** A sender over a SQLite file, DNS of a test, a clock of its own and a real mail server. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OutgoingReport } from '../../../schemas/reports/outgoing-report.ts';
import type { ReportRow } from '../../../schemas/reports/report-row.ts';
import { ReportSettings } from '../../../schemas/settings/reports.ts';
import type { Answer, Lookup } from '../../../src/dns/lookup.ts';
import { findDestinations } from '../../../src/reports/sending/destinations.ts';
import { ReportSender } from '../../../src/reports/sending/send-due.ts';
import { createSmtpDelivery } from '../../../src/reports/sending/smtp-delivery.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { type Sink, startSink } from './sink.ts';

type SenderParts = ConstructorParameters<typeof ReportSender>[0];

export const NOW = 1_800_000_000;
export const HOUR = 3600;

/** Patient with a slow machine, and not with a server that hangs while the sender is stopped. */
export const TIMES = { connectMs: 20_000, greetingMs: 20_000, silenceMs: 20_000, sessionMs: 60_000, stopMs: 200 };

/** TXT records by name; `servfail` fails. */
export type World = Record<string, readonly string[] | 'servfail'>;

export const worldLookup =
  (world: World): Lookup =>
  async ({ name }): Promise<Answer> => {
    const texts = world[name.toLowerCase()];
    if (texts === 'servfail') return { kind: 'failure', failure: 'servfail', source: 'network' };
    const common = { ttlSeconds: 60, authenticated: false, source: 'network' } as const;
    if (texts === undefined) return { kind: 'nxdomain', ...common };
    return { kind: 'records', records: texts.map((text) => [text]), ...common };
  };

/** The mail of a report: its ids, and the address. */
export const compose = async (report: OutgoingReport, rows: AsyncIterable<{ count: number }>, address: string) => {
  let messages = 0;
  for await (const { count } of rows) messages += count;
  return Buffer.from(
    `To: <${address}>\r\nMessage-ID: <${report.reportId}>\r\nSubject: Report-ID: <${report.reportId}>\r\n\r\n${messages}\r\n`,
  );
};

/** What a test holds in its hands. */
export type Scene = {
  readonly world: World;
  readonly clock: { now: number };
  readonly store: Store;
  readonly sink: Sink;
  /** Another process over the same store. */
  readonly makeSender: (changes?: Partial<SenderParts>) => ReportSender;
  readonly sender: ReportSender;
  /** Puts a report into the store, due now. */
  readonly addReport: (reportId: string, policyDomain?: string, messages?: number) => Promise<void>;
  /** State, tries and reason of a report. */
  readonly report: (reportId: string) => Promise<OutgoingReport>;
  /** State of each address. */
  readonly states: (reportId: string) => Promise<Record<string, string>>;
  /** Sends until nothing is due, and moves the clock to the next try; at most so many times. */
  readonly sendThrough: (times: number) => Promise<void>;
  readonly events: string[];
  readonly faults: unknown[];
};

export const OWN = 'mx.example';

/** Runs a test with all of it, and takes it away. */
export const withScene = async (
  settings: Partial<ReportSettings>,
  run: (scene: Scene) => Promise<void>,
): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), 'mailverdict-sending-'));
  const store = await openStore('sqlite::memory:');
  const sink = await startSink();
  try {
    await run(makeScene(settings, store, sink));
  } finally {
    await sink.close();
    await store.close();
    rmSync(folder, { recursive: true });
  }
};

const makeScene = (changed: Partial<ReportSettings>, store: Store, sink: Sink): Scene => {
  const settings = { ...ReportSettings.parse({ reportSender: `reports@${OWN}`, reportSmtp: sink.url }), ...changed };
  const clock = { now: NOW };
  const world: World = {};
  const events: string[] = [];
  const faults: unknown[] = [];
  let processes = 0;
  const makeSender = (changes: Partial<SenderParts> = {}): ReportSender => {
    processes += 1;
    return new ReportSender({
      outgoing: store.outgoing,
      rows: store.counted.rows,
      suppressions: store.suppressions,
      leases: store.leases,
      notes: store.notes,
      compose,
      deliver: createSmtpDelivery({ url: sink.url, helo: OWN, times: TIMES }),
      find: (domain) => findDestinations(domain, { lookup: worldLookup(world), deadlineMs: 0 }),
      settings,
      nowSeconds: () => clock.now,
      observe: ({ reportId, uri, state }) => events.push(`${reportId} ${uri} ${state}`),
      onFault: (cause) => faults.push(cause),
      isCleared: async () => true,
      holder: `process-${processes}`,
      makeRandom: (octets) => Buffer.alloc(octets, 7),
      ...changes,
    });
  };
  const sender = makeSender();
  const report = async (reportId: string): Promise<OutgoingReport> => {
    const found = await store.outgoing.find(reportId);
    if (found === null) throw new Error(`no report ${reportId}`);
    return found;
  };
  return {
    world,
    clock,
    store,
    sink,
    makeSender,
    sender,
    report,
    events,
    faults,
    addReport: (reportId, policyDomain = 'brand.example', messages = 3) =>
      addReport(store, { reportId, policyDomain, messages, nowSeconds: clock.now }),
    states: async (reportId) =>
      Object.fromEntries((await store.outgoing.deliveries(reportId)).map(({ uri, state }) => [uri, state])),
    sendThrough: async (times) => {
      for (let time = 0; time < times; time += 1) {
        await sender.sendDue();
        const waiting = await store.outgoing.list({ state: 'waiting', limit: 1000 });
        if (waiting.length === 0) return;
        clock.now = Math.max(clock.now, Math.min(...waiting.map(({ nextTrySeconds }) => nextTrySeconds)));
      }
    },
  };
};

/** Puts a report into a store, due now. */
export const addReport = async (
  { counted, outgoing }: Store,
  report: { reportId: string; policyDomain: string; messages: number; nowSeconds: number },
): Promise<void> => {
  const { reportId, policyDomain, messages, nowSeconds } = report;
  // A record of its own makes each report one of its own.
  const policy = { policyDomain, record: `v=DMARC1; p=none; x=${reportId}` };
  const period = { beginSeconds: NOW - 48 * HOUR, periodSeconds: 24 * HOUR };
  const row: ReportRow = {
    sourceIp: '192.0.2.1',
    disposition: 'none',
    dkim: 'pass',
    spf: 'fail',
    reasons: [],
    headerFrom: policyDomain,
    envelopeFrom: policyDomain,
    envelopeTo: null,
    dkimResults: [],
    spfResult: null,
  };
  await counted.add(reportId, [{ period, policy, row, count: messages }], nowSeconds);
  const open = { ...period, ...policy };
  const part = await counted.firstPart(open, { maxRows: 10, maxOctets: 100_000 });
  if (part === null) throw new Error('no rows');
  await outgoing.build({ reportId, open, part, builtSeconds: nowSeconds, nextTrySeconds: nowSeconds });
};
