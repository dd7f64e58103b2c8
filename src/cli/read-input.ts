/** Reads a file or standard input up to a limit; more is an error, never a cut message. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { readFailure } from '../settings/system-failure.ts';
import { NoInput, type Terminal, WrongUse } from './command.ts';

/** What is read. */
type InputOptions = {
  readonly maxBytes: number;
  /** What to do with a folder, as a clause that follows its name. */
  readonly ofFolder?: string;
};

/**
 * Reads octets.
 * @param name a file, or "-" for standard input
 * @throws NoInput when it cannot be read or is empty; WrongUse when it is too large
 */
export const readInput = async (
  name: string,
  { maxBytes, ofFolder }: InputOptions,
  terminal: Terminal,
): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    if (name !== '-' && ofFolder !== undefined && (await stat(name)).isDirectory())
      throw new NoInput(`${name} is a folder; ${ofFolder}`);
    const stream: AsyncIterable<Buffer> = name === '-' ? terminal.readInput() : createReadStream(name);
    for await (const chunk of stream) {
      length += chunk.length;
      if (length > maxBytes) throw new WrongUse(`${nameOf(name)} is larger than ${maxBytes} octets`);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof WrongUse || cause instanceof NoInput) throw cause;
    throw new NoInput(readFailure(nameOf(name), cause));
  }
  if (length === 0) throw new NoInput(`${nameOf(name)} is empty`);
  return Buffer.concat(chunks);
};

/** What an input is called in a sentence. */
export const nameOf = (name: string): string => (name === '-' ? 'standard input' : name);
