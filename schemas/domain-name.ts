/**
 * A domain name as a caller may write it: A-labels or U-labels. Syntax only (RFC 1035 section
 * 2.3.4, RFC 5890 for U-labels); nothing is asked. That U-labels can be written as A-labels is
 * checked where they are converted.
 */
import { z } from 'zod';

/**
 * Most characters of a name without its last dot (RFC 1035 section 2.3.4: 255 octets on the wire).
 */
const MAX_CHARACTERS = 253;
// What no label holds: white space, controls, and the marks of an address, a URL or a list. Dots
// that IDNA maps to "." (U+3002 and others) are refused too.
const LABEL = /^[^\s\p{C}@/\\:;,()<>[\]"'`|{}*?#%&=+!$^~\u3002\uff0e\uff61]+$/u;
const ASCII_LABEL = /^[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?$/;

const isAddress = (name: string): boolean =>
  (/^[\d.]+$/.test(name) && /\d/.test(name)) || (name.startsWith('[') && name.endsWith(']')) || name.includes(':');

/** @returns what is wrong with the text, or null */
const fault = (text: string): string | null => {
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  if (name === '') return 'must be a domain name';
  if (name.length > MAX_CHARACTERS) return `must be at most ${MAX_CHARACTERS} characters`;
  if (name.includes('/')) return 'must be a domain name such as brand.example, not a URL';
  if (name.includes('@')) return 'must be a domain name, not a mail address';
  if (isAddress(name)) return 'must be a domain name, not an IP address';
  const labels = name.split('.');
  for (const label of labels) {
    if (label === '') return 'must have no empty label: it has two dots in a row, or begins with one';
    if (label.length > 63) return 'must have labels of at most 63 characters';
    if (!LABEL.test(label)) return 'must hold letters, digits and hyphens, with dots between the labels';
    if (/^[\x21-\x7e]+$/.test(label) && !ASCII_LABEL.test(label))
      return 'must have labels that begin and end with a letter or a digit';
  }
  if (labels.length < 2) return 'must have at least two labels, as in brand.example';
  // A last label of digits would be read as part of an IPv4 address (WHATWG URL, RFC 3696 section
  // 2).
  if (/^\d+$/.test(labels.at(-1) ?? '')) return 'must end in a label that is not a number';
  return null;
};

/**
 * A domain of at least two labels, with an optional last dot; not a mail address, not an IP
 * address.
 */
export const DomainName = z
  .string()
  .superRefine((text, context) => {
    const message = fault(text);
    if (message !== null) context.addIssue({ code: 'custom', message });
  })
  .describe('domain name, A-labels or U-labels');
export type DomainName = z.infer<typeof DomainName>;
