/**
 * Where our words differ from those of mailauth's strict mode, each with the sentence that decides.
 * The comparison accepts nothing else, and differences.test.ts holds a message for each, so that an
 * entry that stopped being true is found.
 */

import type { KeyZone } from './key-zone.ts';

/** A result as one side tells it. */
export type Told = { readonly result: string; readonly reason: string };

/** What both sides were given: the message as latin1 text, and the DNS. */
export type Seen = { readonly text: string; readonly zone: KeyZone };

export type Difference = {
  readonly name: string;
  /** The rule, with its section. */
  readonly rule: string;
  readonly explains: (ours: Told, theirs: Told, seen: Seen) => boolean;
};

const syntax = (name: string, rule: string, reason: RegExp): Difference => ({
  name,
  rule: `RFC 6376 section 6.1.1: "Implementers MUST meticulously validate the format and values in the DKIM-Signature header field; any inconsistency or unexpected values MUST cause the header field to be completely ignored". ${rule}`,
  explains: (ours) => (ours.result === 'neutral' || ours.result === 'fail') && reason.test(ours.reason),
});

export const DIFFERENCES: readonly Difference[] = [
  syntax(
    'control character',
    'Section 3.2: a value holds %x21-3A, %x3C-7E and folding white space; mailauth takes any control character, and a lone CR or LF for a blank.',
    /a control character in the value of/,
  ),
  {
    name: 'line break beside a tag name',
    rule: 'RFC 6376 section 2.8: FWS is spaces, tabs, and a CRLF that one of them follows; mailauth drops any CR or LF beside a tag name.',
    explains: (ours, _theirs, { text }) =>
      /a tag name that is not letters/.test(ours.reason) ||
      (/has no instance/.test(ours.reason) && /^arc-[a-z-]+:[ \t]*(?:[\r\n]+\S|i[ \t]*[\r\n]+\S|\r)/im.test(text)),
  },
  syntax(
    'name not UTF-8',
    'RFC 8616 section 3: a non-ASCII label of d=, s= or i= is a U-label in UTF-8; mailauth goes on with U+FFFD in its place.',
    /d= is not a domain name|s= is not a selector|i= is not an identity/,
  ),
  syntax(
    'h= names',
    'Section 3.5: hdr-name is a field-name of RFC 5322; mailauth looks for whatever stands there.',
    /h= holds what is not a field name/,
  ),
  syntax(
    'c= grammar',
    'Section 3.5: sig-c-tag-alg ["/" sig-c-tag-alg] has no empty half and no white space; mailauth takes an empty half for simple.',
    /c= is not simple or relaxed/,
  ),
  syntax(
    'b= base64',
    'Section 3.5: sig-b-tag-data = base64string; mailauth skips what is not base64.',
    /^(?:ARC-.*: )?b= is not base64/,
  ),
  syntax('bh= base64', 'Section 3.5: sig-bh-tag-data = base64string.', /^(?:ARC-.*: )?bh= is not base64/),
  {
    name: 'l= beyond the body',
    rule: 'RFC 6376 section 3.5: "This value MUST NOT be larger than the actual number of octets in the canonicalized message body"; mailauth hashes what there is.',
    explains: (ours) => /l= is larger than the body/.test(ours.reason),
  },
  {
    name: 'rsa-sha1 unseen',
    rule: 'RFC 8301 section 3.1: "rsa-sha1 MUST NOT be used for signing or verifying"; mailauth hashes the body first, and says fail where it was changed.',
    explains: (ours, theirs) => ours.result === 'policy' && /rsa-sha1/.test(ours.reason) && theirs.result === 'fail',
  },
  {
    name: 'several key records',
    rule: 'RFC 6376 section 6.1.2 step 4: "the Verifier can choose one of the key records or may cycle through the key records"; mailauth takes the first that DNS happened to give.',
    explains: (ours, theirs, { zone }) =>
      Object.values(zone).some((records) => !('failure' in records) && records.length > 1) &&
      /^(?:invalid public key|unknown key|no key)/.test(theirs.reason) &&
      ['pass', 'fail', 'policy'].includes(ours.result),
  },
  {
    name: 'ARC without an answer',
    rule: 'RFC 6376 section 6.1.2 step 2: a question without an answer is TEMPFAIL, and RFC 8617 section 4.1 takes the key retrieval over; mailauth has only fail.',
    explains: (ours, theirs) =>
      ours.result === 'temperror' && theirs.result === 'fail' && /could not be had/.test(ours.reason),
  },
  {
    name: 'older ARC-Message-Signature',
    rule: 'RFC 8617 section 5.2 step 4 validates the newest ARC-Message-Signature only, the older ones are sealed bytes; mailauth wants an algorithm it knows of each, and no ARC-Seal in its h=.',
    explains: (ours, theirs, { text }) =>
      ours.result === 'pass' &&
      theirs.result === 'fail' &&
      /^(?:|i=\d+ invalid ams h)$/.test(theirs.reason) &&
      (text.match(/^arc-message-signature/gim)?.length ?? 0) > 1,
  },
  {
    name: 'CR at the end of the header block',
    rule: 'RFC 6376 section 3.4.2: what is reduced is WSP, which is spaces and tabs (section 2.8), so a CR of its own is content and changes the field; mailauth drops CRs at the end of the last field, and of no other.',
    explains: (ours, theirs, { text }) =>
      ours.result === 'fail' && theirs.result === 'pass' && text.slice(0, text.search(/\n\r?\n/)).endsWith('\r\r'),
  },
  {
    name: 'what is a field',
    rule: 'RFC 5322 section 2.2: a field begins with its name, and section 4.5.8 lets white space stand before the colon; mailauth takes a first line that begins with white space for a field, joins a name with a colon that begins the next line, and takes a name folded twice before its colon for none.',
    explains: (_ours, _theirs, { text }) =>
      /^[ \t]+[^\s:]+[ \t]*:/.test(text) || /^[^\s:]+[ \t]*(?:(?:\r?\n[ \t]+){2,}|\r?\n):/m.test(text),
  },
];
