/**
 * Reporting, made from the settings: the store, the names and the bytes of reports, and their way
 * to the mail server.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { OutgoingReport, PolicyConfiguration, ReportPeriod } from '../../schemas/reports/outgoing-report.ts';
import type { Config } from '../../schemas/settings/settings.ts';
import type { Lookup } from '../dns/lookup.ts';
import { compressReport } from '../reports/outgoing/compress.ts';
import { writeReportMail } from '../reports/outgoing/mail.ts';
import { receiverOf, reportIdOf } from '../reports/outgoing/names.ts';
import { signMail } from '../reports/outgoing/sign.ts';
import { type ReportHeader, writeReport } from '../reports/outgoing/xml.ts';
import { Reporting } from '../reports/reporting.ts';
import { takeBounce } from '../reports/sending/bounces.ts';
import { findDestinations } from '../reports/sending/destinations.ts';
import { forceClearance, isCleared, judgeSample, readCheck, sendSample } from '../reports/sending/preflight.ts';
import { spreadDelay } from '../reports/sending/retries.ts';
import { ReportSender } from '../reports/sending/send-due.ts';
import type { ComposeMail } from '../reports/sending/send-report.ts';
import { createSmtpDelivery } from '../reports/sending/smtp-delivery.ts';
import { SettingMistake } from '../settings/setting-mistake.ts';
import { readFailure } from '../settings/system-failure.ts';
import type { CountedRow } from '../store/counted-messages.ts';
import { openStore, type Store } from '../store/store.ts';
import type { Log } from '../telemetry/log.ts';
import { version } from '../version.ts';

/** What reporting is made from beside the settings. */
type ReportingParts = {
  readonly lookup: Lookup;
  readonly log: Log;
  readonly now?: () => number;
  /** What became of a report at an address. */
  readonly onReport?: (event: { readonly state: string }) => void;
};

/** Milliseconds that the DNS questions of one report may take. */
const DESTINATIONS_MS = 20_000;

/**
 * Makes reporting; nothing is asked of the store or of a mail server before {@link
 * Reporting.start}.
 * @returns null where STORE or REPORT_SENDER is empty
 * @throws SettingMistake for a key or a store that cannot be used
 */
export const createReporting = async (
  config: Config,
  { lookup, log, now = Date.now, onReport = () => undefined }: ReportingParts,
): Promise<Reporting | null> => {
  if (config.store === '' || config.reportSender === '') return null;
  const compose = composer(config, readSigning(config));
  const store = await openStore(config.store);
  const rows = (reportId: string) => store.counted.rows(reportId);
  const common = {
    outgoing: store.outgoing,
    suppressions: store.suppressions,
    notes: store.notes,
    settings: config,
    nowSeconds: () => Math.floor(now() / 1000),
    makeRandom: randomBytes,
  };
  const deliver =
    config.reportSmtp === '' ? null : createSmtpDelivery({ url: config.reportSmtp, helo: config.authservId });
  return new Reporting({
    store,
    settings: config,
    nowMs: now,
    newId: randomUUID,
    log,
    naming: () => namingOf(store, config),
    sender:
      deliver &&
      new ReportSender({
        ...common,
        rows,
        leases: store.leases,
        compose,
        deliver,
        find: (policyDomain) =>
          findDestinations(policyDomain, { lookup, deadlineMs: performance.now() + DESTINATIONS_MS }),
        observe: (event) => {
          log.info(event, 'report');
          onReport(event);
        },
        onFault: (cause) => log.error({ err: cause }, 'a report could not be made'),
        isCleared: () => isCleared(store.notes, config),
        holder: randomUUID(),
      }),
    wait: (milliseconds, signal) => wait(milliseconds, undefined, { signal, ref: false }),
    check: {
      read: () => readCheck(store.notes, config),
      force: () => forceClearance(store.notes, config, common.nowSeconds()),
      send: (address) =>
        deliver === null ? Promise.resolve(null) : sendSample({ ...common, compose, deliver }, address),
      judge: (message, verify) => judgeSample(common, message, verify),
    },
    takeBounce: (recipient, message) => takeBounce(common, recipient, message),
    xmlOf: (report) => writeReport(headerOf(report, config), rows(report.reportId)),
  });
};

/** A store has an identity of its own, so that two that send as one address never share an id. */
const namingOf = async ({ notes }: Store, { reportSender, reportSpreadHours }: Config) => {
  const storeId = await notes.keep('store-id', randomUUID());
  return {
    reportIdOf: (of: ReportPeriod & PolicyConfiguration, sequence: number) =>
      reportIdOf({ ...of, sequence, reportSender, storeId }),
    delayOf: (reportId: string) => spreadDelay(reportId, reportSpreadHours),
  };
};

const headerOf = (report: OutgoingReport, config: Config): ReportHeader => ({
  ...report,
  format: config.reportFormat,
  orgName: config.reportOrgName || receiverOf(config.reportSender),
  email: config.reportSender,
  contact: config.reportContact,
  generator: `mailverdict/${version}`,
});

type Signing = { readonly domain: string; readonly selector: string; readonly privateKey: string };

const readSigning = ({ reportDkimKey, reportDkimSelector, reportSender }: Config): Signing | null => {
  if (reportDkimKey === '') return null;
  if (reportDkimSelector === '') throw new SettingMistake('REPORT_DKIM_SELECTOR: a key needs a selector');
  try {
    return {
      domain: receiverOf(reportSender),
      selector: reportDkimSelector,
      privateKey: readFileSync(reportDkimKey, 'utf8'),
    };
  } catch (cause) {
    throw new SettingMistake(`REPORT_DKIM_KEY: ${readFailure(reportDkimKey, cause)}`, { cause });
  }
};

/** Makes the mail of a report: the same octets at every try. */
const composer =
  (config: Config, signing: Signing | null): ComposeMail =>
  async (report, rows: AsyncIterable<CountedRow>, to) => {
    const chunks: Buffer[] = [];
    for await (const chunk of compressReport(writeReport(headerOf(report, config), rows))) chunks.push(chunk);
    const mail = writeReportMail({ ...report, reportSender: config.reportSender, to, report: Buffer.concat(chunks) });
    if (mail === null) throw new RangeError(`no mail goes to ${to}`);
    if (signing === null) return mail;
    const signed = await signMail(mail, signing, report.builtSeconds);
    if (signed.kind === 'failed') throw new Error(`REPORT_DKIM_KEY cannot sign: ${signed.reason}`);
    return signed.mail;
  };
