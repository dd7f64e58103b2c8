/**
 * Compresses a report with gzip (RFC 1952) as it is written, in bounded memory. The header says
 * nothing of time and machine, so that the same version of zlib makes the same octets of the same
 * report everywhere.
 */
import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';

/** Place of the operating system in the header, and the number that says "unknown". */
const OS_AT = 9;
const OS_UNKNOWN = 255;

/**
 * Compresses text.
 * @throws what the text throws
 */
export async function* compressReport(text: AsyncIterable<string>): AsyncGenerator<Buffer, void, undefined> {
  const gzip = createGzip();
  // A failure of either end destroys the other, and comes out of the loop below.
  pipeline(Readable.from(text), gzip, () => undefined);
  let isFirst = true;
  for await (const chunk of gzip as AsyncIterable<Buffer>) {
    if (isFirst) chunk[OS_AT] = OS_UNKNOWN;
    isFirst = false;
    yield chunk;
  }
}
