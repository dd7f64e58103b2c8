/**
 * Reports that came back. A bounce is believed when it came to the address that its report was sent
 * from, whose tag nobody else can write, and when it is a delivery status notification (RFC 3464)
 * that tells of a failure: delays, answers of absent people and what is not read count for nothing.
 * An address with too many of them gets no reports for some time.
 */

import type { ReportSettings } from '../../../schemas/settings/reports.ts';
import { readMessage } from '../../message/message.ts';
import { isDeliveryStatus, readDeliveryStatus } from '../../message/mime/delivery-status.ts';
import { contentTypeOf } from '../../message/mime/media-type.ts';
import { readParts } from '../../message/mime/parts.ts';
import type { Notes } from '../../store/leases.ts';
import type { OutgoingReports } from '../../store/outgoing-reports.ts';
import type { Suppressions } from '../../store/suppressions.ts';
import { readBounceKey } from './bounce-key.ts';
import { mailboxOf } from './mailbox.ts';
import { isTagOf, readVerp, type Sent } from './verp.ts';

/** What a message to a bounce address was. A closed union. */
type BounceOutcome =
  /** The address is none that a report was sent from. */
  | { readonly kind: 'not-ours' }
  /** The message tells of no failure. */
  | { readonly kind: 'no-failure' }
  | (Sent & {
      readonly kind: 'bounced';
      /** Status code (RFC 3463); null: none was told. */
      readonly status: string | null;
      /** True when the address gets no reports from now on. */
      readonly isSuppressed: boolean;
    });

/** What bounces are read with. */
type BounceParts = {
  readonly outgoing: Pick<OutgoingReports, 'find' | 'deliveries'>;
  readonly suppressions: Pick<Suppressions, 'add' | 'countBounce'>;
  readonly settings: Pick<ReportSettings, 'reportSender' | 'reportMaxBounces' | 'reportSuppressDays'>;
  readonly notes: Pick<Notes, 'read'>;
  readonly nowSeconds: () => number;
};

const DAY = 86_400;

/**
 * Takes a message that came to an address of the sender.
 * @param recipient RCPT TO
 * @throws StoreFailure when the store does not answer
 */
export const takeBounce = async (parts: BounceParts, recipient: string, message: Buffer): Promise<BounceOutcome> => {
  const sent = await sentFrom(parts, recipient);
  if (sent === null) return { kind: 'not-ours' };
  const failure = await readFailure(message);
  if (failure === null) return { kind: 'no-failure' };
  const isSuppressed = await countBounce(parts, sent, failure.status ?? 'no status code');
  return { kind: 'bounced', ...sent, status: failure.status, isSuppressed };
};

/** The report and the address that a tag is of. */
const sentFrom = async ({ outgoing, settings, notes }: BounceParts, recipient: string): Promise<Sent | null> => {
  const verp = readVerp(recipient, settings.reportSender);
  const key = verp === null ? null : await readBounceKey(notes);
  if (verp === null || key === null) return null;
  for (const reportId of verp.reportIds) {
    if ((await outgoing.find(reportId)) === null) continue;
    for (const { uri } of await outgoing.deliveries(reportId)) {
      const address = mailboxOf(uri);
      if (address !== null && isTagOf(verp.tag, { reportId, address }, key)) return { reportId, address };
    }
  }
  return null;
};

/** The first failure that a notification tells of; null where it tells of none. */
const readFailure = async (octets: Buffer): Promise<{ readonly status: string | null } | null> => {
  const message = readMessage(octets);
  if (message.kind !== 'message') return null;
  const type = contentTypeOf(message.fields);
  if (type === null || !isDeliveryStatus(type)) return null;
  const { parts } = await readParts(message);
  return readDeliveryStatus(parts).recipients.find(({ action }) => action === 'failed') ?? null;
};

/** What counting needs. */
type BounceCounting = Pick<BounceParts, 'suppressions' | 'settings' | 'nowSeconds'>;

/**
 * Counts a report that an address did not take for good.
 * @param why status code or reply, printable
 * @returns true when the address gets no reports from now on
 */
export const countBounce = async (
  { suppressions, settings, nowSeconds }: BounceCounting,
  { reportId, address }: Sent,
  why: string,
): Promise<boolean> => {
  const now = nowSeconds();
  const suppressSeconds = settings.reportSuppressDays * DAY;
  const bounces = await suppressions.countBounce({ address, reportId, atSeconds: now }, now - suppressSeconds);
  if (bounces < settings.reportMaxBounces) return false;
  await suppressions.add({
    target: address.toLowerCase(),
    reason: `${bounces} reports came back, the last one with: ${why}`,
    untilSeconds: now + suppressSeconds,
  });
  return true;
};
