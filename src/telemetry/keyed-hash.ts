/**
 * HMAC-SHA-256 (RFC 2104) for the addresses of log lines. Pure.
 */
import { hash } from 'node:crypto';

/** Octets of a block of SHA-256. */
const BLOCK_BYTES = 64;

/**
 * HMAC-SHA-256 (RFC 2104) in hexadecimal, as two hashes of one call each: every line has up to
 * three addresses, and an object of node:crypto for each of them cost more than the rest of the
 * line.
 */
export const keyedHash = (key: Buffer): ((text: string) => string) => {
  const block = Buffer.alloc(BLOCK_BYTES);
  (key.length > BLOCK_BYTES ? hash('sha256', key, 'buffer') : key).copy(block);
  const inner = Buffer.from(block.map((octet) => octet ^ 0x36));
  const outer = Buffer.from(block.map((octet) => octet ^ 0x5c));
  return (text) =>
    hash('sha256', Buffer.concat([outer, hash('sha256', Buffer.concat([inner, Buffer.from(text)]), 'buffer')]), 'hex');
};
