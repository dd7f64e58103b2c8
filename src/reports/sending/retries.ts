/**
 * When a report is sent: spread over some hours, then tried again ever more seldom until it is
 * given up. Pure: what time a try has follows from the report and the number of tries, so that a
 * sender that was down for a day takes no try from any report.
 */
import { hash } from 'node:crypto';

const MINUTE = 60;
const HOUR = 3600;
const FIRST_DELAY_SECONDS = 5 * MINUTE;
const LONGEST_DELAY_SECONDS = 4 * HOUR;
/** Octets of a hash that choose a second: 2^48 of them are far more than there are seconds. */
const SPREAD_OCTETS = 6;

/**
 * How long a report waits before its first try: some part of the spread, always the same for the
 * same report.
 * @param spreadHours REPORT_SPREAD_HOURS
 * @returns seconds
 */
export const spreadDelay = (reportId: string, spreadHours: number): number =>
  spreadHours === 0 ? 0 : hash('sha256', reportId, 'buffer').readUIntBE(0, SPREAD_OCTETS) % (spreadHours * HOUR);

const delayAfter = (tries: number): number =>
  Math.min(FIRST_DELAY_SECONDS * 2 ** Math.min(tries - 1, 10), LONGEST_DELAY_SECONDS);

/**
 * How long to wait after a try that failed: 5 minutes, doubled each time up to 4 hours.
 * @param tries with the one that failed, from 1
 * @param giveUpHours REPORT_GIVE_UP_HOURS, counted from the first try
 * @returns seconds; null when the next try would come too late
 */
export const delayToNextTry = (tries: number, giveUpHours: number): number | null => {
  let elapsedSeconds = 0;
  for (let tried = 1; tried <= tries && elapsedSeconds <= giveUpHours * HOUR; tried += 1)
    elapsedSeconds += delayAfter(tried);
  return elapsedSeconds > giveUpHours * HOUR ? null : delayAfter(tries);
};
