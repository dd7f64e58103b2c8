/**
 * One message through every face that takes one: milter, JSON hook, raw hook. What each would do to
 * it, in the same words, so that they can be compared.
 */
import { MtaHooksRequest } from '../../schemas/requests/hooks.ts';
import { createMemory } from '../../src/message/memory.ts';
import type { Evaluation } from '../../src/pipeline/evaluation.ts';
import type { FaceSettings } from '../../src/pipeline/face-settings.ts';
import { createMtaHooks } from '../../src/pipeline/hooks/mta-hooks.ts';
import { createRawHook } from '../../src/pipeline/hooks/raw-hook.ts';
import { createLists } from '../../src/pipeline/lists.ts';
import { createFrameReader } from '../../src/pipeline/milter/frame-reader.ts';
import { repliesFor } from '../../src/pipeline/milter/reply.ts';
import { Session } from '../../src/pipeline/milter/session.ts';
import { readCommand, writeReplies } from '../../src/pipeline/milter/wire.ts';
import { applyEdits, messageFrames, readReplies, send } from './milter/mta.ts';

/**
 * A message: fields as name and what follows the colon without the line end; CRLF in folds. Octets
 * as Latin-1.
 */
export type FaceMessage = {
  fields: readonly (readonly [name: string, value: string])[];
  body: string;
  clientIp?: string;
  mailFrom?: string;
};

/** What a face answers. */
export type FaceAnswer = {
  /** `accept`, or the reply code. */
  action: 'accept' | number;
  /** The header block that goes on, as `name:value`, when the message is accepted. */
  fields: string[];
};

const HELO = 'mail.sender.example';

const edited = (
  fields: FaceMessage['fields'],
  remove: readonly { name: string; index: number }[],
  add: readonly { name: string; value: string }[],
): string[] =>
  applyEdits(
    fields,
    [
      ...remove.map(({ name, index }) => ({ code: 'm', index, texts: [name, ''] })),
      ...add.map(({ name, value }) => ({ code: 'i', index: 0, texts: [name, ` ${value}`] })),
    ],
    true,
  );

const asText = (octets: string): string => Buffer.from(octets, 'latin1').toString('utf8');

const byMilter = async (message: FaceMessage, settings: FaceSettings, evaluation: Evaluation) => {
  const session = new Session({
    limits: { maxMessageBytes: settings.maxMessageBytes, maxFields: settings.maxHeaderFields },
    memory: createMemory(settings.pipelineMaxTotalBytes),
    authservId: settings.authservId,
    lists: createLists(settings),
    refusal: () => null,
  });
  const reader = createFrameReader(1_114_112, createMemory(10_000_000));
  // Postfix sends folds as bare LF.
  const sentFields = message.fields.map(([name, value]) => [name, value.replace(/\r\n(?=[ \t])/g, '\n')] as const);
  for (const frame of [
    send.optneg(),
    send.connect(HELO, message.clientIp ?? '192.0.2.10'),
    send.helo(HELO),
    ...messageFrames(sentFields, message.body, { mailFrom: `<${message.mailFrom ?? 'alice@sender.example'}>` }),
  ]) {
    reader.push(frame);
    const command = reader.next();
    if (command === undefined || typeof command === 'string') throw new Error(`no command: ${command}`);
    const read = readCommand(command);
    if (typeof read === 'string') throw new Error(read);
    const step = session.receive(read);
    if (step.kind !== 'evaluate') continue;
    const { transaction, facts, daemon, agreement } = step.message;
    const decision = await evaluation.decide({ face: 'milter', content: () => transaction.content(), facts, daemon });
    transaction.release();
    const replies = readReplies(writeReplies(repliesFor(decision, agreement, settings.quarantine)));
    const refused = replies.find(({ code }) => code === 'y');
    if (refused !== undefined) return { action: Number(refused.texts[0]?.slice(0, 3)), fields: [] };
    const fields = applyEdits(sentFields, replies, true).map((line) => asText(line).replace(/\r?\n/g, '\r\n'));
    return { action: 'accept' as const, fields };
  }
  throw new Error('the message was not evaluated');
};

const byJsonHook = async (message: FaceMessage, settings: FaceSettings, evaluation: Evaluation) => {
  const headers = message.fields.map(([name, value]) => [name, `${asText(value)}\r\n`]);
  const block = headers.map(([name, value]) => `${name}:${value}`).join('');
  const request = MtaHooksRequest.parse({
    context: { stage: 'data', client: { ip: message.clientIp ?? '192.0.2.10', helo: HELO } },
    envelope: {
      from: { address: message.mailFrom ?? 'alice@sender.example' },
      to: [{ address: 'bob@rcpt.example' }],
    },
    message: { headers, contents: message.body, size: Buffer.byteLength(block) + 2 + message.body.length },
  });
  const { action, response, modifications } = await createMtaHooks(settings, evaluation)(request);
  if (action === 'reject') return { action: response?.status ?? 0, fields: [] };
  const remove = modifications.flatMap((one) => (one.type === 'deleteHeader' ? [one] : []));
  const add = modifications.flatMap((one) => (one.type === 'addHeader' ? [one] : []));
  const fields = message.fields.map(([name, value]) => [name, asText(value)] as const);
  return { action: 'accept' as const, fields: edited(fields, remove, add) };
};

const byRawHook = async (message: FaceMessage, settings: FaceSettings, evaluation: Evaluation) => {
  const block = message.fields.map(([name, value]) => `${name}:${value}\r\n`).join('');
  const octets = Buffer.from(`${block}\r\n${message.body}`, 'latin1');
  const { action, smtpReply, removeHeaders, addHeaders } = await createRawHook(settings, evaluation)(octets, {
    clientIp: message.clientIp ?? '192.0.2.10',
    helo: HELO,
    mailFrom: message.mailFrom ?? 'alice@sender.example',
    rcptTo: ['bob@rcpt.example'],
  });
  if (action === 'reject' || action === 'tempfail') return { action: smtpReply?.code ?? 0, fields: [] };
  const remove = removeHeaders.map(({ name, occurrence }) => ({ name, index: occurrence }));
  // The hook counts fields as lines are counted here: each LF ends one.
  const fields = asText(block)
    .split(/\r?\n(?![ \t])/)
    .filter((line) => line !== '')
    .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as const);
  return { action: 'accept' as const, fields: edited(fields, remove, addHeaders) };
};

/** The faces by name. */
export const FACES = { milter: byMilter, 'JSON hook': byJsonHook, 'raw hook': byRawHook } satisfies Record<
  string,
  (message: FaceMessage, settings: FaceSettings, evaluation: Evaluation) => Promise<FaceAnswer>
>;
