/**
 * A TLS-RPT record as a syntax tree: where reports on failed TLS go. Never sends one. RFC 8460
 * section 3.
 */
import { type Fault, quote } from './fault.ts';
import { parseTagList, type Tag } from './tag-list.ts';
import { type Selection, selectTexts } from './txt.ts';

/** One address of `rua`. */
type TlsRptUri = { readonly uri: string; readonly scheme: 'mailto' | 'https'; readonly offset: number };

/**
 * The record at `_smtp._tls`, or its first fault. A fault means: no reports (RFC 8460 section 3).
 */
type TlsRptRecord = { readonly text: string; readonly tags: readonly Tag[] } & (
  | { readonly kind: 'record'; readonly rua: readonly TlsRptUri[]; readonly faults: readonly Fault[] }
  | { readonly kind: 'fault'; readonly fault: Fault }
);

const VERSION = /^v=TLSRPTv1[ \t]*;/;
// Commas, semicolons and exclamation points of a URI are percent-encoded here.
const MAIL = /^mailto:[^\s@,;!]+@[^\s@,;!]+$/i;
const WEB = /^https:\/\/[^\s,;!/?#][^\s,;!]*$/i;

/**
 * The TLS-RPT record among the TXT texts of `_smtp._tls`; several count as none (RFC 8460 section
 * 3).
 */
export const selectTlsRpt = (texts: readonly string[]): Selection => selectTexts(texts, (text) => VERSION.test(text));

/**
 * Reads a TLS-RPT record. Several `rua` fields are allowed; unknown fields are kept and ignored.
 * Never throws.
 */
export const parseTlsRpt = (text: string): TlsRptRecord => {
  const { tags, faults: broken } = parseTagList(text);
  const faulty = (offset: number, reason: string): TlsRptRecord => ({
    kind: 'fault',
    text,
    tags,
    fault: { offset, reason },
  });
  if (!VERSION.test(text)) return faulty(0, 'the text does not begin with "v=TLSRPTv1;"');
  const [first] = broken;
  if (first !== undefined) return faulty(first.offset, first.reason);
  const fields = tags.filter((tag) => tag.name === 'rua');
  if (fields.length === 0) return faulty(text.length, 'field "rua" is missing');
  const rua: TlsRptUri[] = [];
  const faults: Fault[] = [];
  for (const field of fields) {
    let start = field.valueOffset;
    for (const piece of field.value.split(',')) {
      const offset = start + piece.length - piece.trimStart().length;
      start += piece.length + 1;
      const uri = piece.trim();
      if (MAIL.test(uri)) rua.push({ uri, scheme: 'mailto', offset });
      else if (WEB.test(uri)) rua.push({ uri, scheme: 'https', offset });
      else faults.push({ offset, reason: `${quote(uri)} is neither a mailto: nor an https: address` });
    }
  }
  const [unusable] = faults;
  if (rua.length === 0 && unusable !== undefined) return faulty(unusable.offset, unusable.reason);
  return { kind: 'record', text, tags, rua, faults };
};
