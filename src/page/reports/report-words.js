/** States and periods of reports in the words of the page. */

import { isoOf } from '../shared/times.js';
import { resultWord } from '../shared/words.js';

/** @import { OutgoingState, ReportPeriod } from '../../../schemas/reports/outgoing-report.ts' */
/** @import { Tone } from '../shared/words.js' */

/** @type {Readonly<Record<OutgoingState, readonly [word: string, tone: Tone]>>} */
export const STATES = {
  waiting: ['waiting', 'quiet'],
  sent: ['sent', 'good'],
  withheld: ['withheld', 'warn'],
  'given-up': ['given up', 'bad'],
};

/** A state in its tone. @param {OutgoingState} state */
export const stateWord = (state) => resultWord(...STATES[state]);

const DAY_SECONDS = 86_400;

/** "2026-11-27", or "2026-11-27, 12:00 to 14:00 UTC". @param {ReportPeriod} period */
export const periodText = ({ beginSeconds, periodSeconds }) => {
  const [day, begin] = isoOf(beginSeconds).split('T');
  if (periodSeconds === DAY_SECONDS) return `${day}`;
  const end =
    (beginSeconds + periodSeconds) % DAY_SECONDS === 0 ? '24:00' : isoOf(beginSeconds + periodSeconds).slice(11, 16);
  return `${day}, ${begin?.slice(0, 5)} to ${end} UTC`;
};
