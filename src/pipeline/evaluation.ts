/**
 * One message through the whole of it: how it is to be treated, the verification within its time and its place in the queue, and the decision. Every
 * face goes through here, so a limit or a fault has the same outcome everywhere. Never rejects and never throws: a fault is a decision too.
 */
import type { PipelineSettings } from '../../schemas/pipeline-settings.ts';
import type { SmtpFacts } from '../../schemas/smtp.ts';
import type { Verdict } from '../../schemas/verdict.ts';
import type { Verify } from '../verdict/verify.ts';
import {
  type Decision,
  decide,
  decideWithoutVerdict,
  type Exactness,
  ignoreMessage,
  stampAuthenticated,
  type Unevaluated,
} from './decision.ts';
import { createTreatment, type Daemon, type Treatment } from './enforcement.ts';
import type { TrackedField } from './forged-fields.ts';
import type { Clock, Face, Observer, PipelineLog, WriteAuthenticationResults } from './parts.ts';

/** The settings of the faces with the authserv-id of the evaluation. */
export type EvaluationSettings = PipelineSettings & { readonly authservId: string };

/** What an evaluation is made of. */
export type EvaluationParts = {
  readonly verify: Verify;
  readonly writeAuthenticationResults: WriteAuthenticationResults;
  readonly log: PipelineLog;
  readonly clock: Clock;
  readonly observer?: Observer;
};

/** One message as a face holds it. */
export type Candidate = {
  readonly face: Face;
  /** Gives the octets, or why they are not held. Called only when they are needed. */
  readonly message: () => Buffer | 'over-size' | 'service-full';
  /** Fields that may be forged, numbered. */
  readonly tracked: readonly TrackedField[];
  readonly facts: SmtpFacts;
  readonly daemon?: Daemon;
  readonly exactness: Exactness;
  /** Fires when the mail server went away. */
  readonly signal?: AbortSignal;
};

/** Judges candidates. */
export type Evaluation = {
  /** @returns the decision; never rejects */
  decide(candidate: Candidate): Promise<Decision>;
  /** How a message is to be treated, before its content is known. */
  treatment(facts: SmtpFacts, daemon?: Daemon): Treatment;
  /** Evaluations that run now. */
  running(): number;
};

/** Makes the evaluation that all faces of one service share: the limit on evaluations counts them together. */
export const createEvaluation = (settings: EvaluationSettings, parts: EvaluationParts): Evaluation => {
  const treatmentOf = createTreatment(settings);
  let running = 0;

  const evaluate = async (candidate: Candidate): Promise<Verdict | Unevaluated> => {
    if (running >= settings.pipelineMaxEvaluations) return 'service-full';
    const message = candidate.message();
    if (typeof message === 'string') return message;
    running += 1;
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    candidate.signal?.addEventListener('abort', abort, { once: true });
    let timer: NodeJS.Timeout | undefined;
    const tooSlow = new Promise<'too-slow'>((resolve) => {
      timer = setTimeout(() => resolve('too-slow'), settings.pipelineEvaluationMs);
    });
    const verified = parts.verify(message, candidate.facts, { signal: controller.signal });
    // What runs on after the time is up still takes its place until it has ended: that is what the limit is for.
    const settled = verified.finally(() => {
      running -= 1;
    });
    settled.catch(() => undefined);
    try {
      return await Promise.race([settled, tooSlow]);
    } finally {
      clearTimeout(timer);
      candidate.signal?.removeEventListener('abort', abort);
      controller.abort();
    }
  };

  const decideOn = async (candidate: Candidate): Promise<Decision> => {
    const grounds = {
      tracked: candidate.tracked,
      authservId: candidate.facts.receiver ?? settings.authservId,
      removeAuthservIds: settings.removeAuthservIds,
    };
    const treatment = treatmentOf(candidate.facts, candidate.daemon);
    if (treatment.kind === 'ignore') return ignoreMessage(treatment.reason);
    if (treatment.kind === 'stamp-authenticated') {
      const { identity = '', mechanism } = candidate.facts.auth ?? {};
      return stampAuthenticated(grounds, { identity, ...(mechanism === undefined ? {} : { mechanism }) });
    }
    const { enforcements } = treatment;
    const failure = {
      failureMode: settings.failureMode,
      oversizedMessages: settings.oversizedMessages,
      dryRun: enforcements.every((enforcement) => enforcement === 'dry-run'),
    };
    const outcome = await evaluate(candidate).catch((fault: unknown): Unevaluated => {
      if (hasCode(fault, 'header-too-large')) return 'over-size';
      if (candidate.signal?.aborted !== true) parts.log.error({ err: fault, ...about(candidate) }, 'evaluation failed');
      return 'fault';
    });
    if (typeof outcome === 'string') return decideWithoutVerdict(outcome, grounds, failure);
    return decide(outcome, {
      ...grounds,
      exactness: candidate.exactness,
      enforcements,
      addReceivedSpf: settings.addReceivedSpf,
      writeAuthenticationResults: parts.writeAuthenticationResults,
    });
  };

  return {
    decide: async (candidate) => {
      const startedMs = parts.clock();
      const decision = await decideOn(candidate);
      const elapsedMs = Math.round(parts.clock() - startedMs);
      if (candidate.signal?.aborted === true) return decision;
      parts.log.info({ ...about(candidate), ...summary(decision), elapsedMs }, 'message decided');
      parts.observer?.onDecision?.({ face: candidate.face, action: decision.action, cause: decision.cause, elapsedMs });
      return decision;
    },
    treatment: treatmentOf,
    running: () => running,
  };
};

const about = ({ face, facts }: Candidate): object => ({ face, queueId: facts.queueId, clientIp: facts.clientIp });

const summary = ({ action, wouldBe, cause, reason, remove, verdict }: Decision): object => ({
  action,
  wouldBe,
  cause,
  reason,
  removedFields: remove.length,
  ...(verdict === null
    ? {}
    : {
        verdictId: verdict.id,
        authorDomain: verdict.dmarc.authorDomain,
        spf: verdict.spf.result,
        dkim: verdict.dkim.map(({ result }) => result),
        arc: verdict.arc.result,
        dmarc: verdict.dmarc.result,
      }),
});

const hasCode = (fault: unknown, code: string): boolean =>
  typeof fault === 'object' && fault !== null && 'code' in fault && fault.code === code;
