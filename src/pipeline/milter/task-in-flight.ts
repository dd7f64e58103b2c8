/**
 * The one task that a connection waits for: calls back at intervals while it runs, and stops it
 * when nobody waits any more. Knows neither message nor protocol.
 */

/** At most one task at a time. */
export class TaskInFlight {
  readonly #intervalMs: number;
  readonly #onInterval: () => void;
  #work: AbortController | undefined;

  /** @param onInterval called every `intervalMs` milliseconds while a task runs */
  constructor(intervalMs: number, onInterval: () => void) {
    this.#intervalMs = intervalMs;
    this.#onInterval = onInterval;
  }

  get isRunning(): boolean {
    return this.#work !== undefined;
  }

  /** Runs a task; the one before has ended. @throws what the task throws */
  async run<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const work = new AbortController();
    this.#work = work;
    const timer = setInterval(this.#onInterval, this.#intervalMs);
    try {
      return await task(work.signal);
    } finally {
      clearInterval(timer);
      this.#work = undefined;
    }
  }

  /** Asks the task that runs to stop; without effect when none does. */
  abort(): void {
    this.#work?.abort();
  }
}
