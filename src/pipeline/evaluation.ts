/**
 * The way of one message: how it is treated, the verification within its deadline and the limit on
 * their number, and the decision. Every face goes through here, so a limit or a fault
 * has the same outcome everywhere. Never rejects and never throws: a fault is a decision too.
 */
import type { SmtpFacts } from '../../schemas/smtp.ts';
import type { Verdict } from '../../schemas/verdict.ts';
import { detachBuffer } from '../message/detach-buffer.ts';
import { logFields } from '../verdict/summary.ts';
import type { Verify } from '../verdict/verify.ts';
import type { Content } from './content.ts';
import {
  type Decision,
  decide,
  decideWithoutVerdict,
  ignoreMessage,
  stampAuthenticated,
  type Unevaluated,
} from './decision.ts';
import type { Clock, Face, PipelineLog } from './dependencies.ts';
import type { Daemon } from './enforcement.ts';
import type { FaceSettings } from './face-settings.ts';
import { createLimitedRuns } from './limited-runs.ts';
import type { Lists } from './lists.ts';
import type { Observer } from './observer.ts';

/** What an evaluation depends on. */
export type EvaluationDependencies = {
  readonly verify: Verify;
  readonly lists: Lists;
  readonly log: PipelineLog;
  readonly clock: Clock;
  readonly observer: Observer;
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
 * as one.
 */
export const createEvaluation = (
  settings: FaceSettings,
  { verify, lists, log, clock, observer }: EvaluationDependencies,
): Evaluation => {
  const runs = createLimitedRuns(settings.pipelineMaxEvaluations, settings.pipelineEvaluationMs);

  const evaluate = async (candidate: Candidate, octets: Content['octets']): Promise<Verdict | Unevaluated> => {
    if (typeof octets === 'string') return octets;
    const task = async (signal: AbortSignal): Promise<Verdict> => {
      try {
        observer.onContent(octets, candidate.facts);
        return await verify(octets, candidate.facts, { signal });
      } finally {
        detachBuffer(octets);
      }
    };
    try {
      return await runs.run(task, candidate.signal);
    } catch (fault) {
      if (hasCode(fault, 'header-too-large')) return 'over-size';
      if (candidate.signal?.aborted !== true) log.error({ err: fault, ...about(candidate) }, 'evaluation failed');
      return 'fault';
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
    const outcome = await evaluate(candidate, content.octets);
    if (typeof outcome === 'string') return decideWithoutVerdict(outcome, grounds, failure);
    return decide(outcome, {
      ...grounds,
      exactness: content.exactness,
      enforcements,
      addReceivedSpf: settings.addReceivedSpf,
    });
  };

  const decideOrFail = async (candidate: Candidate): Promise<Decision> => {
    try {
      return await decideOn(candidate);
    } catch (fault) {
      log.error({ err: fault, ...about(candidate) }, 'decision failed');
      const grounds = { forged: [], restored: [], authservId: candidate.facts.receiver ?? settings.authservId };
      return decideWithoutVerdict('fault', grounds, { ...settings, forgedIncomplete: true });
    }
  };

  return {
    decide: async (candidate) => {
      const startedMs = clock();
      const decision = await decideOrFail(candidate);
      const elapsedMs = Math.round(clock() - startedMs);
      if (candidate.signal?.aborted === true) return decision;
      log.info({ ...lineOf(decision), ...about(candidate), elapsedMs }, 'message decided');
      observer.onDecision({ face: candidate.face, action: decision.action, cause: decision.cause, elapsedMs });
      observer.onMessage(decision, candidate.facts);
      return decision;
    },
    lists,
    running: runs.running,
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
