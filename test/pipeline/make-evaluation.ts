/**
 * An evaluation over a fake verification, with everything it logs and observes kept for the test.
 */
import type { Verdict } from '../../schemas/verdict.ts';
import type { PipelineLog } from '../../src/pipeline/dependencies.ts';
import { createEvaluation, type Evaluation } from '../../src/pipeline/evaluation.ts';
import type { FaceSettings } from '../../src/pipeline/face-settings.ts';
import { createLists } from '../../src/pipeline/lists.ts';
import { UNOBSERVED } from '../../src/pipeline/observer.ts';
import type { Verify } from '../../src/verdict/verify.ts';
import { makeSettings } from './make-settings.ts';
import { makeVerdict } from './make-verdict.ts';

/** One line of the log. */
export type LogLine = { level: 'info' | 'warn' | 'error'; fields: Record<string, unknown>; sentence: string };

/** A log that keeps its lines. */
export const makeLog = (): { log: PipelineLog; lines: LogLine[] } => {
  const lines: LogLine[] = [];
  const at = (level: LogLine['level']) => (fields: object, sentence: string) => {
    lines.push({ level, fields: { ...fields }, sentence });
  };
  return { log: { info: at('info'), warn: at('warn'), error: at('error') }, lines };
};

/**
 * Makes the evaluation.
 * @param verdict what the verification gives, or a verification of the test's own
 */
export const makeEvaluation = (
  over: Partial<FaceSettings> = {},
  verdict: Verdict | Verify = makeVerdict(),
): { evaluation: Evaluation; settings: FaceSettings; log: PipelineLog; lines: LogLine[] } => {
  const settings = makeSettings(over);
  const { log, lines } = makeLog();
  const verify: Verify = typeof verdict === 'function' ? verdict : async () => verdict;
  const evaluation = createEvaluation(settings, {
    verify,
    log,
    lists: createLists(settings),
    clock: () => 0,
    observer: UNOBSERVED,
  });
  return { evaluation, settings, log, lines };
};
