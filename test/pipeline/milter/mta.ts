/**
 * The mail server's side of the milter wire, written apart from the filter's side: builds commands,
 * reads replies, and does to a header block what Postfix (which counts anew after each removal) and
 * Sendmail (which does not) do with the edits.
 */
import { Buffer } from 'node:buffer';

/** A frame of the mail server. */
export const frame = (code: string, ...parts: (string | Buffer)[]): Buffer => {
  const payload = Buffer.concat([
    Buffer.from(code),
    ...parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(payload.length);
  return Buffer.concat([length, payload]);
};

const u32 = (...words: number[]): Buffer => {
  const octets = Buffer.alloc(4 * words.length);
  for (const [at, word] of words.entries()) octets.writeUInt32BE(word, 4 * at);
  return octets;
};

const u16 = (word: number): Buffer => {
  const octets = Buffer.alloc(2);
  octets.writeUInt16BE(word);
  return octets;
};

const nul = (...texts: string[]): string => texts.map((text) => `${text}\0`).join('');

/** What Postfix 3.7 and Sendmail 8.17 offer. */
export const FULL_OFFER = { version: 6, actions: 0x1ff, protocol: 0x1fffff };

/** Commands as frames. */
export const send = {
  optneg: ({ version, actions, protocol } = FULL_OFFER) => frame('O', u32(version, actions, protocol)),
  macro: (command: string, values: Record<string, string> = {}) =>
    frame('D', command, nul(...Object.entries(values).flat())),
  connect: (hostname: string, address: string, port = 40001, family = address.includes(':') ? '6' : '4') =>
    family === 'U' ? frame('C', nul(hostname), family) : frame('C', nul(hostname), family, u16(port), nul(address)),
  helo: (argument: string) => frame('H', nul(argument)),
  mail: (...address: string[]) => frame('M', nul(...address)),
  rcpt: (...address: string[]) => frame('R', nul(...address)),
  data: () => frame('T'),
  header: (name: string, value: string) => frame('L', nul(name, value)),
  eoh: () => frame('N'),
  body: (chunk: string | Buffer) => frame('B', chunk),
  eom: (chunk: string | Buffer = '') => frame('E', chunk),
  unknown: (line: string) => frame('U', nul(line)),
  abort: () => frame('A'),
  quit: () => frame('Q'),
  quitNc: () => frame('K'),
};

/** The frames of a message from MAIL to the end, as Postfix sends them. */
export const messageFrames = (
  fields: readonly (readonly [name: string, value: string])[],
  body: string,
  { mailFrom = '<alice@sender.example>', rcptTo = ['<bob@rcpt.example>'] } = {},
): Buffer[] => [
  send.mail(mailFrom),
  ...rcptTo.map((recipient) => send.rcpt(recipient)),
  send.data(),
  ...fields.map(([name, value]) => send.header(name, value)),
  send.eoh(),
  ...(body === '' ? [] : [send.body(body)]),
  send.eom(),
];

/** A reply as the mail server reads it. */
export type ReadReply = { code: string; index?: number; texts: string[]; words?: number[] };

/**
 * Reads all replies of a buffer.
 * @throws when a frame is not whole or has data where a mail server would break off
 */
export const readReplies = (octets: Buffer): ReadReply[] => {
  const replies: ReadReply[] = [];
  let at = 0;
  while (at < octets.length) {
    const length = octets.readUInt32BE(at);
    const payload = octets.subarray(at + 4, at + 4 + length);
    if (payload.length !== length || length === 0) throw new Error(`reply at ${at} is not whole`);
    replies.push(readReply(payload));
    at += 4 + length;
  }
  return replies;
};

const readReply = (payload: Buffer): ReadReply => {
  const code = payload.toString('latin1', 0, 1);
  const rest = payload.subarray(1);
  const texts = (from: number): string[] => {
    const pieces = rest.toString('latin1', from).split('\0');
    if (pieces.pop() !== '') throw new Error(`reply ${code} has an unterminated string`);
    return pieces;
  };
  if ('cards4p'.includes(code)) {
    if (rest.length > 0) throw new Error(`reply ${code} carries data`);
    return { code, texts: [] };
  }
  if (code === 'i' || code === 'm') return { code, index: rest.readUInt32BE(0), texts: texts(4) };
  if (code === 'O') return { code, texts: [], words: [0, 4, 8].map((offset) => rest.readUInt32BE(offset)) };
  return { code, texts: texts(0) };
};

/** Macro lists of a negotiation reply. */
export const readMacroLists = (octets: Buffer): [number, string][] => {
  const lists: [number, string][] = [];
  let at = 17;
  while (at < octets.length) {
    const end = octets.indexOf(0, at + 4);
    lists.push([octets.readUInt32BE(at), octets.toString('latin1', at + 4, end)]);
    at = end + 1;
  }
  return lists;
};

type Line = { name: string; value: string; ours: boolean };

/**
 * The header block after the edits.
 * @param shifting true: Postfix, whose occurrences count anew after each removal; false: Sendmail,
 * whose do not
 * @returns `name:value` lines
 */
export const applyEdits = (
  fields: readonly (readonly [name: string, value: string])[],
  replies: readonly ReadReply[],
  shifting: boolean,
): string[] => {
  const lines: (Line | null)[] = fields.map(([name, value]) => ({ name, value, ours: false }));
  for (const reply of replies) {
    const [name = '', value = ''] = reply.texts;
    if (reply.code === 'i') lines.splice(reply.index ?? 0, 0, { name, value, ours: true });
    if (reply.code === 'm' && value === '') {
      let left = reply.index ?? 1;
      const at = lines.findIndex((line) => {
        // A removed field keeps its number at Sendmail, and the field that stands there no longer
        // has a name that Postfix could count.
        if (line === null) return false;
        return line.name.toLowerCase() === name.toLowerCase() && --left === 0;
      });
      const line = lines[at];
      if (at >= 0 && line) lines[at] = shifting ? null : { ...line, value: '\0removed' };
    }
  }
  return lines
    .filter((line) => line !== null && line.value !== '\0removed')
    .map((line) => `${line?.name}:${line?.value}`);
};
