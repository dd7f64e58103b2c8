/**
 * Every finding that a verdict can have: its stable code, how much it matters, the rule behind it,
 * and what it is about. docs/findings.md is written from this table. Codes are never renamed:
 * programs rely on them.
 */
import type { Finding } from '../../../schemas/finding.ts';
import type { FindingFacts } from '../../findings/finding.ts';
import {
  ADDRESS_FAULTS,
  ADDRESS_REMARKS,
  type AddressFault,
  type AddressRemark,
} from '../../message/address/grammar.ts';

const OWN_FINDINGS = {
  'no-author-domain': {
    severity: 'error',
    section: 'RFC 9989 section 5.3.1',
    about: 'From does not name exactly one author domain, so DMARC cannot be evaluated',
  },
  'repeated-field': {
    severity: 'warning',
    section: 'RFC 5322 section 3.6',
    about:
      'a field that a message may have once appears more than once, and readers differ in which one they show; an error where it is From',
  },
  'nul-octet': {
    severity: 'warning',
    section: 'RFC 5322 section 2.1',
    about: 'the message holds NUL octets, which no message may',
  },
  'no-body': {
    severity: 'info',
    section: 'RFC 5322 section 2.1',
    about: 'the message ends without a blank line after its header, so it has no body',
  },
  'long-line': {
    severity: 'warning',
    section: 'RFC 5322 section 2.1.1',
    about: 'a line has more than 998 octets; servers may break it, and with it a signature',
  },
  'malformed-header-line': {
    severity: 'warning',
    section: 'RFC 5322 section 2.2',
    about: 'lines of the header block are no header fields',
  },
  'bare-line-feed': {
    severity: 'warning',
    section: 'RFC 5321 section 2.3.8',
    about: 'lines end with a bare LF; they were judged as if they ended with CRLF',
  },
  'bare-carriage-return': {
    severity: 'warning',
    section: 'RFC 5321 section 2.3.8',
    about: 'CR characters stand alone; they are content, not line ends',
  },
  'dkim-short-key': {
    severity: 'warning',
    section: 'RFC 8301 section 3.2',
    about: 'a signature passes with an RSA key of fewer than the 2048 bits that signers should use',
  },
  'dkim-selector-underscore': {
    severity: 'warning',
    section: 'RFC 6376 section 3.1',
    about:
      'the selector of a signature has an underscore, which receivers that follow the standard to the letter refuse',
  },
  'dkim-unsigned-body': {
    severity: 'warning',
    section: 'RFC 6376 section 8.2',
    about: 'a signature leaves the end of the body unsigned (l=), where anybody can add text',
  },
  'dkim-testing-key': {
    severity: 'advice',
    section: 'RFC 6376 section 3.6.1',
    about: 'the key of a signature says that the domain is testing DKIM (t=y)',
  },
  'dkim-signed-in-future': {
    severity: 'warning',
    section: 'RFC 6376 section 3.5',
    about: 'a signature says that it was made in the future (t=)',
  },
  'dkim-several-keys': {
    severity: 'warning',
    section: 'RFC 6376 section 3.6.2.2',
    about: 'several key records stand at the name that a signature uses, and receivers differ in which one they take',
  },
  'dkim-key-fault': {
    severity: 'warning',
    section: 'RFC 6376 section 3.6.1',
    about: 'the key record that a signature uses has a fault',
  },
  'dkim-field-added': {
    severity: 'error',
    section: 'RFC 6376 section 8.15',
    about: 'a field is above those of its name that a passing signature covers, and a reader may show it as signed',
  },
  'limit-reached': {
    severity: 'error',
    section: 'RFC 8601 section 2.7',
    about:
      'the verification reached a limit of this service; `limit` tells which, with its value and setting; a warning where it is a limit on the signatures or on the names of the client',
  },
  'dmarc-readings-differ': {
    severity: 'info',
    section: 'RFC 9989 appendix C',
    about: 'receivers that follow RFC 7489 come to another DMARC result than those that follow RFC 9989',
  },
  'spf-evaluators-differ': {
    severity: 'warning',
    section: 'RFC 7208 section 4.6',
    about: 'the two SPF evaluators, which are both asked with `include=trace`, come to different results',
  },
  'no-trusted-source': {
    severity: 'warning',
    section: 'RFC 5321 section 4.4',
    about: 'no Received field of an own host (`trustReceived`) can be believed, so no transport facts were derived',
  },
  'client-inside': {
    severity: 'warning',
    section: 'RFC 5321 section 4.4',
    about: 'the Received fields of the own hosts do not tell who brought the message in, so SPF is none',
  },
  'unconfirmed-own-host': {
    severity: 'warning',
    section: 'RFC 5321 section 4.4',
    about:
      'a client has the name of an own host, but the server that wrote so does not tell that it confirmed the name, so the client was judged as one from outside',
  },
  'mail-from-unknown': {
    severity: 'warning',
    section: 'RFC 5321 section 4.4',
    about: 'MAIL FROM could not be derived from the message, so SPF of it is none',
  },
  'unknown-results-version': {
    severity: 'warning',
    section: 'RFC 8601 section 2.2',
    about: 'an Authentication-Results field of a trusted server has an unknown version, so nothing was taken from it',
  },
  'results-not-believed': {
    severity: 'info',
    section: 'RFC 8601 section 5',
    about:
      'Authentication-Results in the name of a trusted server is below the Received field by which the message came in, or that field is not known, so its sender can have written it',
  },
  'trusted-result-contradicted': {
    severity: 'warning',
    section: 'RFC 8601 section 5',
    about:
      'a trusted server says that the author domain is proven, but the signature that this rests on is broken here, so its word is not taken',
  },
  'display-name-domain': {
    severity: 'warning',
    section: 'RFC 9989 section 11.4',
    about: 'a name or a comment in From shows an address of a domain that is not the author domain',
  },
  'author-domain-mixed-scripts': {
    severity: 'warning',
    section: 'RFC 5890 section 4.4',
    about:
      'one label of the author domain is shown with letters of several scripts, which can make it look like another domain',
  },
  'author-domain-other-script': {
    severity: 'warning',
    section: 'RFC 5890 section 4.4',
    about:
      'one label of the author domain looks like Latin letters and has none of them, under a top-level domain of Latin letters',
  },
  'reply-to-elsewhere': {
    severity: 'info',
    section: 'RFC 5322 section 3.6.2',
    about: 'replies go to a domain outside of the organization of the author domain, proven or not',
  },
  'smime-signer-elsewhere': {
    severity: 'warning',
    section: 'RFC 8550 section 3',
    about:
      'the certificate of who signed with S/MIME has addresses, and that of From is none of them; the signature is not verified',
  },
  'protected-name': {
    severity: 'warning',
    section: 'RFC 9989 section 11.4',
    about:
      'a name, a comment or a local-part in From, or a label within the author domain, shows a name of `PROTECTED_NAMES`, and the author domain is no protected one',
  },
  'confusable-domain': {
    severity: 'warning',
    section: 'RFC 5890 section 4.4',
    about:
      'the author domain, or a domain that From shows, looks like a domain of `PROTECTED_NAMES` and is another one (Unicode UTS 39)',
  },
  'similar-domain': {
    severity: 'warning',
    section: 'RFC 9989 section 11.4',
    about:
      'the author domain, or a domain that From shows, becomes a domain of `PROTECTED_NAMES` by one edit: a character inserted, deleted or replaced, or two exchanged',
  },
  relay: {
    severity: 'error',
    section: 'RFC 5321 section 3.6.2',
    about:
      'a client that neither logged in nor is in `LOCAL_NETWORKS` or `ALLOW_NETWORKS` sends to recipients outside of `LOCAL_DOMAINS`; refused with ENFORCE and `RELAY=reject`',
  },
  'no-tls': {
    severity: 'info',
    section: 'RFC 3207 section 1',
    about: 'the client sent the message over the Internet without TLS, so anybody on the way could read it',
  },
  'old-tls-version': {
    severity: 'info',
    section: 'RFC 8996 section 4',
    about: 'the message came over TLS 1.0, TLS 1.1 or SSL, which must not be used any more',
  },
  'weak-tls-cipher': {
    severity: 'info',
    section: 'RFC 9325 section 4.1',
    about:
      'the cipher suite of the connection is weak: NULL, export strength, RC4, RC2, DES, Triple DES, fewer than 112 bits, or anonymous',
  },
  'message-not-exact': {
    severity: 'info',
    section: 'RFC 6376 section 3.4',
    about:
      'the mail server did not hand the message on byte for byte; a warning where a DKIM signature may have failed by that, which then counts as neutral',
  },
} as const satisfies Readonly<Record<string, FindingFacts>>;

/** A code of a verdict's finding. */
export type FindingCode = keyof typeof OWN_FINDINGS | `from-${AddressFault | AddressRemark}`;

const fromField = (
  rules: Readonly<Record<string, { readonly about: string; readonly section: string }>>,
  severity: Finding['severity'],
): [string, FindingFacts][] =>
  Object.entries(rules).map(([word, { about, section }]) => [
    `from-${word}`,
    { severity, section, about: `in From, ${about}` },
  ]);

/** All of them, by code. */
export const FINDINGS = {
  ...OWN_FINDINGS,
  ...Object.fromEntries([...fromField(ADDRESS_FAULTS, 'error'), ...fromField(ADDRESS_REMARKS, 'info')]),
} as Readonly<Record<FindingCode, FindingFacts>>;
