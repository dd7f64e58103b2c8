/**
 * A delivery status notification (RFC 3464): what it says became of the mail to each recipient. A
 * multipart/report of report-type delivery-status (RFC 6522 section 3), whose second part is read.
 * Told as it is written, never guessed and never believed: anybody can write one.
 */
import { showControls } from '../encoded-words.ts';
import { readUntil } from '../lexical.ts';
import { fieldsNamed, type HeaderField, readMessage } from '../message.ts';
import { childrenOf, decodedBody, type Part } from './parts.ts';

/** The word of an Action field (RFC 3464 section 2.3.3). */
const ACTIONS = ['failed', 'delayed', 'delivered', 'relayed', 'expanded'] as const;

/** What is said of one recipient; null where a field is missing, repeated or malformed. */
type ReportedRecipient = {
  readonly finalRecipient: string | null;
  readonly action: (typeof ACTIONS)[number] | null;
  readonly status: string | null;
};

/** What a notification says. */
type DeliveryStatus = {
  readonly recipients: readonly ReportedRecipient[];
  /** False where the part is missing or cannot be decoded, or a limit left recipients out. */
  readonly isComplete: boolean;
};

/** Recipients that are told; a report names one as a rule. */
export const MAX_REPORTED_RECIPIENTS = 20;
/** Octets of the report that are read. */
export const MAX_REPORT_BYTES = 65_536;
const MAX_RECIPIENT_CHARS = 320;

/** True for a message that declares itself a delivery status notification. */
export const isDeliveryStatus = ({ type, parameters }: Pick<Part, 'type' | 'parameters'>): boolean =>
  type === 'multipart/report' && parameters.get('report-type')?.toLowerCase() === 'delivery-status';

/** Reads it. @param parts of a message for which `isDeliveryStatus` holds */
export const readDeliveryStatus = (parts: readonly Part[]): DeliveryStatus => {
  const [, report] = childrenOf(parts, 0);
  const octets = report !== undefined && isReport(report) ? decodedBody(report, MAX_REPORT_BYTES) : null;
  if (report === undefined || octets === null) return { recipients: [], isComplete: false };
  const isCut = report.body.length > MAX_REPORT_BYTES;
  // Per-message fields come first; a group that the limit may have cut is not told.
  const groups = groupsOf(octets).slice(1, isCut ? -1 : undefined);
  return {
    recipients: groups.slice(0, MAX_REPORTED_RECIPIENTS).map(readRecipient),
    isComplete: !isCut && groups.length <= MAX_REPORTED_RECIPIENTS,
  };
};

/** The second type is that of RFC 6533, with addresses in UTF-8. */
const isReport = ({ type }: Part): boolean =>
  type === 'message/delivery-status' || type === 'message/global-delivery-status';

/** Groups of lines, with blank lines between them. */
const groupsOf = (octets: Buffer): Buffer[] => {
  const groups: Buffer[] = [];
  let start = 0;
  let isBlank = true;
  for (let at = 0; at < octets.length; ) {
    const lf = octets.indexOf(LF, at);
    const next = lf === -1 ? octets.length : lf + 1;
    const isBlankLine = octets[at] === LF || (octets[at] === CR && octets[at + 1] === LF);
    if (isBlankLine && !isBlank) groups.push(octets.subarray(start, at));
    if (isBlankLine) start = next;
    isBlank = isBlankLine;
    at = next;
  }
  if (!isBlank) groups.push(octets.subarray(start));
  return groups;
};

const LF = 0x0a;
const CR = 0x0d;

/** status-code of RFC 3464 section 2.3.4; a comment may follow. */
const STATUS = /^[245]\.(?:0|[1-9]\d{0,2})\.(?:0|[1-9]\d{0,2})(?=$|[ \t(])/;

const readRecipient = (group: Buffer): ReportedRecipient => {
  const read = readMessage(group);
  const fields = read.kind === 'message' ? read.fields : [];
  const action = only(fields, 'action')?.toLowerCase();
  return {
    finalRecipient: recipientOf(only(fields, 'final-recipient')),
    action: ACTIONS.find((word) => word === action) ?? null,
    status: STATUS.exec(only(fields, 'status') ?? '')?.[0] ?? null,
  };
};

const only = (fields: readonly HeaderField[], key: string): string | null => {
  const [field, ...more] = fieldsNamed({ fields }, key);
  return field === undefined || more.length > 0 ? null : field.value();
};

/** address-type ";" generic-address (RFC 3464 section 2.3.2): the address, as it is written. */
const recipientOf = (text: string | null): string | null => {
  if (text === null) return null;
  const semicolon = readUntil(text, 0, (character) => character === ';');
  const address = showControls(text.slice(semicolon + 1, semicolon + 1 + MAX_RECIPIENT_CHARS)).trim();
  return semicolon < text.length && address !== '' ? address : null;
};
