/**
 * The messages of files, folders and standard input, one after another: what a file is, its first
 * octets tell. Holds one message and one chunk at a time. A message that cannot be read out of a
 * folder or an mbox is one problem, never the end; what was named and cannot be used at all is
 * NoInput.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import { maxLineBytes, parseLine } from '../../http/routes/batch-route.ts';
import { readLines } from '../../message/lines.ts';
import { readMbox } from '../../message/mbox.ts';
import { readFailure, systemReason } from '../../settings/system-failure.ts';
import type { VerifyOptions } from '../../verdict/run.ts';
import { NoInput } from '../command.ts';
import { nameOf } from '../read-input.ts';
import { mailFiles } from './mail-files.ts';

/** A message, or why there is none. */
export type Found = {
  /** The file, or "-" for standard input. */
  readonly source: string;
  readonly isMaildir: boolean;
  readonly content:
    | {
        readonly kind: 'message';
        readonly bytes: Buffer;
        readonly facts: SmtpFacts;
        readonly options: VerifyOptions;
      }
    | { readonly kind: 'problem'; readonly reason: string };
};

/** Where messages are read from. */
type MessageInput = {
  readonly names: readonly string[];
  readonly standardInput: () => AsyncIterable<Buffer>;
  readonly maxMessageBytes: number;
  /** Receives the octets that were read. */
  readonly onOctets: (octets: number) => void;
};

/**
 * Reads all messages, in the order of the names.
 * @throws NoInput for a name that leads to no message
 */
export async function* readMessages(input: MessageInput): AsyncGenerator<Found> {
  for (const name of input.names) {
    if (name !== '-' && (await kindAt(name)) === 'folder') yield* fromFolder(name, input);
    else yield* fromStream(name, input);
  }
}

/**
 * Checks what can be checked before anything is judged, and adds up the octets to read.
 * @param isSized whether the sum is wanted: it takes a look at every file
 * @returns octets; null when they are not known
 * @throws NoInput for a name that cannot be used
 */
export const checkInput = async ({ names }: Pick<MessageInput, 'names'>, isSized: boolean): Promise<number | null> => {
  let octets: number | null = isSized ? 0 : null;
  const add = (more: number | null): void => {
    octets = octets === null || more === null ? null : octets + more;
  };
  for (const name of names) {
    const kind = name === '-' ? 'stream' : await kindAt(name);
    if (kind === 'stream') add(null);
    else if (kind === 'folder') {
      if (isSized) for await (const file of mailFiles(name)) if (file.kind === 'file') add(file.bytes);
    } else {
      const stream = createReadStream(name);
      await startOf(name, stream).finally(() => stream.destroy());
      add((await stat(name)).size);
    }
  }
  return octets;
};

const kindAt = async (name: string): Promise<'file' | 'folder' | 'stream'> => {
  try {
    const found = await stat(name);
    return found.isDirectory() ? 'folder' : found.isFile() ? 'file' : 'stream';
  } catch (cause) {
    throw new NoInput(readFailure(name, cause));
  }
};

async function* fromFolder(folder: string, input: MessageInput): AsyncGenerator<Found> {
  let count = 0;
  for await (const file of mailFiles(folder)) {
    count += 1;
    const found = { source: file.path, isMaildir: file.kind === 'file' && file.isMaildir };
    yield file.kind === 'failed'
      ? { ...found, content: { kind: 'problem', reason: file.reason } }
      : { ...found, content: await readWhole(file.path, counted(createReadStream(file.path), input), input) };
  }
  if (count === 0)
    throw new NoInput(
      `${folder} holds no message: neither a file that ends in .eml nor a Maildir (cur and new); name an mbox or NDJSON file itself`,
    );
}

async function* fromStream(name: string, input: MessageInput): AsyncGenerator<Found> {
  const found = { source: name, isMaildir: false };
  const stream = name === '-' ? input.standardInput() : createReadStream(name);
  try {
    const { kind, octets } = await startOf(name, counted(stream, input));
    switch (kind) {
      case 'message':
        yield { ...found, content: await readWhole(name, octets, input) };
        return;
      case 'mbox':
        for await (const content of fromMbox(octets, input)) yield { ...found, content };
        return;
      case 'ndjson':
        for await (const content of fromLines(octets, input)) yield { ...found, content };
        return;
      default:
        kind satisfies never;
    }
  } catch (cause) {
    throw systemReason(cause) === null ? cause : new NoInput(readFailure(nameOf(name), cause));
  }
}

const readWhole = async (
  name: string,
  octets: AsyncIterable<Buffer>,
  { maxMessageBytes }: MessageInput,
): Promise<Found['content']> => {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of octets) {
      length += chunk.length;
      if (length > maxMessageBytes) return tooLarge(maxMessageBytes);
      chunks.push(chunk);
    }
  } catch (cause) {
    return { kind: 'problem', reason: readFailure(nameOf(name), cause) };
  }
  return length === 0
    ? { kind: 'problem', reason: `${nameOf(name)} is empty` }
    : { kind: 'message', bytes: Buffer.concat(chunks), facts: {}, options: {} };
};

async function* fromMbox(
  octets: AsyncIterable<Buffer>,
  { maxMessageBytes }: MessageInput,
): AsyncGenerator<Found['content']> {
  for await (const entry of readMbox(octets, maxMessageBytes))
    yield entry.kind === 'message'
      ? { kind: 'message', bytes: entry.bytes, facts: {}, options: {} }
      : tooLarge(maxMessageBytes);
}

async function* fromLines(
  octets: AsyncIterable<Buffer>,
  { maxMessageBytes }: MessageInput,
): AsyncGenerator<Found['content']> {
  const maxBytes = maxLineBytes(maxMessageBytes);
  for await (const line of readLines(octets, maxBytes)) {
    if (line.kind !== 'line') {
      yield { kind: 'problem', reason: `the line has more than ${maxBytes} octets` };
      continue;
    }
    const item = await parseLine(line.bytes, maxMessageBytes, maxBytes);
    if (item === null) continue;
    yield 'problem' in item
      ? { kind: 'problem', reason: item.problem.message }
      : { kind: 'message', bytes: item.message, facts: item.facts, options: item.options };
  }
}

const tooLarge = (maxMessageBytes: number): Found['content'] => ({
  kind: 'problem',
  reason: `the message has more than ${maxMessageBytes} octets (MAX_MESSAGE_BYTES)`,
});

async function* counted(stream: AsyncIterable<Buffer>, { onOctets }: MessageInput): AsyncGenerator<Buffer> {
  for await (const chunk of stream) {
    onOctets(chunk.length);
    yield chunk;
  }
}

/** Octets that are looked at to tell what a file is. */
const START_BYTES = 1000;
const BLANK_LINES = /^[\r\n]*/;
/** The name of a header field (RFC 5322 section 2.2) and its colon. */
const FIELD = /^[!-9;-~]{1,500}[ \t]{0,10}:/;

/** What a stream holds by its first octets, and all of its octets. */
const startOf = async (name: string, stream: AsyncIterable<Buffer>) => {
  const chunks = stream[Symbol.asyncIterator]();
  let start = Buffer.alloc(0);
  while (start.length < START_BYTES) {
    const { value, done } = await chunks.next().catch((cause: unknown) => {
      throw new NoInput(readFailure(nameOf(name), cause));
    });
    if (done === true) break;
    start = Buffer.concat([start, value]);
  }
  async function* whole(): AsyncGenerator<Buffer> {
    yield start;
    yield* { [Symbol.asyncIterator]: () => chunks };
  }
  return { kind: kindOfStart(name, start.toString('latin1', 0, START_BYTES)), octets: whole() };
};

const kindOfStart = (name: string, start: string): 'message' | 'mbox' | 'ndjson' => {
  if (start === '') throw new NoInput(`${nameOf(name)} is empty`);
  const text = start.replace(BLANK_LINES, '');
  if (text.startsWith('From ')) return 'mbox';
  if (text.trimStart().startsWith('{')) return 'ndjson';
  if (name.toLowerCase().endsWith('.eml') || FIELD.test(text)) return 'message';
  throw new NoInput(
    `${nameOf(name)} is no message, mbox or NDJSON: it begins with none of a header field, "From " and "{"`,
  );
};
