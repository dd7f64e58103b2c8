/**
 * The hook for every other mail server: the octets of a message and its transport facts in, what to do with it out, by the decision code of the milter. The octets
 * are taken as exact. Never rejects.
 */
import type { RawHookResponse } from '../../schemas/hooks.ts';
import type { SmtpFacts } from '../../schemas/smtp.ts';
import { messageLimits, readMessage } from '../message/message.ts';
import type { Content, Evaluation, EvaluationSettings } from './evaluation.ts';
import { createForgedFieldFinder } from './forged-fields.ts';
import type { Lists } from './lists.ts';

/** Answers for one message. @param facts `receiver` may name another authserv-id */
export type RawHookAnswer = (message: Buffer, facts: SmtpFacts, signal?: AbortSignal) => Promise<RawHookResponse>;

/** Makes the handler. */
export const createRawHook =
  (settings: EvaluationSettings, evaluation: Evaluation): RawHookAnswer =>
  async (message, facts, signal) => {
    const decision = await evaluation.decide({
      face: 'raw-hook',
      content: () => contentOf(message, facts.receiver ?? settings.authservId, settings, evaluation.lists),
      facts,
      ...(signal !== undefined && { signal }),
    });
    return {
      action: decision.action,
      reason: decision.reason,
      ...(decision.smtpReply !== null && { smtpReply: decision.smtpReply }),
      removeHeaders: [...decision.remove],
      addHeaders: [...decision.add],
      verdict: decision.verdict,
    };
  };

const contentOf = (
  octets: Buffer,
  authservId: string,
  settings: EvaluationSettings,
  { removeAuthservIds }: Lists,
): Content => {
  const finder = createForgedFieldFinder(
    [authservId, settings.authservId, ...removeAuthservIds],
    settings.pipelineMaxFields,
  );
  const message = readMessage(octets, messageLimits(settings));
  const fields = message.kind === 'message' ? message.fields : [];
  for (const field of fields) finder.add({ name: field.name, value: field.value() });
  const overSize =
    message.kind === 'header-too-large' ||
    octets.length > settings.pipelineMaxMessageBytes ||
    fields.length > settings.pipelineMaxFields ||
    finder.incomplete;
  return {
    octets: overSize ? 'over-size' : octets,
    exactness: 'exact',
    forged: finder.found(),
    // Fields of a header block that was not read may be forged as well.
    forgedIncomplete: finder.incomplete || message.kind === 'header-too-large',
  };
};
