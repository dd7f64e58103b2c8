/** Metrics of verifications: results, dispositions, failures, times and limits reached. */
import type { Verdict } from '../../../schemas/verdict.ts';
import type { Step } from '../../verdict/run.ts';
import type { MetricRegistry } from './registry.ts';

/** What verifications report. */
export type MessageMetrics = {
  readonly onVerdict: (verdict: Verdict) => void;
  /** A verification that ended without a verdict. @param code word of a closed list */
  readonly onFailure: (code: string) => void;
  /** @param running verifications in progress now */
  readonly onRunning: (running: number) => void;
  readonly onStep: (step: Step, elapsedMs: number) => void;
};

const FINDING_OF_DISAGREEMENT = 'spf-evaluators-differ';

/** Registers them. */
export const createMessageMetrics = ({ counter, gauge, histogram }: MetricRegistry): MessageMetrics => {
  const countResult = counter(
    'verdicts_total',
    'Results of each method; DKIM counts every signature',
    'method',
    'result',
  );
  const countDisposition = counter(
    'dispositions_total',
    'What a receiver should do, and what the published policy would have',
    'action',
    'would_be',
  );
  const countFailure = counter('verification_failures_total', 'Verifications without a verdict', 'code');
  const setRunning = gauge('verifications_running', 'Verifications in progress');
  const timeVerification = histogram('verification_seconds', 'Time of a verification');
  const timeStep = histogram('step_seconds', 'Time of a step of a verification; steps run side by side', 'step');
  const countLimit = counter('limits_reached_total', 'Verifications that reached a limit of this service', 'limit');
  const countDisagreement = counter(
    'spf_disagreements_total',
    'SPF traces that came to another result than the verdict',
  );
  return {
    onVerdict: ({ spf, dkim, arc, dmarc, bimi, iprev, disposition, elapsedMs, findings }) => {
      countResult('spf', spf.result);
      for (const { result } of dkim) countResult('dkim', result);
      if (dkim.length === 0) countResult('dkim', 'none');
      countResult('arc', arc.result);
      countResult('dmarc', dmarc.result);
      if (bimi !== null) countResult('bimi', bimi.result);
      countResult('iprev', iprev.result);
      countDisposition(disposition.action, disposition.wouldBe);
      timeVerification(elapsedMs);
      for (const { code, limit } of findings) {
        if (limit !== undefined) countLimit(limit.name);
        if (code === FINDING_OF_DISAGREEMENT) countDisagreement();
      }
    },
    onFailure: (code) => countFailure(code),
    onRunning: (running) => setRunning(running),
    onStep: (step, elapsedMs) => timeStep(elapsedMs, step),
  };
};
