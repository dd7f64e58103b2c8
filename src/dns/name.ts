/**
 * Domain names as the resolver takes them: bytes 0x20 to 0x7e, dots between labels, compared
 * without regard to ASCII case (RFC 4343). Never maps Unicode (A-labels come from the caller, RFC
 * 8616), never treats a backslash as an escape (macros of RFC 7208 section 7 produce every byte)
 * and never lets the root through: an empty name that slipped past its caller would be answered by
 * the root servers.
 */
/** Longest label in octets (RFC 1035 section 2.3.4). */
const MAX_LABEL_BYTES = 63;
/**
 * Longest name in characters without the last dot: 255 octets on the wire (RFC 1035 section 2.3.4).
 */
const MAX_NAME_CHARACTERS = 253;

const DOT = 0x2e;

/**
 * The one spelling of a name that keys, comparisons and the wire use: ASCII lower case, without one
 * last dot.
 * @returns null when the name cannot be encoded: empty, an empty label, a label over 63, more than
 * 253 characters, a byte outside 0x20..0x7e
 */
export const normalizeName = (name: string): string | null => {
  const end = name.endsWith('.') ? name.length - 1 : name.length;
  if (end === 0 || end > MAX_NAME_CHARACTERS) return null;
  let labelStart = 0;
  let hasUpperCase = false;
  for (let at = 0; at < end; at++) {
    const byte = name.charCodeAt(at);
    if (byte === DOT) {
      if (at === labelStart || at - labelStart > MAX_LABEL_BYTES) return null;
      labelStart = at + 1;
    } else if (byte < 0x20 || byte > 0x7e) return null;
    else if (byte >= 0x41 && byte <= 0x5a) hasUpperCase = true;
  }
  if (end === labelStart || end - labelStart > MAX_LABEL_BYTES) return null;
  const trimmed = end === name.length ? name : name.slice(0, end);
  return hasUpperCase ? trimmed.toLowerCase() : trimmed;
};

/** True when `name` is `apex` or below it. Both normalized. */
export const isAtOrUnder = (name: string, apex: string): boolean =>
  name.endsWith(apex) && (name.length === apex.length || name.charCodeAt(name.length - apex.length - 1) === DOT);

/** The name one label up; null above a single label. Normalized in, normalized out. */
export const parentName = (name: string): string | null => {
  const dot = name.indexOf('.');
  return dot === -1 ? null : name.slice(dot + 1);
};

/**
 * A name fit for a log line or a report: bytes outside 0x20..0x7e as `\DDD`, cut after 253
 * characters.
 */
export const printableName = (name: string): string =>
  name
    .slice(0, MAX_NAME_CHARACTERS)
    .replace(/[^\x20-\x7e]/g, (character) => `\\${String(character.charCodeAt(0)).padStart(3, '0')}`);
