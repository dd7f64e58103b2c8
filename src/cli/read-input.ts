/** Reads a file or standard input up to a limit; more is an error, never a cut message. */
import { createReadStream } from 'node:fs';
import { NoInput, type Terminal, WrongUse } from './command.ts';

/** Reads octets. @param name a file, or "-" for standard input */
export const readInput = async (name: string, maxBytes: number, terminal: Terminal): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    const stream: AsyncIterable<Buffer> = name === '-' ? terminal.readInput() : createReadStream(name);
    for await (const chunk of stream) {
      length += chunk.length;
      if (length > maxBytes) throw new WrongUse(`${name}: larger than ${maxBytes} octets`);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (cause instanceof WrongUse) throw cause;
    throw new NoInput(
      `${name}: cannot be read${cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : ''}`,
    );
  }
  if (length === 0) throw new NoInput(`${name === '-' ? 'standard input' : name} is empty`);
  return Buffer.concat(chunks);
};
