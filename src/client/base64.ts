/**
 * Octets as base64 (RFC 4648 section 4), with what every runtime that has fetch has too. Changes no
 * octet.
 */

/**
 * Octets encoded at a time: a multiple of three, so that the parts join without padding, and few
 * enough to be arguments.
 */
const PART_BYTES = 24_576;

/** Encodes. @param octets any number of them */
export const toBase64 = (octets: Uint8Array): string => {
  const parts: string[] = [];
  for (let start = 0; start < octets.length; start += PART_BYTES) {
    parts.push(btoa(String.fromCharCode(...octets.subarray(start, start + PART_BYTES))));
  }
  return parts.join('');
};
