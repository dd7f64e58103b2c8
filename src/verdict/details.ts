/**
 * What a caller asked for beside the verdict: where the reports of the DMARC record go, and the
 * evaluation tree of SPF with a second opinion. Changes no result, and asks through a budget of its
 * own.
 */
import type { DmarcVerdict } from '../../schemas/dmarc.ts';
import type { Mail } from './mail.ts';
import type { Methods } from './methods/methods.ts';
import type { Run } from './run.ts';
import { type TracedSpf, traceSpf } from './spf/spf-trace.ts';

/** DMARC and SPF with their details, where they were asked for. */
type Details = TracedSpf & { readonly dmarc: DmarcVerdict };

/** Adds them. Never rejects for what DNS answers. */
export const addDetails = async (run: Run, mail: Mail, methods: Methods, dmarc: DmarcVerdict): Promise<Details> => ({
  dmarc: await withReports(run, methods, dmarc),
  ...(await withTrace(run, mail, methods)),
});

const withReports = async (run: Run, { evaluation }: Methods, dmarc: DmarcVerdict): Promise<DmarcVerdict> => {
  if (!run.includes('reports') || evaluation === null) return dmarc;
  const reports = await evaluation.reports(run.detailsBudget.lookup);
  return { ...dmarc, rfc9989: { ...dmarc.rfc9989, reports } };
};

const withTrace = async (run: Run, { facts }: Mail, { spf }: Methods): Promise<TracedSpf> => {
  if (!run.includes('trace')) return { spf, disagreements: [] };
  const { deadlineMs } = run;
  const { clock, settings } = run.parts;
  const { strict, authservId: receiver } = settings;
  const { lookup } = run.detailsBudget;
  return run.timed('trace', () => traceSpf(spf, facts, { lookup, deadlineMs, clock, strict, receiver }));
};
