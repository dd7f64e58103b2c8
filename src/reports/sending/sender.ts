/**
 * Sends reports as long as the process lives: a run, a pause, a run. No failure ends it; whoever
 * stops it waits for the mail that is on its way to end.
 */
import type { ReportSender, SendingOutcome } from './send-due.ts';

/** What the loop is made of. */
type LoopParts = {
  readonly sender: Pick<ReportSender, 'sendDue' | 'release'>;
  /** Waits; ends early when the signal is aborted, and then may reject. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
  readonly onOutcome: (outcome: SendingOutcome) => void;
  /** A store that does not answer, or an error of ours. */
  readonly onFailure: (cause: unknown) => void;
};

/** Between two runs, where no report is due. */
const PAUSE_MS = 20_000;

/**
 * Starts it.
 * @returns stops it; resolves when nothing runs any more
 */
export const startSending = (parts: LoopParts): (() => Promise<void>) => {
  const stopping = new AbortController();
  const ended = sendUntil(parts, stopping.signal);
  return () => {
    stopping.abort();
    return ended;
  };
};

const sendUntil = async ({ sender, wait, onOutcome, onFailure }: LoopParts, signal: AbortSignal): Promise<void> => {
  while (!signal.aborted) {
    let hasMore = false;
    try {
      const outcome = await sender.sendDue(signal);
      hasMore = outcome.kind === 'done' && outcome.hasMore;
      onOutcome(outcome);
    } catch (cause) {
      onFailure(cause);
    }
    if (!hasMore) await wait(PAUSE_MS, signal).catch(() => undefined);
  }
  await sender.release().catch(onFailure);
};
