/**
 * One message through the whole of it: how it is to be treated, the verification within its time
 * and its place in the queue, and the decision. Every face goes through here, so a limit or a fault
 * has the same outcome everywhere. Never rejects and never throws: a fault is a decision too.
 */
import type { PipelineSettings } from '../../schemas/settings/pipeline.ts';
import type { SmtpFacts } from '../../schemas/smtp.ts';
import type { Verdict } from '../../schemas/verdict.ts';
import { letGo } from '../message/let-go.ts';

import { logFields } from '../verdict/summary.ts';

import type { Verify } from '../verdict/verify.ts';
import {
  type Decision,
  decide,
  decideWithoutVerdict,
  type HeaderAddition,
  ignoreMessage,
  stampAuthenticated,
  type Unevaluated,
} from './decision.ts';
import type { Clock, Face, Observer, PipelineLog } from './dependencies.ts';
import type { Daemon } from './enforcement.ts';
import type { Exactness } from './exactness.ts';
import type { HeaderRemoval } from './forged-fields.ts';
import { createLists, type Lists } from './lists.ts';

/** The settings of the faces, with the authserv-id and the limits that they share with HTTP. */
export type EvaluationSettings = PipelineSettings & {
  readonly authservId: string;
  /** Octets of a message that is kept and evaluated; a larger one is oversized. */
  readonly maxMessageBytes: number;
  /** Header fields of a message; one with more is oversized. */
  readonly maxHeaderFields: number;
  /** Milliseconds in which a peer must have read what waits for it. */
  readonly writeTimeoutMs: number;
};

/** What an evaluation is made of. */
export type EvaluationParts = {
  readonly verify: Verify;
  readonly log: PipelineLog;
  readonly clock: Clock;
  readonly observer?: Observer;
};

/** What a face holds of a message. */
export type Content = {
  /** The octets, the evaluation's own, or why they were not kept. */
  readonly octets: Buffer | 'over-size' | 'service-full';
  readonly exactness: Exactness;
  /** Forged fields, in the order in which to remove them. */
  readonly forged: readonly HeaderRemoval[];
  /** Fields that go back on top in place of removed ones, each above the one before. */
  readonly restored: readonly HeaderAddition[];
  readonly forgedIncomplete: boolean;
};

/** One message as a face brings it. */
type Candidate = {
  readonly face: Face;
  /** Called once, and only when the message is not left as it is. */
  readonly content: () => Content | Promise<Content>;
  readonly facts: SmtpFacts;
  readonly daemon?: Daemon;
  /** Fires when the mail server went away. */
  readonly signal?: AbortSignal;
};

/** Judges candidates. */
export type Evaluation = {
  /** @returns the decision; never rejects */
  decide(candidate: Candidate): Promise<Decision>;
  /** The lists that it decides by. */
  readonly lists: Lists;
  /** Evaluations that run now. */
  running(): number;
};

/**
 * Makes the evaluation that all faces of one service share: the limit on evaluations counts them
 * together.
 * @param lists those of the settings unless another face has them too
 */
export const createEvaluation = (
  settings: EvaluationSettings,
  parts: EvaluationParts,
  lists: Lists = createLists(settings),
): Evaluation => {
  let running = 0;

  const evaluate = async (candidate: Candidate, octets: Content['octets']): Promise<Verdict | Unevaluated> => {
    if (typeof octets === 'string') return octets;
    if (candidate.signal?.aborted === true) return 'fault';
    if (running >= settings.pipelineMaxEvaluations) return 'service-full';
    const work = new AbortController();
    const ended = Promise.withResolvers<'too-slow' | 'fault'>();
    // Aborted only when nobody waits any more: an abort makes an error with a stack, which costs as
    // much as a look-up.
    const abandon = (why: 'too-slow' | 'fault'): void => {
      ended.resolve(why);
      work.abort();
    };
    const onGone = (): void => abandon('fault');
    const timer = setTimeout(() => abandon('too-slow'), settings.pipelineEvaluationMs);
    candidate.signal?.addEventListener('abort', onGone, { once: true });
    try {
      return await Promise.race([verify(octets, candidate.facts, work.signal), ended.promise]);
    } finally {
      clearTimeout(timer);
      candidate.signal?.removeEventListener('abort', onGone);
    }
  };

  /**
   * What runs on after nobody waits for it still takes its place until it has ended: that is what
   * the limit is for.
   */
  const verify = async (octets: Buffer, facts: SmtpFacts, signal: AbortSignal): Promise<Verdict> => {
    running += 1;
    try {
      return await parts.verify(octets, facts, { signal });
    } finally {
      running -= 1;
      letGo(octets);
    }
  };

  const decideOn = async (candidate: Candidate): Promise<Decision> => {
    const treatment = lists.treatment(candidate.facts, candidate.daemon);
    if (treatment.kind === 'ignore') return ignoreMessage(treatment.reason);
    const content = await candidate.content();
    const { forged, restored } = content;
    const grounds = { forged, restored, authservId: candidate.facts.receiver ?? settings.authservId };
    if (treatment.kind === 'stamp-authenticated') {
      return stampAuthenticated(grounds, candidate.facts);
    }
    const { enforcements } = treatment;
    const failure = {
      failureMode: settings.failureMode,
      oversizedMessages: settings.oversizedMessages,
      dryRun: enforcements.every((enforcement) => enforcement === 'dry-run'),
      forgedIncomplete: content.forgedIncomplete,
    };
    const outcome = await evaluate(candidate, content.octets).catch((fault: unknown): Unevaluated => {
      if (hasCode(fault, 'header-too-large')) return 'over-size';
      if (candidate.signal?.aborted !== true) parts.log.error({ err: fault, ...about(candidate) }, 'evaluation failed');
      return 'fault';
    });
    if (typeof outcome === 'string') return decideWithoutVerdict(outcome, grounds, failure);
    return decide(outcome, {
      ...grounds,
      exactness: content.exactness,
      enforcements,
      addReceivedSpf: settings.addReceivedSpf,
    });
  };

  const whateverHappens = async (candidate: Candidate): Promise<Decision> => {
    try {
      return await decideOn(candidate);
    } catch (fault) {
      parts.log.error({ err: fault, ...about(candidate) }, 'decision failed');
      const grounds = { forged: [], restored: [], authservId: candidate.facts.receiver ?? settings.authservId };
      return decideWithoutVerdict('fault', grounds, { ...settings, forgedIncomplete: true });
    }
  };

  return {
    decide: async (candidate) => {
      const startedMs = parts.clock();
      const decision = await whateverHappens(candidate);
      const elapsedMs = Math.round(parts.clock() - startedMs);
      if (candidate.signal?.aborted === true) return decision;
      parts.log.info({ ...lineOf(decision), ...about(candidate), elapsedMs }, 'message decided');
      parts.observer?.onDecision?.({ face: candidate.face, action: decision.action, cause: decision.cause, elapsedMs });
      return decision;
    },
    lists,
    running: () => running,
  };
};

const about = ({ face, facts }: Candidate): object => ({
  face,
  ...(facts.queueId !== undefined && { queueId: facts.queueId }),
  ...(facts.clientIp !== undefined && { clientIp: facts.clientIp }),
  ...(facts.tls !== undefined && { tls: { version: facts.tls.version, mode: facts.tls.mode } }),
});

/** The line of a decision: with a verdict its summary too, so that a message has one line. */
const lineOf = ({ action, wouldBe, cause, reason, remove, verdict }: Decision): object => ({
  ...(verdict !== null && { ...logFields(verdict), verifyMs: verdict.elapsedMs }),
  action,
  wouldBe,
  cause,
  reason,
  removedFields: remove.length,
});

const hasCode = (fault: unknown, code: string): boolean =>
  typeof fault === 'object' && fault !== null && 'code' in fault && fault.code === code;
