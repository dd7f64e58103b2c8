/**
 * The mail servers' faces of one service as one thing: milter and policy service that listen, MTA
 * Hooks and raw hook for HTTP to mount. They share one evaluation, so the limits count them
 * together.
 */

import { createMemory, type Memory } from '../message/memory.ts';
import type { ListenAddress } from './connections/listen-address.ts';
import type { Ending } from './connections/pipeline-server.ts';
import type { CheckSpf } from './dependencies.ts';
import { createEvaluation, type EvaluationParts, type EvaluationSettings } from './evaluation.ts';
import { createMtaHooks, type MtaHooksAnswer } from './hooks/mta-hooks.ts';
import { createRawHook, type RawHookAnswer } from './hooks/raw-hook.ts';
import { createLists, type ListSettings } from './lists.ts';
import { createMilterServer } from './milter/server.ts';
import { createPolicyServer } from './policy/server.ts';

/** What the faces are made of. */
type PipelineParts = EvaluationParts & {
  readonly checkSpf: CheckSpf;
  /** The account of memory of all faces. @default none beside PIPELINE_MAX_TOTAL_BYTES */
  readonly memory?: Memory;
};

/** The faces. */
export type Pipeline = {
  /**
   * Opens every listener of the settings.
   * @returns their addresses
   * @throws when one cannot be opened
   */
  listen(): Promise<{ milter: ListenAddress[]; policy: ListenAddress[] }>;
  /** Drains both: listeners stay for a while, messages in hand finish, silent connections close. */
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
export const createPipeline = (settings: EvaluationSettings, parts: PipelineParts): Pipeline => {
  const { observer } = parts;
  const lists = createLists(settings);
  const evaluation = createEvaluation(settings, parts, lists);
  const memory = createMemory(settings.pipelineMaxTotalBytes, observer?.onHeldBytes, parts.memory);
  const milter = createMilterServer(settings, { ...parts, evaluation, memory });
  const policy = createPolicyServer(settings, { ...parts, memory }, lists);
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
