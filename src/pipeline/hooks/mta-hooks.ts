/**
 * MTA Hooks as Stalwart deploys them: a JSON description of the transaction in, an action and
 * header edits out, by the decision code of the milter. The body comes decoded as text, so the
 * octets are assembled again and checked against the declared size: where they differ, no
 * failed signature counts against the message. Never answers discard or quarantine, which lose mail
 * there; never answers an error for content.
 */
import { isIP } from 'node:net';
import type { MtaHooksRequest, MtaHooksResponse } from '../../../schemas/requests/hooks.ts';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import type { Content } from '../content.ts';
import type { Decision } from '../decision.ts';
import type { Evaluation } from '../evaluation.ts';
import type { FaceSettings } from '../face-settings.ts';
import { createForgedFieldFinder } from '../forged-fields.ts';
import type { Lists } from '../lists.ts';
import { safeReply } from '../smtp-reply.ts';
import { identityText } from '../smtp-text.ts';
import { rebuildMessage, withoutLineEnd } from './rebuild-message.ts';

/** Answers one request that fits its schema. Never rejects. */
export type MtaHooksAnswer = (request: MtaHooksRequest, signal?: AbortSignal) => Promise<MtaHooksResponse>;

const ACCEPT: MtaHooksResponse = { action: 'accept', modifications: [] };

/** Makes the handler. */
export const createMtaHooks =
  (settings: FaceSettings, evaluation: Evaluation): MtaHooksAnswer =>
  async (request, signal) => {
    const { message } = request;
    // Before the message there is nothing that this service refuses for.
    if (request.context.stage !== 'data' || message === null || message === undefined) return ACCEPT;
    const decision = await evaluation.decide({
      face: 'mta-hooks',
      content: () => contentOf(message, settings, evaluation.lists),
      facts: factsOf(request, settings.authservId),
      daemon: { port: request.context.server?.port?.toString() },
      ...(signal !== undefined && { signal }),
    });
    return responseFor(decision);
  };

/** A decision in the words of Stalwart. */
const responseFor = (decision: Decision): MtaHooksResponse => {
  const { smtpReply } = decision;
  if (smtpReply !== null && (decision.action === 'reject' || decision.action === 'tempfail')) {
    const { code, enhancedCode, text } = safeReply(smtpReply);
    return {
      action: 'reject',
      response: {
        status: code,
        enhanced_status: enhancedCode,
        enhancedStatus: enhancedCode,
        message: text,
        disconnect: false,
      },
      modifications: [],
    };
  }
  return {
    action: 'accept',
    modifications: [
      ...decision.remove.map(({ name, occurrence }) => ({ type: 'deleteHeader' as const, index: occurrence, name })),
      ...decision.add.map(({ name, value }) => ({ type: 'addHeader' as const, name, value })),
    ],
  };
};

const contentOf = (
  message: NonNullable<MtaHooksRequest['message']>,
  settings: FaceSettings,
  { removeAuthservIds }: Lists,
): Content => {
  const finder = createForgedFieldFinder([settings.authservId, ...removeAuthservIds], settings.maxHeaderFields);
  for (const [name, value] of message.headers) finder.add({ name, value: withoutLineEnd(value) });
  const { octets, exactness } = rebuildMessage(message);
  const overSize =
    octets.length > settings.maxMessageBytes || finder.fields > settings.maxHeaderFields || finder.incomplete;
  return {
    octets: overSize ? 'over-size' : octets,
    exactness,
    forged: finder.found(),
    restored: finder.restored(),
    forgedIncomplete: finder.incomplete,
  };
};

const factsOf = ({ context, envelope }: MtaHooksRequest, authservId: string): SmtpFacts => {
  const { client, tls, sasl, queue } = context;
  const helo = identityText(client?.helo ?? client?.ehlo ?? '', 1000) || undefined;
  const version = text(tls?.version, 32);
  const cipher = text(tls?.cipher, 128);
  const identity = identityText(sasl?.login ?? '', 1000);
  const mechanism = text(sasl?.method, 64);
  const queueId = text(queue?.id, 255);
  const sender = envelope?.from?.address;
  const mailFrom = sender === undefined ? undefined : identityText(sender, 1000);
  const recipients = envelope?.to?.slice(0, 1000).map(({ address }) => identityText(address, 1000) ?? '') ?? [];
  return {
    ...(client !== null && client !== undefined && isIP(client.ip) !== 0 && { clientIp: client.ip }),
    ...(helo !== undefined && { helo }),
    ...(mailFrom !== undefined && { mailFrom }),
    ...(recipients.length > 0 && { rcptTo: recipients }),
    ...(version !== undefined && { tls: { version, ...(cipher !== undefined && { cipher }) } }),
    ...(sasl?.login && {
      auth: { ...(identity !== undefined && { identity }), ...(mechanism !== undefined && { mechanism }) },
    }),
    ...(queueId !== undefined && { queueId }),
    receiver: authservId,
  };
};

/** Text to show, without control characters, bounded; undefined for nothing. */
const text = (given: string | null | undefined, maxLength: number): string | undefined =>
  given?.slice(0, maxLength).replace(/[\u0000-\u001f\u007f]/g, '?') || undefined;
