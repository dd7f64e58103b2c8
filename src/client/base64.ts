/**
 * Octets as base64 (RFC 4648 section 4), with what every runtime that has fetch has too. Changes no
 * octet.
 */

/**
 * Octets encoded at a time: a multiple of three, so that the pieces join without padding, and few
 * enough to be arguments.
 */
const PIECE_BYTES = 24_576;

/** Encodes. @param octets any number of them */
export const toBase64 = (octets: Uint8Array): string => {
  const pieces: string[] = [];
  for (let start = 0; start < octets.length; start += PIECE_BYTES) {
    pieces.push(btoa(String.fromCharCode(...octets.subarray(start, start + PIECE_BYTES))));
  }
  return pieces.join('');
};
