/**
 * Encoded words (RFC 2047) as text for people: decoded, cut to a length, and with every character
 * that could hide or reorder its neighbours made visible. Never throws; the result carries no line
 * break, no control character and no bidirectional control (Unicode TR36).
 */
import { Libmime } from 'libmime';

/**
 * Encoded octets looked at for each character wanted; a four-octet character takes 12 in Q
 * encoding, and the enclosing word its share.
 */
const ENCODED_CHARS_PER_CHAR = 16;

const LINE_BREAKS_AND_TABS = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;

/**
 * C0 and C1 controls, and the characters that reorder or hide text: a name "moc.elpmaxe" under
 * U+202E reads as another domain.
 */
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

const NOT_PLAIN = /[^\x20-\x7e]/;

const libmime = new Libmime();

/**
 * Decodes the encoded words of a field body.
 * @param text an unfolded field body or a phrase of it
 * @param maxChars most characters (code points) of the result, 1 or more
 * @returns the text, controls replaced by U+FFFD; a word that cannot be decoded stays as written
 */
export function decodeWords(text: string, maxChars: number): string {
  const visible = showControls(decoded(text.slice(0, maxChars * ENCODED_CHARS_PER_CHAR)));
  if (visible.length <= maxChars) return visible;
  return Array.from(visible.slice(0, maxChars * 2))
    .slice(0, maxChars)
    .join('');
}

/** Replaces line breaks and tabs by a space, and all that hides or reorders text by U+FFFD. */
export function showControls(text: string): string {
  // Nearly every text is plain, and then nothing needs to be searched for.
  if (!NOT_PLAIN.test(text)) return text;
  return text.toWellFormed().replace(LINE_BREAKS_AND_TABS, ' ').replace(CONTROLS, '\ufffd');
}

function decoded(text: string): string {
  if (!text.includes('=?')) return text;
  try {
    return libmime.decodeWords(text);
  } catch {
    // The charset and the octets are the sender's; whatever the decoder makes of them, a name that
    // cannot be decoded is shown unchanged.
    return text;
  }
}
