/**
 * What mail servers send to the HTTP hooks and what they get: MTA Hooks as Stalwart 0.13 to 0.16
 * deploys them, and the raw hook for Haraka, Exim and own scripts. MTA Hooks requests are read
 * leniently, since the mail server, not a person, writes them: unknown members are ignored.
 */
import { z } from 'zod';
import { SmtpReply, Verdict } from '../verdict.ts';

const MAX_LENGTH = 4096;
const Text = z.string().max(MAX_LENGTH);
/** Absent and null both mean unknown. */
const OptionalText = Text.nullish();

const Address = z.object({ address: Text.describe('without angle brackets; "" is the null reverse-path') });

export const MtaHooksRequest = z
  .object({
    context: z.object({
      stage: z
        .string()
        .max(32)
        .transform((stage) => stage.toLowerCase())
        .describe('connect, ehlo, auth, mail, rcpt or data; the case does not matter'),
      client: z
        .object({
          ip: z.string().max(64),
          port: z.number().nullish(),
          ptr: OptionalText.describe('reverse name with a last dot; not confirmed'),
          helo: OptionalText,
          ehlo: OptionalText.describe('as the documentation calls helo'),
        })
        .nullish(),
      sasl: z.object({ login: OptionalText, method: OptionalText }).nullish().describe('present when authenticated'),
      tls: z.object({ version: OptionalText, cipher: OptionalText }).nullish().describe('present with TLS'),
      server: z
        .object({
          name: OptionalText.describe('the product, not the host'),
          port: z.number().nullish(),
          ip: OptionalText,
        })
        .nullish(),
      queue: z.object({ id: OptionalText }).nullish(),
    }),
    envelope: z
      .object({
        from: Address.nullish(),
        to: z.array(Address).max(10000).nullish(),
      })
      .nullish(),
    message: z
      .object({
        headers: z
          .array(z.tuple([z.string(), z.string()]))
          .max(100000)
          .describe('name, and what follows the colon with folds and line end'),
        contents: z.string().describe('the body, decoded as UTF-8 with replacement characters'),
        size: z.number().int().min(0).describe('octets of the raw message'),
      })
      .nullish()
      .describe('at the data stage only'),
  })
  .meta({ id: 'MtaHooksRequest', description: 'MTA Hooks request as Stalwart sends it' });
export type MtaHooksRequest = z.infer<typeof MtaHooksRequest>;

export const MtaHooksResponse = z
  .object({
    action: z
      .enum(['accept', 'reject'])
      .describe('never discard or quarantine: the mail server answers both with 250 and loses the message'),
    response: z
      .object({
        status: z.number().int().describe('reply code'),
        enhanced_status: z.string().describe('enhanced status code, as the code reads it'),
        enhancedStatus: z.string().describe('the same, as the documentation writes it'),
        message: z.string().describe('text of the reply'),
        disconnect: z.boolean(),
      })
      .optional()
      .describe('with reject; status 451 is a temporary refusal'),
    modifications: z
      .array(
        z.union([
          z.object({
            type: z.literal('deleteHeader'),
            index: z.number().int().describe('occurrence from 1'),
            name: z.string(),
          }),
          z.object({ type: z.literal('addHeader'), name: z.string(), value: z.string() }),
        ]),
      )
      .describe('applied in order when the message is accepted; deletions from the highest occurrence down'),
  })
  .meta({ id: 'MtaHooksResponse', description: 'MTA Hooks response as Stalwart reads it' });
export type MtaHooksResponse = z.infer<typeof MtaHooksResponse>;

export const RawHookResponse = z
  .object({
    action: z
      .enum(['accept', 'quarantine', 'reject', 'tempfail'])
      .describe('what to do with the message, by the policy and the settings of this service'),
    reason: z.string().describe('one plain sentence'),
    smtpReply: SmtpReply.optional().describe('with reject and tempfail'),
    removeHeaders: z
      .array(
        z.object({
          name: z.string(),
          occurrence: z.number().int().describe('counted per name from the top, from 1, in the message as it was sent'),
        }),
      )
      .describe(
        'fields to remove before any is added, highest occurrence first: forged ones, and those with a bare CR, a bare LF or NUL',
      ),
    addHeaders: z
      .array(z.object({ name: z.string(), value: z.string().describe('folded with CRLF, without the last one') }))
      .describe(
        'fields to put on top of the message, each above the one before; one with a bare CR, a bare LF or NUL comes back here with a space in its place',
      ),
    verdict: Verdict.nullable().describe(
      'null when the message was not evaluated: the client logged in, or a limit was reached',
    ),
  })
  .meta({ id: 'RawHookResponse', description: 'What to do with a message, for any mail server' });
export type RawHookResponse = z.infer<typeof RawHookResponse>;
