/**
 * The hook for every other mail server: the octets of a message and its transport facts in, what to
 * do with it out, by the decision code of the milter. The octets are taken as exact. Never rejects.
 */
import type { RawHookResponse } from '../../../schemas/requests/hooks.ts';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import type { Content } from '../content.ts';
import type { Evaluation } from '../evaluation.ts';
import type { FaceSettings } from '../face-settings.ts';
import { createForgedFieldFinder } from '../forged-fields.ts';
import { forEachField } from '../header-block.ts';
import type { Lists } from '../lists.ts';

/** Answers for one message. @param facts `receiver` may name another authserv-id */
export type RawHookAnswer = (message: Buffer, facts: SmtpFacts, signal?: AbortSignal) => Promise<RawHookResponse>;

/** Makes the handler. */
export const createRawHook =
  (settings: FaceSettings, evaluation: Evaluation): RawHookAnswer =>
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

const contentOf = async (
  octets: Buffer,
  authservId: string,
  settings: FaceSettings,
  { removeAuthservIds }: Lists,
): Promise<Content> => {
  const finder = createForgedFieldFinder(
    [authservId, settings.authservId, ...removeAuthservIds],
    settings.maxHeaderFields,
  );
  await forEachField(octets, finder.add);
  const isOverSize =
    octets.length > settings.maxMessageBytes || finder.fields > settings.maxHeaderFields || finder.incomplete;
  return {
    octets: isOverSize ? 'over-size' : octets,
    exactness: 'exact',
    forged: finder.found(),
    restored: finder.restored(),
    forgedIncomplete: finder.incomplete,
  };
};
