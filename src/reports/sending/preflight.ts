/**
 * The check of report mail: a sample goes the way that reports go, to an address of the operator,
 * and the message that arrived is judged by our own verifier. Nothing is sent to strangers before
 * it passed or the operator forced it, and again after sender, mail server or key were changed.
 */
import { hash } from 'node:crypto';
import type { OutgoingReport } from '../../../schemas/reports/outgoing-report.ts';
import { type CheckProblem, ReportCheck } from '../../../schemas/reports/report-check.ts';
import type { ReportRow } from '../../../schemas/reports/report-row.ts';
import type { ReportSettings } from '../../../schemas/settings/reports.ts';
import type { Verdict } from '../../../schemas/verdict.ts';
import { fieldsNamed, readMessage } from '../../message/message.ts';
import type { CountedRow } from '../../store/counted-messages.ts';
import type { Notes } from '../../store/leases.ts';
import { bounceKeyOf } from './bounce-key.ts';
import { problemsOf } from './check-problems.ts';
import { domainOf } from './mailbox.ts';
import type { ComposeMail } from './send-report.ts';
import type { Deliver } from './smtp-delivery.ts';
import { verpSender } from './verp.ts';

/** The settings that decide how report mail arrives. */
type CheckedSettings = Pick<ReportSettings, 'reportSender' | 'reportSmtp' | 'reportDkimKey' | 'reportDkimSelector'>;

/** What a check is made with. */
type CheckParts = {
  readonly notes: Notes;
  readonly settings: CheckedSettings;
  readonly compose: ComposeMail;
  readonly deliver: Deliver;
  readonly nowSeconds: () => number;
  readonly makeRandom: (octets: number) => Buffer;
};

/** What came of sending a sample. A closed union. */
type SampleOutcome =
  | { readonly kind: 'sent'; readonly reportId: string; readonly reply: string }
  | { readonly kind: 'not-sent'; readonly reply: string };

const DAY = 86_400;
const ID_OCTETS = 12;

/** The note of a check: other settings have another one. */
const noteOf = ({ reportSender, reportSmtp, reportDkimKey, reportDkimSelector }: CheckedSettings): string => {
  const parts = [reportSender.toLowerCase(), withoutPassword(reportSmtp), reportDkimKey, reportDkimSelector];
  return `report-check-${hash('sha256', JSON.stringify(parts)).slice(0, 32)}`;
};

/** A new password is no other way for the mail, and its hash has no place in a store. */
const withoutPassword = (url: string): string => {
  if (!URL.canParse(url)) return '';
  const server = new URL(url);
  server.password = '';
  return server.href;
};

/** The last check with these settings; null: there was none. @throws StoreFailure */
export const readCheck = async (notes: Pick<Notes, 'read'>, settings: CheckedSettings): Promise<ReportCheck | null> => {
  const written = await notes.read(noteOf(settings));
  const check = written === null ? null : ReportCheck.safeParse(JSON.parse(written));
  // What another version wrote is no check.
  return check?.data ?? null;
};

/** True for a check after which reports may be sent. @param check null: there was none */
export const isPassed = (check: ReportCheck | null): boolean => check?.state === 'passed' || check?.state === 'forced';

/** True when reports may be sent. @throws StoreFailure */
export const isCleared = async (notes: Pick<Notes, 'read'>, settings: CheckedSettings): Promise<boolean> =>
  isPassed(await readCheck(notes, settings));

/** Lets reports be sent without a check. @throws StoreFailure */
export const forceClearance = (
  notes: Pick<Notes, 'write'>,
  settings: CheckedSettings,
  nowSeconds: number,
): Promise<void> =>
  writeCheck(notes, settings, { state: 'forced', reportId: '', address: '', atSeconds: nowSeconds, problems: [] });

const writeCheck = (notes: Pick<Notes, 'write'>, settings: CheckedSettings, check: ReportCheck): Promise<void> =>
  notes.write(noteOf(settings), JSON.stringify(check));

/**
 * Sends a sample.
 * @param address one mailbox of the operator, best at another provider
 * @throws StoreFailure when the store does not answer
 */
export const sendSample = async (parts: CheckParts, address: string): Promise<SampleOutcome> => {
  const { settings, notes, nowSeconds, makeRandom } = parts;
  const reportId = `check${makeRandom(ID_OCTETS).toString('hex')}`;
  const key = await bounceKeyOf(notes, makeRandom);
  const report = sampleReport(reportId, domainOf(settings.reportSender), address, nowSeconds());
  const mail = await parts.compose(report, sampleRows(report.policyDomain), address);
  const from = verpSender(settings.reportSender, { reportId, address }, key);
  const { kind, reply } = await parts.deliver({ from, to: address }, mail);
  if (kind !== 'accepted') return { kind: 'not-sent', reply };
  await writeCheck(notes, settings, { state: 'sent', reportId, address, atSeconds: nowSeconds(), problems: [] });
  return { kind: 'sent', reportId, reply };
};

/**
 * Judges the message that arrived, and keeps what came of it.
 * @param verify the verifier, with the transport facts that the caller has
 * @returns the check; null when no sample was sent with these settings
 * @throws StoreFailure, and what the verifier throws
 */
export const judgeSample = async (
  { notes, settings, nowSeconds }: Pick<CheckParts, 'notes' | 'settings' | 'nowSeconds'>,
  message: Buffer,
  verify: (message: Buffer) => Promise<Verdict>,
): Promise<ReportCheck | null> => {
  const sent = await readCheck(notes, settings);
  if (sent === null || sent.reportId === '') return null;
  const isSample = subjectOf(message).includes(sent.reportId);
  const { hasPassed, problems } = isSample
    ? problemsOf(await verify(message), settings)
    : { hasPassed: false, problems: [notTheSample(sent)] };
  const check: ReportCheck = { ...sent, state: hasPassed ? 'passed' : 'failed', atSeconds: nowSeconds(), problems };
  await writeCheck(notes, settings, check);
  return check;
};

const notTheSample = ({ reportId, address }: ReportCheck): CheckProblem => ({
  problem: `the message is not the sample that was sent last: its Subject does not name ${reportId}`,
  next: `take the raw message from the mailbox ${address}, with all of its header`,
});

const subjectOf = (octets: Buffer): string => {
  const message = readMessage(octets);
  return message.kind === 'message'
    ? fieldsNamed(message, 'subject')
        .map((field) => field.value())
        .join(' ')
    : '';
};

/** A report of yesterday on the sender's own domain. */
const sampleReport = (reportId: string, domain: string, address: string, nowSeconds: number): OutgoingReport => ({
  reportId,
  policyDomain: domain,
  record: `v=DMARC1; p=none; rua=mailto:${address}`,
  beginSeconds: Math.floor(nowSeconds / DAY) * DAY - DAY,
  periodSeconds: DAY,
  rows: 1,
  messages: 1,
  state: 'waiting',
  tries: 0,
  nextTrySeconds: nowSeconds,
  reason: '',
  builtSeconds: nowSeconds,
});

async function* sampleRows(domain: string): AsyncGenerator<CountedRow> {
  const row: ReportRow = {
    // Of the block for documentation (RFC 5737).
    sourceIp: '192.0.2.1',
    disposition: 'none',
    dkim: 'pass',
    spf: 'pass',
    reasons: [],
    headerFrom: domain,
    envelopeFrom: domain,
    envelopeTo: null,
    dkimResults: [{ domain, selector: 'sample', result: 'pass' }],
    spfResult: { domain, result: 'pass' },
  };
  yield { row, count: 1 };
}
