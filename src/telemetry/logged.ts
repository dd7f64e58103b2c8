/**
 * A verifier that writes one line of the log for each verdict. The mail servers' faces do without
 * it: their line for each message has the verdict in it. Changes neither outcome nor error.
 */
import { logFields } from '../verdict/summary.ts';
import type { Verify } from '../verdict/verify.ts';
import type { Log } from './log.ts';

/** Logs each verdict of a verifier. */
export const logged =
  (verify: Verify, log: Log): Verify =>
  async (message, facts, options) => {
    const verdict = await verify(message, facts, options);
    log.info(logFields(verdict), 'verdict');
    return verdict;
  };
