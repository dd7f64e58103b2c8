/**
 * The core with everything that observes it: metrics, the watchdog of the event loop, traces.
 * Changes neither a verdict nor an assessment.
 */
import type { Config } from '../../schemas/settings/settings.ts';
import type { Log } from '../telemetry/log.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import { watchThisProcess } from '../telemetry/standstill.ts';
import type { Traces } from '../telemetry/traces.ts';
import { version } from '../version.ts';
import { createMailverdict, type Mailverdict } from './core.ts';

/** The core, observed. */
type ObservedCore = {
  readonly core: Mailverdict;
  readonly metrics: Metrics;
  /** Ends the watchdog and the sockets of the resolver. */
  readonly close: () => void;
};

/** Makes it. @throws SettingMistake when the zone file cannot be read or is wrong */
export const createObservedCore = (config: Config, log: Log, traces: Traces): ObservedCore => {
  const metrics = createMetrics(version);
  const watchdog = watchThisProcess((standstill) => {
    metrics.onStandstill(standstill);
    log.warn(standstill, 'the event loop stood still: nothing else was served meanwhile');
  });
  const core = createMailverdict(config, log, {
    onQuestion: metrics.onQuestion,
    onProgress: watchdog.onProgress,
    onStep: (step, elapsedMs) => {
      metrics.onStep(step, elapsedMs);
      traces.onStep(step, elapsedMs);
    },
    verify: metrics,
  });
  return {
    core: {
      ...core,
      verify: traces.traced(core.verify),
      assess: (domain, options) => watchdog.assessing(domain, () => core.assess(domain, options)),
    },
    metrics,
    close: () => {
      core.resolver.close();
      watchdog.close();
    },
  };
};
