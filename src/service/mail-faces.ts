/**
 * The mail servers' faces, put on top of the shared parts: milter, policy service and the handlers
 * of the hooks. Makes no socket until it is told to listen.
 */
import type { Config } from '../../schemas/settings/settings.ts';
import { budgetLimits, withBudget } from '../dns/budget.ts';
import type { Memory } from '../message/memory.ts';
import type { CheckSpf, Observer } from '../pipeline/parts.ts';
import { createPipeline, type Pipeline } from '../pipeline/pipeline.ts';
import type { Log } from '../telemetry/log.ts';
import { writeAuthenticationResults, writeReceivedSpf } from '../verdict/authentication-results.ts';
import { checkSpf } from '../verdict/spf/spf.ts';
import type { Mailverdict } from './core.ts';

/** Makes the faces. */
export const createMailFaces = (
  config: Config,
  parts: Mailverdict,
  log: Log,
  { observer = {}, memory }: { observer?: Observer; memory?: Memory } = {},
): Pipeline => {
  const clock = () => performance.now();
  const limits = budgetLimits(config);
  const check: CheckSpf = (facts) => {
    const { lookup } = withBudget(parts.lookup, limits, clock, 'enforce');
    return checkSpf(facts, {
      lookup,
      deadlineMs: clock() + limits.maxElapsedMs,
      clock: { nowMs: Date.now, monotonicMs: clock },
      strict: config.strict,
      receiver: facts.receiver ?? config.authservId,
    });
  };
  return createPipeline(config, {
    verify: parts.verify,
    checkSpf: check,
    writeAuthenticationResults,
    writeReceivedSpf,
    log,
    clock,
    observer,
    ...(memory !== undefined && { memory }),
  });
};
