/**
 * The Postfix policy service: SPF at RCPT time, before the message is sent. Many requests on one
 * connection, answered in order; one evaluation per message, however many recipients it has, and
 * one field. Sees no content, so it never speaks of DKIM or DMARC. Follows SMTPD_POLICY_README of
 * Postfix and RFC 7208.
 */
import type { Socket } from 'node:net';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import type { SpfVerdict } from '../../../schemas/spf.ts';
import type { Memory } from '../../message/memory.ts';
import { writeReceivedSpf } from '../../verdict/authentication-results.ts';
import { createPipelineServer, type PipelineServer } from '../connections/pipeline-server.ts';
import { createSender } from '../connections/sender.ts';
import type { CheckSpf, Clock, Observer, PipelineLog } from '../dependencies.ts';
import type { EvaluationSettings } from '../evaluation.ts';
import { createLists, type Lists } from '../lists.ts';
import { OWN_REPLIES } from '../smtp-reply.ts';
import { NO_OPINION, policyAction, prependAnswer, refuseAnswer } from './action.ts';
import { createPolicyReader, daemonOfRequest, factsOfRequest, hasEnvelope, type PolicyRequest } from './request.ts';

/** What a policy server is made of. */
type PolicyParts = {
  readonly checkSpf: CheckSpf;
  readonly log: PipelineLog;
  readonly clock: Clock;
  readonly memory: Memory;
  readonly observer?: Observer | undefined;
};

/** What a connection remembers of the message it asked about last. */
type Remembered = { key: string; spf: SpfVerdict; prepended: boolean };

/**
 * Makes the server; nothing listens yet.
 * @param lists those of the settings unless another face has them too
 */
export const createPolicyServer = (
  settings: EvaluationSettings,
  parts: PolicyParts,
  lists: Lists = createLists(settings),
): PipelineServer => {
  let running = 0;

  const check = async (facts: SmtpFacts): Promise<SpfVerdict | 'service-full' | 'too-slow' | 'fault'> => {
    if (running >= settings.pipelineMaxEvaluations) return 'service-full';
    running += 1;
    const checked = parts
      .checkSpf(facts)
      .catch((fault: unknown) => {
        parts.log.error({ err: fault, face: 'policy', clientIp: facts.clientIp }, 'SPF check failed');
        return 'fault' as const;
      })
      .finally(() => {
        running -= 1;
      });
    const ended = Promise.withResolvers<'too-slow'>();
    const timer = setTimeout(() => ended.resolve('too-slow'), settings.pipelineEvaluationMs);
    return Promise.race([checked, ended.promise]).finally(() => clearTimeout(timer));
  };

  const answerTo = async (request: PolicyRequest, memory: { last?: Remembered }): Promise<string> => {
    if (!hasEnvelope(request)) return NO_OPINION;
    const facts = factsOfRequest(request, settings.authservId);
    const treatment = lists.treatment(facts, daemonOfRequest(request));
    if (treatment.kind !== 'evaluate') return NO_OPINION;
    const startedMs = parts.clock();
    // One instance is one message; the same client may change its envelope within it only by
    // beginning anew.
    const key = [request.get('instance'), facts.clientIp, facts.helo, facts.mailFrom].join('\0');
    const known = memory.last?.key === key && request.get('instance') !== undefined ? memory.last : undefined;
    const spf = known?.spf ?? (await check(facts));
    const [enforcement] = treatment.enforcements;
    const mayRefuse = enforcement !== 'off' && enforcement !== 'dry-run';

    const tell = (action: string, spfResult: string): void => {
      const elapsedMs = Math.round(parts.clock() - startedMs);
      const { clientIp, mailFrom, helo, queueId } = facts;
      const decision = {
        face: 'policy',
        action,
        enforcement,
        spf: spfResult,
        clientIp,
        mailFrom,
        helo,
        queueId,
        elapsedMs,
      };
      parts.log.info(decision, 'envelope decided');
      parts.observer?.onDecision?.({ face: 'policy', action, cause: spfResult, elapsedMs });
    };

    if (typeof spf === 'string') {
      const refuse = settings.failureMode === 'tempfail' && mayRefuse;
      tell(refuse ? 'tempfail' : 'accept', spf);
      return refuse ? refuseAnswer(OWN_REPLIES[spf]) : NO_OPINION;
    }
    memory.last = known ?? { key, spf, prepended: false };
    const action = policyAction(spf, settings);
    if (action.kind === 'refuse' && mayRefuse) {
      tell(action.reply.code < 500 ? 'tempfail' : 'reject', spf.result);
      return refuseAnswer(action.reply);
    }
    tell('accept', spf.result);
    if (enforcement === 'dry-run' || memory.last.prepended) return NO_OPINION;
    memory.last.prepended = true;
    const counting = action.kind === 'prepend' ? action.check : (spf.mailFrom ?? spf.helo);
    return prependAnswer(writeReceivedSpf(settings.authservId, counting, facts));
  };

  const serve = (socket: Socket, isLastCall: () => boolean): (() => boolean) => {
    const reader = createPolicyReader(parts.memory);
    const sender = createSender(socket, settings.writeTimeoutMs, () =>
      parts.log.warn({ face: 'policy', reason: 'does not read' }, 'policy connection closed'),
    );
    const memory: { last?: Remembered } = {};
    let working = false;

    const answerAll = async (): Promise<void> => {
      if (working) return;
      working = true;
      socket.pause();
      for (let next = reader.next(); next !== undefined && socket.writable; next = reader.next()) {
        if (typeof next === 'string') {
          parts.log.warn({ face: 'policy', reason: next }, 'policy connection closed');
          socket.destroy();
          break;
        }
        const answer = await answerTo(next, memory);
        // With the answer, so that the mail server has the end before it could ask again; it then
        // connects anew.
        if (isLastCall()) sender.end(answer);
        else sender.write(answer);
        if (sender.isBlocked) await sender.unblocked();
      }
      working = false;
      socket.resume();
    };

    socket.setTimeout(settings.pipelineIdleMs, () => {
      if (!working) socket.destroy();
    });
    socket.on('data', (chunk) => {
      reader.push(chunk);
      answerAll().catch((fault: unknown) => {
        // Postfix takes a closed connection for a failure of its own and refuses for the moment.
        parts.log.error({ err: fault, face: 'policy' }, 'policy request failed');
        socket.destroy();
      });
    });
    socket.once('close', () => reader.end());
    return () => !working;
  };

  return createPipelineServer({
    face: 'policy',
    addresses: settings.policyListen,
    settings,
    mayConnect: lists.mayConnect,
    log: parts.log,
    observer: parts.observer,
    serve,
  });
};
