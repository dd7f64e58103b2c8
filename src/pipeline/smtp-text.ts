/**
 * Octets of an SMTP session as text. An identity is written exactly or not at all: with a replaced
 * octet or cut short it would be somebody else's. What is only shown may lose octets. Addresses are
 * UTF-8 (RFC 6531); control characters belong to none and would get into header fields and log
 * lines. Pure.
 */
import { isUtf8 } from 'node:buffer';

/**
 * An identity as octets, one code unit each.
 * @returns undefined where it is no UTF-8, has control characters or is longer than `maxLength`
 * characters
 */
export const identityOf = (octets: string, maxLength: number): string | undefined => {
  const bytes = Buffer.from(octets, 'latin1');
  return isUtf8(bytes) ? identityText(bytes.toString('utf8'), maxLength) : undefined;
};

/**
 * The same for text that was decoded elsewhere: a replacement character replaces octets that are
 * lost.
 */
export const identityText = (text: string, maxLength: number): string | undefined =>
  text.length > maxLength || /[\u0000-\u001f\u007f\ufffd]/.test(text) || !text.isWellFormed() ? undefined : text;

/**
 * Text to show: UTF-8 where it is UTF-8, else Latin-1, no control characters, at most `maxLength`
 * characters.
 */
export const shownText = (octets: string, maxLength: number): string => {
  const bytes = Buffer.from(octets, 'latin1');
  const text = isUtf8(bytes) ? bytes.toString('utf8') : octets;
  return text.slice(0, maxLength).replace(/[\u0000-\u001f\u007f]/g, '?');
};
