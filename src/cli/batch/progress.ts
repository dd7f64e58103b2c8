/** One line on a terminal that tells how far a batch is, written over and over. Pure. */
import { messagesText } from './summary.ts';

const BAR_COLUMNS = 24;

/** Goes to the first column and clears the line. */
export const CLEAR_LINE = '\r\u001b[K';

/** How far a batch is. */
type Progress = {
  readonly messages: number;
  readonly failing: number;
  /** Octets that were read. */
  readonly octets: number;
  /** All octets; null where they are not known. */
  readonly ofOctets: number | null;
};

/** The line, at most 80 columns, without its end. */
export const progressLine = ({ messages, failing, octets, ofOctets }: Progress): string => {
  // A mailbox may grow while it is read.
  const share = ofOctets === null ? null : ofOctets === 0 ? 1 : Math.min(1, octets / ofOctets);
  const filled = Math.round((share ?? 0) * BAR_COLUMNS);
  const bar =
    share === null
      ? ''
      : `[${'#'.repeat(filled).padEnd(BAR_COLUMNS, '.')}] ${`${Math.round(share * 100)}%`.padStart(4)}  `;
  return `${bar}${messagesText(messages)}${failing === 0 ? '' : `, ${failing} failing`}`;
};
