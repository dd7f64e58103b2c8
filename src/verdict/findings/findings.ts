/**
 * The findings of a verdict: facts worth a person's attention, each with a stable code. A pure
 * table of rules; a rule states a fact or nothing, and never changes a result.
 */

import type { DnsUsage } from '../../../schemas/dns.ts';
import type { Finding } from '../../../schemas/finding.ts';
import { LIMITS, type LimitName, limitText, type ReachedLimit } from '../../../schemas/limit.ts';
import type { VerdictSettings } from '../../../schemas/verdict.ts';
import type { SignatureOutcome } from '../../dkim/signature/outcome.ts';
import { type Message, malformedLines } from '../../message/message.ts';
import type { Reported } from '../authentication-results.ts';
import { type Author, MAX_ADDRESS_CHARACTERS } from '../author.ts';
import { comparable } from '../methods/identifiers.ts';
import { relayedUnder } from '../relay.ts';
import { signsOfDeception } from './deception.ts';
import { finding } from './finding.ts';
import { fromFindings } from './from-findings.ts';
import { signatureFindings } from './signature-findings.ts';
import { tlsFindings } from './tls-findings.ts';

/** What the rules look at. */
type Judged = Reported & {
  message: Message;
  /** What the signature verifier reports beyond the verdict, in the order of `dkim`. */
  outcomes: readonly SignatureOutcome[];
  author: Author;
  /** Addresses in the certificate of an S/MIME signer; null: unknown, or not signed. */
  smimeSigner: readonly string[] | null;
  usage: DnsUsage;
  settings: VerdictSettings;
  /** Where the two SPF evaluators differ. */
  disagreements: readonly string[];
  /** Findings of how the transport facts were derived. */
  ofDerivedFacts: readonly Finding[];
};

type Rule = (judged: Judged) => Finding | Finding[] | null;

/** Longest line of a message, without its line end (RFC 5322 section 2.1.1). */
const MAX_LINE_OCTETS = 998;
/** Fields of which a message has at most one (RFC 5322 section 3.6). */
const SINGLE_FIELDS = [
  'from',
  'sender',
  'reply-to',
  'to',
  'cc',
  'message-id',
  'in-reply-to',
  'references',
  'subject',
  'date',
];

/** Every finding, in the order of the rules. */
export const collectFindings = (judged: Judged): Finding[] => RULES.flatMap((rule) => rule(judged) ?? []);

const bareLineEnds: Rule = ({ message }) => {
  const { bareLf, bareCr } = message.lineEnds;
  return [
    ...(bareLf > 0
      ? [finding('bare-line-feed', `${bareLf} lines end with a bare LF; they were judged as if they ended with CRLF`)]
      : []),
    ...(bareCr > 0
      ? [finding('bare-carriage-return', `${bareCr} CR characters stand alone; they are content, not line ends`)]
      : []),
  ];
};

const messageShape: Rule = ({ message }) => {
  const malformed = malformedLines(message);
  return [
    ...(message.hasNul ? [finding('nul-octet', 'the message holds NUL octets, which no message may')] : []),
    ...(message.hasBlankLine ? [] : [finding('no-body', 'the message ends without a blank line, so it has no body')]),
    ...(message.lineEnds.longestLineBytes > MAX_LINE_OCTETS
      ? [
          finding(
            'long-line',
            `the longest line has ${message.lineEnds.longestLineBytes} octets; servers may break lines of more than 998 and so break signatures`,
          ),
        ]
      : []),
    ...(malformed.length > 0
      ? [finding('malformed-header-line', `${malformed.length} lines of the header block are no header fields`)]
      : []),
  ];
};

const repeatedFields: Rule = ({ message }) => {
  const counts = new Map<string, number>();
  for (const { key } of message.fields) counts.set(key, (counts.get(key) ?? 0) + 1);
  return SINGLE_FIELDS.flatMap((key) => {
    const count = counts.get(key) ?? 0;
    return count > 1
      ? [
          finding(
            'repeated-field',
            `the message has ${count} ${key} fields, and readers differ in which one they show`,
            undefined,
            { severity: key === 'from' ? 'error' : 'warning' },
          ),
        ]
      : [];
  });
};

const noAuthor: Rule = ({ author }) =>
  author.reason === null
    ? null
    : finding('no-author-domain', `${author.reason}, so DMARC cannot be evaluated`, 'author');

/** What a limit that was reached does to the verdict. */
type LimitEffect = {
  readonly effect: string;
  readonly severity: Finding['severity'];
  readonly section: string;
  readonly field: string;
};

/** Every limit of ours that was reached, once, with its effect. */
const limits: Rule = ({ usage, outcomes, dmarc, iprev, author }) => {
  const found = new Map<LimitName, Finding>();
  const report = (limit: ReachedLimit, { effect, severity, section, field }: LimitEffect) => {
    if (found.has(limit.name)) return;
    const message = `this verification reached ${limitText(limit)}: ${effect}`;
    found.set(limit.name, finding('limit-reached', message, field, { severity, section, limit }));
  };
  for (const limit of usage.exceeded) {
    const effect = LIMITS[limit.name].lasting
      ? 'what hung on it could not be decided, and trying again would not help'
      : 'what hung on it is temperror, and trying again may help';
    report(limit, { effect, severity: 'error', section: 'RFC 8601 section 2.7', field: 'dns' });
  }
  for (const [index, { limit }] of outcomes.entries()) {
    const effect =
      limit?.name === 'key-records' ? 'further key records were not tried' : 'what is beyond it was not read';
    if (limit !== null)
      report(limit, { effect, severity: 'warning', section: 'RFC 6376 section 6.1', field: `dkim[${index}]` });
  }
  for (const { limit } of Object.values(dmarc.rfc9989.alignment)) {
    const effect = 'whether an identifier aligns is not known';
    const section = 'RFC 9989 section 4.10.2';
    if (limit !== undefined) report(limit, { effect, severity: 'error', section, field: 'dmarc.rfc9989.alignment' });
  }
  if (iprev.limit !== undefined) {
    const effect = 'further names were not tried';
    report(iprev.limit, { effect, severity: 'warning', section: 'RFC 8601 section 3', field: 'iprev' });
  }
  if (author.limit !== null) {
    const effect = 'From is not read further';
    report(author.limit, { effect, severity: 'error', section: 'RFC 9989 section 5.3.1', field: 'author' });
  }
  return [...found.values()];
};

const readings: Rule = ({ dmarc }) =>
  dmarc.agree || dmarc.difference === undefined ? null : finding('dmarc-readings-differ', dmarc.difference, 'dmarc');

const spfDisagreement: Rule = ({ disagreements }) =>
  disagreements.map((message) => finding('spf-evaluators-differ', message, 'spf'));

const deception: Rule = ({ message, author, dmarc, settings }) => {
  const { spf, dkim } = dmarc.rfc9989.alignment;
  return signsOfDeception({
    message,
    author,
    authorDomain: dmarc.authorDomain,
    organizationalDomain: dmarc.rfc9989.organizationalDomain,
    authenticated: spf.aligned === true || dkim.aligned === true,
    protectedNames: settings.protectedNames,
  });
};

const smime: Rule = ({ smimeSigner, author }) => {
  if (smimeSigner === null || author.address === null) return null;
  if (smimeSigner.map(comparableAddress).includes(comparableAddress(author.address))) return null;
  return finding(
    'smime-signer-elsewhere',
    `the S/MIME signature, which is not verified here, is of ${smimeSigner.join(', ')}, and From is ${author.address}`,
    'message',
  );
};

/** Upper and lower case of a local-part make no other mailbox where people are concerned. */
const comparableAddress = (address: string): string => {
  const at = address.lastIndexOf('@') + 1;
  return address.slice(0, at).toLowerCase() + comparable(address.slice(at));
};

/** Recipients that the finding names. */
const MAX_NAMED_RECIPIENTS = 5;

const relay: Rule = ({ smtp, settings }) => {
  const outside = relayedUnder(settings)(smtp);
  if (outside.length === 0) return null;
  const named = outside.slice(0, MAX_NAMED_RECIPIENTS).map((path) => path.slice(0, MAX_ADDRESS_CHARACTERS));
  const more = outside.length > named.length ? ` and ${outside.length - named.length} more` : '';
  return finding(
    'relay',
    `a client that did not log in sends to recipients outside of the local domains: ${named.join(', ')}${more}`,
    'smtp.rcptTo',
  );
};

const RULES: readonly Rule[] = [
  noAuthor,
  ({ author }) => fromFindings(author),
  repeatedFields,
  messageShape,
  bareLineEnds,
  ({ outcomes }) => signatureFindings(outcomes),
  limits,
  readings,
  spfDisagreement,
  ({ ofDerivedFacts }) => [...ofDerivedFacts],
  deception,
  smime,
  ({ smtp }) => tlsFindings(smtp),
  relay,
];
