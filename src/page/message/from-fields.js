/**
 * The From fields of a message as they were written, for people to see what no address could be
 * read from. Reads no address itself, and bounds what is shown. Pure. RFC 5322 section 2.2.
 */

/** Octets of the header that are looked at: more than any server takes. */
const MAX_HEADER_BYTES = 262144;
/** From fields that are shown; a message may have one. */
const MAX_FIELDS = 20;
/** Characters of a field that are shown. */
const MAX_CHARACTERS = 1000;

/**
 * Their bodies, unfolded.
 * @param {Uint8Array} bytes of the message
 * @returns {string[]} at most 20, each of at most 1000 characters and then an ellipsis
 */
export const fromFields = (bytes) => {
  /** @type {string[]} */
  const fields = [];
  let isFrom = false;
  for (const line of new TextDecoder().decode(bytes.subarray(0, MAX_HEADER_BYTES)).split(/\r\n|\n|\r/)) {
    if (line === '') break;
    if (!/^[ \t]/.test(line)) {
      const name = line.slice(0, 'from'.length).toLowerCase();
      const rest = line.slice('from'.length).trimStart();
      isFrom = name === 'from' && rest.startsWith(':');
      if (isFrom && fields.length === MAX_FIELDS) break;
      if (isFrom) fields.push(rest.slice(1).trim());
    } else if (isFrom) {
      fields.push(`${fields.pop()} ${line.trim()}`);
    }
  }
  return fields.map((field) => (field.length > MAX_CHARACTERS ? `${field.slice(0, MAX_CHARACTERS)}…` : field));
};
