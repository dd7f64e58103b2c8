/**
 * All mail servers' faces of one service: milter and policy service, which listen, and MTA Hooks
 * and raw hook, which HTTP mounts. They share one evaluation and one account of memory, so the
 * limits are those of the service.
 */
import { createMemory, type Memory } from '../message/memory.ts';
import type { ListenAddress } from './connections/listen-address.ts';
import type { Ending } from './connections/pipeline-server.ts';
import type { CheckSpf } from './dependencies.ts';
import { createEvaluation, type EvaluationDependencies } from './evaluation.ts';
import type { FaceSettings } from './face-settings.ts';
import { createMtaHooks, type MtaHooksAnswer } from './hooks/mta-hooks.ts';
import { createRawHook, type RawHookAnswer } from './hooks/raw-hook.ts';
import { createLists, type ListSettings } from './lists.ts';
import { createMilterServer } from './milter/server.ts';
import { createPolicyServer } from './policy/server.ts';

/** What the faces depend on. */
type PipelineDependencies = Omit<EvaluationDependencies, 'lists'> & {
  readonly checkSpf: CheckSpf;
  /** The account of memory that PIPELINE_MAX_TOTAL_BYTES is a share of. */
  readonly memory: Memory;
};

/** The faces. */
export type Pipeline = {
  /**
   * Opens every listener of the settings.
   * @returns their addresses
   * @throws when one cannot be opened
   */
  listen(): Promise<{ milter: ListenAddress[]; policy: ListenAddress[] }>;
  /** Drains both servers, as {@link PipelineServer} says. */
  close(ending: Ending): Promise<void>;
  /**
   * Takes over the lists of other settings: connections stay open, and every message that ends from
   * now on is decided by the new lists.
   */
  relist(next: ListSettings): void;
  readonly mtaHooks: MtaHooksAnswer;
  readonly rawHook: RawHookAnswer;
};

/** Makes the faces; nothing listens yet. */
export const createPipeline = (settings: FaceSettings, dependencies: PipelineDependencies): Pipeline => {
  const lists = createLists(settings);
  const memory = createMemory(settings.pipelineMaxTotalBytes, dependencies.observer.onMemory, dependencies.memory);
  const evaluation = createEvaluation(settings, { ...dependencies, lists });
  const milter = createMilterServer(settings, { ...dependencies, evaluation, memory });
  const policy = createPolicyServer(settings, { ...dependencies, lists, memory });
  return {
    listen: async () => {
      const addresses = await milter.listen();
      try {
        return { milter: addresses, policy: await policy.listen() };
      } catch (cause) {
        await milter.close({ drainMs: 0, graceMs: 0 });
        throw cause;
      }
    },
    close: async (ending) => {
      await Promise.all([milter.close(ending), policy.close(ending)]);
    },
    relist: lists.relist,
    mtaHooks: createMtaHooks(settings, evaluation),
    rawHook: createRawHook(settings, evaluation),
  };
};
