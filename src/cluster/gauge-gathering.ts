/**
 * Gathers the gauges of all workers for one of them: asks each, and answers when all have sent
 * theirs or the time is up. Reads none of them.
 */
import type { WorkerProcess } from './worker-process.ts';

/** Time for the workers to send their gauges; those that came by then are the answer. */
export const GATHER_MS = 2000;

/** A worker, as far as it is asked and answered. */
type Asked = Pick<WorkerProcess, 'id' | 'isConnected' | 'send'>;

/** Gatherings in progress. */
type GaugeGathering = {
  /** Begins to gather. @param asker who gets the answer */
  readonly begin: (asker: Asked, workers: readonly Asked[]) => void;
  /** Takes what a worker sent. @param id of the gathering, as it was asked */
  readonly add: (id: number, from: Asked, values: unknown) => void;
};

type Gathering = {
  readonly asker: Asked;
  readonly values: unknown[];
  readonly missing: Set<number>;
  readonly timer: NodeJS.Timeout;
};

/** Makes the gatherings of a supervisor. */
export const createGaugeGathering = (): GaugeGathering => {
  const gatherings = new Map<number, Gathering>();
  let begun = 0;
  const answer = (id: number, { asker, values, timer }: Gathering): void => {
    gatherings.delete(id);
    clearTimeout(timer);
    asker.send({ kind: 'gauges-of-all', values });
  };
  return {
    begin: (asker, workers) => {
      const id = begun++;
      const asked = workers.filter((worker) => worker.isConnected());
      const gathering: Gathering = {
        asker,
        values: [],
        missing: new Set(asked.map((worker) => worker.id)),
        timer: setTimeout(() => answer(id, gathering), GATHER_MS),
      };
      gatherings.set(id, gathering);
      for (const worker of asked) worker.send({ kind: 'read-gauges', id });
    },
    add: (id, from, values) => {
      const gathering = gatherings.get(id);
      if (gathering === undefined || !gathering.missing.delete(from.id)) return;
      gathering.values.push(values);
      if (gathering.missing.size === 0) answer(id, gathering);
    },
  };
};
