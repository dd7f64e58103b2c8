/**
 * Every fault of DNS that the tests know: RCODEs, datagrams that are no reply, replies that cannot
 * be read, absences, records, and TCP.
 */
import { ABSENCES } from './absences.ts';
import { MALFORMED } from './malformed.ts';
import { MATCHING } from './matching.ts';
import { RCODES } from './rcodes.ts';
import { RECORDS } from './records.ts';
import type { DnsFault } from './replies.ts';
import { STREAMS } from './streams.ts';

export const CATALOGUE: readonly DnsFault[] = [
  ...RCODES,
  ...MATCHING,
  ...MALFORMED,
  ...ABSENCES,
  ...RECORDS,
  ...STREAMS,
];
