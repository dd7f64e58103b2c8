/**
 * Builds the reports of periods that have ended: one for each policy configuration, several where
 * one would be too large. A report is its rows and its Report-ID; its bytes are made of them at
 * each try, and are the same each time.
 */
import type { PolicyConfiguration, ReportPeriod } from '../../../schemas/reports/outgoing-report.ts';
import type { CountedStore, OpenRows, ReportBounds } from '../../store/counted-messages.ts';
import type { OutgoingReports } from '../../store/outgoing-reports.ts';

/** What is built from. */
export type BuildDependencies = {
  readonly counted: Pick<CountedStore, 'ended' | 'firstPart'>;
  readonly outgoing: Pick<OutgoingReports, 'build' | 'count'>;
  readonly bounds: ReportBounds;
  /**
   * The Report-ID.
   * @param sequence 1 for the first report of a period and policy configuration
   */
  readonly reportIdOf: (of: ReportPeriod & PolicyConfiguration, sequence: number) => string;
  /** Seconds after its building at which a report is first tried. */
  readonly delayOf: (reportId: string) => number;
};

/**
 * Counts may come in that long after the end of a period: an instance writes them each second, and
 * tries for some time when the store does not answer. What comes later goes into a further report.
 */
export const LATE_SECONDS = 600;
/** Policy configurations looked at together. */
const GROUPS = 100;

/**
 * Builds everything that is due.
 * @param maxReports most reports of this call, so that the caller can renew its lease between calls
 * @returns how many were built; fewer than asked for: there are no more
 */
export const buildReports = async (
  { counted, outgoing, bounds, reportIdOf, delayOf }: BuildDependencies,
  nowSeconds: number,
  maxReports: number,
): Promise<number> => {
  let built = 0;
  const buildNext = async (open: OpenRows, sequence: number): Promise<boolean> => {
    const part = await counted.firstPart(open, bounds);
    if (part === null) return false;
    const reportId = reportIdOf(open, sequence);
    const isNew = await outgoing.build({
      reportId,
      open,
      part,
      builtSeconds: nowSeconds,
      nextTrySeconds: nowSeconds + delayOf(reportId),
    });
    if (isNew) built += 1;
    return true;
  };
  while (built < maxReports) {
    const groups = await counted.ended(nowSeconds - LATE_SECONDS, GROUPS);
    if (groups.length === 0) break;
    for (const open of groups) {
      let sequence = (await outgoing.count(open)) + 1;
      while (built < maxReports && (await buildNext(open, sequence))) sequence += 1;
      if (built >= maxReports) break;
    }
  }
  return built;
};
