/**
 * Gives the memory of large octets back at once, once nobody reads them any more. The collector
 * would come to it as well, but V8 then collects the whole heap, which costs as much as judging
 * several large messages, each time that 64 MB of octets are unused.
 */

/** Smaller memory is left to the collector. */
const MIN_BYTES = 16_384;

/**
 * Empties a buffer: its length is 0 from then on. Without effect on memory that is small or that
 * others share.
 */
export const detachBuffer = (bytes: Buffer): void => {
  const { buffer } = bytes;
  if (bytes.length < MIN_BYTES || bytes.length !== buffer.byteLength || !(buffer instanceof ArrayBuffer)) return;
  buffer.transfer(0);
};
