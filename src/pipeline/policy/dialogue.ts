/**
 * What a policy connection asks and what it is answered: SPF, and a refusal of relaying by
 * strangers. A message is checked once and gets one field, however many recipients it has: Postfix
 * asks for each of them, with the same `instance`. Every failure is an answer; never throws for a
 * request. Follows SMTPD_POLICY_README of Postfix.
 */
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import type { SpfCheck, SpfVerdict } from '../../../schemas/spf.ts';
import type { SmtpReply } from '../../../schemas/verdict.ts';
import { writeReceivedSpf } from '../../verdict/authentication-results.ts';
import { RELAY_REPLY } from '../../verdict/relay.ts';
import type { CheckSpf, Clock, PipelineLog } from '../dependencies.ts';
import type { Enforcement } from '../enforcement.ts';
import type { FaceSettings } from '../face-settings.ts';
import type { LimitedRuns } from '../limited-runs.ts';
import type { Lists } from '../lists.ts';
import type { Observer } from '../observer.ts';
import { OWN_REPLIES } from '../smtp-reply.ts';
import { NO_OPINION, policyAction, prependAnswer, refuseAnswer } from './action.ts';
import { daemonOfRequest, factsOfRequest, hasEnvelope, type PolicyRequest } from './request.ts';

/** What a dialogue depends on. */
type DialogueDependencies = {
  readonly settings: FaceSettings;
  readonly checkSpf: CheckSpf;
  /** The limits on checks, of all connections. */
  readonly runs: LimitedRuns;
  readonly lists: Lists;
  readonly log: PipelineLog;
  readonly clock: Clock;
  readonly observer: Observer;
};

/** The message that was asked about last. */
type CheckedMessage = { readonly key: string; readonly spf: SpfVerdict; hasField: boolean };

/** Why an envelope has no SPF verdict. */
type Unchecked = 'service-full' | 'too-slow' | 'fault';

/** The requests of one connection. */
export class PolicyDialogue {
  readonly #dependencies: DialogueDependencies;
  #last: CheckedMessage | undefined;

  constructor(dependencies: DialogueDependencies) {
    this.#dependencies = dependencies;
  }

  /** Answers one request. @returns the answer as it is sent */
  async answer(request: PolicyRequest): Promise<string> {
    const { settings, lists, clock } = this.#dependencies;
    if (!hasEnvelope(request)) return NO_OPINION;
    const facts = factsOfRequest(request, settings.authservId);
    const treatment = lists.treatment(facts, daemonOfRequest(request));
    if (treatment.kind !== 'evaluate') return NO_OPINION;
    const [enforcement] = treatment.enforcements;
    const startedMs = clock();
    if (this.#isRefusedRelay(facts, enforcement)) {
      this.#report(facts, enforcement, { action: 'reject', cause: 'relay', elapsedMs: 0 });
      return refuseAnswer(RELAY_REPLY);
    }
    const message = await this.#messageOf(request, facts);
    const spf = typeof message === 'string' ? message : message.spf;
    const refusal = refusalOf(spf, enforcement, settings);
    this.#report(facts, enforcement, {
      action: refusal === null ? 'accept' : refusal.code < 500 ? 'tempfail' : 'reject',
      cause: typeof spf === 'string' ? spf : spf.result,
      elapsedMs: Math.round(clock() - startedMs),
    });
    if (refusal !== null) return refuseAnswer(refusal);
    if (typeof message === 'string' || message.hasField || enforcement === 'dry-run') return NO_OPINION;
    message.hasField = true;
    return prependAnswer(writeReceivedSpf(settings.authservId, checkToWrite(message.spf, settings), facts));
  }

  /** True for a recipient to whom a stranger relays, where that is refused. */
  #isRefusedRelay(facts: SmtpFacts, enforcement: Enforcement | undefined): boolean {
    const { settings, lists } = this.#dependencies;
    const isEnforced = enforcement === 'on' || (enforcement === 'as-verdict' && settings.enforce);
    return settings.relay === 'reject' && isEnforced && lists.relayedRecipients(facts).length > 0;
  }

  /** The message that a request is about: the last one, or one that is checked now. */
  async #messageOf(request: PolicyRequest, facts: SmtpFacts): Promise<CheckedMessage | Unchecked> {
    const instance = request.get('instance');
    // One instance is one message; the same client may change its envelope within it only by
    // beginning anew.
    const key = [instance, facts.clientIp, facts.helo, facts.mailFrom].join('\0');
    if (this.#last?.key === key && instance !== undefined) return this.#last;
    const spf = await this.#check(facts);
    if (typeof spf === 'string') return spf;
    this.#last = { key, spf, hasField: false };
    return this.#last;
  }

  #check(facts: SmtpFacts): Promise<SpfVerdict | Unchecked> {
    const { runs, checkSpf, log } = this.#dependencies;
    return runs.run(async () => {
      try {
        return await checkSpf(facts);
      } catch (fault) {
        log.error({ err: fault, face: 'policy', clientIp: facts.clientIp }, 'SPF check failed');
        return 'fault' as const;
      }
    });
  }

  #report(
    { clientIp, mailFrom, helo, queueId }: SmtpFacts,
    enforcement: Enforcement | undefined,
    { action, cause, elapsedMs }: { readonly action: string; readonly cause: string; readonly elapsedMs: number },
  ): void {
    const { log, observer } = this.#dependencies;
    log.info(
      {
        face: 'policy',
        action,
        enforcement,
        ...(cause === 'relay' ? { cause } : { spf: cause }),
        clientIp,
        mailFrom,
        helo,
        queueId,
        elapsedMs,
      },
      'envelope decided',
    );
    observer.onDecision({ face: 'policy', action, cause, elapsedMs });
  }
}

const refusalOf = (
  spf: SpfVerdict | Unchecked,
  enforcement: Enforcement | undefined,
  settings: FaceSettings,
): SmtpReply | null => {
  if (enforcement === 'off' || enforcement === 'dry-run') return null;
  if (typeof spf === 'string') return settings.failureMode === 'tempfail' ? OWN_REPLIES[spf] : null;
  const action = policyAction(spf, settings);
  return action.kind === 'refuse' ? action.reply : null;
};

/** The check that the field is about. */
const checkToWrite = (spf: SpfVerdict, settings: FaceSettings): SpfCheck | null => {
  const action = policyAction(spf, settings);
  return action.kind === 'prepend' ? action.check : (spf.mailFrom ?? spf.helo);
};
