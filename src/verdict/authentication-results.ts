/**
 * The only writer of Authentication-Results (RFC 8601), with and without a verdict, and of
 * Received-SPF (RFC 7208 section 9.1). Pure. Every value from a message or from DNS is quoted and
 * bounded, so nothing can break out of its property; lines are folded under 78 characters where
 * possible and never pass 998 (RFC 5322 section 2.1.1).
 */
import { domainToASCII } from 'node:url';
import type { SmtpFacts } from '../../schemas/smtp.ts';
import type { SpfCheck } from '../../schemas/spf.ts';
import type { Verdict } from '../../schemas/verdict.ts';

/**
 * Longest property value that is written; a longer one is left out, never cut into a different
 * identity (RFC 8601 section 2.2).
 */
const MAX_VALUE_LENGTH = 255;
const MAX_COMMENT_LENGTH = 200;
const FOLD_AT = 78;

/** One resinfo (RFC 8601 section 2.2). */
type ResultEntry = {
  method: string;
  result: string;
  comment?: string | undefined;
  properties: readonly (readonly [name: string, value: string | null | undefined])[];
};

/** The parts of a verdict that the field tells. */
export type Reported = Pick<Verdict, 'spf' | 'dkim' | 'arc' | 'dmarc' | 'bimi' | 'iprev' | 'smtp' | 'disposition'>;

/**
 * Writes the Authentication-Results field: spf (MAIL FROM before HELO), dkim, arc, dmarc, bimi,
 * iprev, auth.
 * @param authservId a token (RFC 2045 section 5.1)
 * @returns the field with its name, folded with CRLF, without the last CRLF
 */
export const writeAuthenticationResults = (authservId: string, reported: Reported): string =>
  [
    `Authentication-Results: ${authservId};`,
    ...entries(reported).map((entry, index, all) =>
      writeEntry(entry, index === all.length - 1, isUtf8Message(reported.smtp)),
    ),
  ]
    .join('\r\n ')
    .replace(/;$/, '');

/**
 * Writes the field of a message that was not evaluated, since its client logged in: auth alone.
 * @param facts `auth` may lack the identity
 * @returns the field with its name, on one line
 */
export const writeLoginResults = (authservId: string, facts: SmtpFacts): string => {
  const login = loginEntry(facts.auth?.identity, facts.auth?.mechanism?.replace(/[^A-Za-z0-9-]/g, '').slice(0, 32));
  return `Authentication-Results: ${authservId}; ${wordsOf(login, isUtf8Message(facts)).join(' ')}`;
};

/**
 * Writes the field of a message on which no check was made: "none" (RFC 8601 section 2.2).
 * @param reason written as a comment
 * @returns the field with its name, on one line
 */
export const writeNoResults = (authservId: string, reason: string): string =>
  `Authentication-Results: ${authservId}; none (${commentText(reason)})`;

const entries = (reported: Reported): ResultEntry[] => [
  ...spfEntries(reported.spf),
  ...dkimEntries(reported.dkim),
  {
    method: 'arc',
    result: reported.arc.result,
    comment: reported.arc.instances.length > 0 ? `i=${reported.arc.instances.length}` : undefined,
    properties: [['smtp.remote-ip', reported.arc.result === 'none' ? null : reported.smtp.clientIp]],
  },
  dmarcEntry(reported),
  ...(reported.bimi === null || reported.bimi.result === 'none'
    ? []
    : [
        {
          method: 'bimi',
          result: reported.bimi.result,
          properties: [
            ['header.d', reported.bimi.domain],
            ['header.selector', reported.bimi.selector],
          ] as const,
        },
      ]),
  ...(reported.iprev.result === 'none'
    ? []
    : [
        {
          method: 'iprev',
          result: reported.iprev.result,
          comment: reported.iprev.name ?? undefined,
          properties: [['policy.iprev', reported.smtp.clientIp]] as const,
        },
      ]),
  ...(reported.smtp.auth?.identity === undefined ? [] : [loginEntry(reported.smtp.auth.identity)]),
];

const loginEntry = (identity: string | undefined, comment?: string): ResultEntry => ({
  method: 'auth',
  result: 'pass',
  comment,
  properties: [['smtp.auth', identity]],
});

const spfEntries = (spf: Verdict['spf']): ResultEntry[] => {
  const checks = [spf.mailFrom, spf.helo].filter((check) => check !== null);
  if (checks.length === 0) return [{ method: 'spf', result: spf.result, comment: spf.reason, properties: [] }];
  return checks.map((check) => ({
    method: 'spf',
    result: check.result,
    comment: check.result === 'pass' ? undefined : check.reason,
    // RFC 8601 section 2.7.2: only the domain is reported, since the local-part did not decide.
    properties: [[check.identity === 'mailfrom' ? 'smtp.mailfrom' : 'smtp.helo', check.domain]],
  }));
};

const dkimEntries = (signatures: Verdict['dkim']): ResultEntry[] => {
  if (signatures.length === 0)
    return [{ method: 'dkim', result: 'none', comment: 'message not signed', properties: [] }];
  return signatures.map((signature) => ({
    method: 'dkim',
    result: signature.result,
    comment: signature.result === 'pass' ? undefined : signature.reason,
    properties: [
      ['header.d', signature.sdid],
      ['header.i', signature.auid],
      ['header.s', signature.selector],
      ['header.a', signature.algorithm],
      ['header.b', signature.signature],
    ],
  }));
};

const dmarcEntry = ({ dmarc, disposition }: Reported): ResultEntry => ({
  method: 'dmarc',
  result: dmarc.result,
  comment: dmarc.rfc9989.policy === null ? dmarc.rfc9989.reason : `p=${dmarc.rfc9989.policy.published.p}`,
  properties: [
    ['header.from', dmarc.authorDomain],
    ['policy.dmarc', dmarc.rfc9989.policy?.applies],
    ['policy.override', disposition.override?.type],
  ],
});

const writeEntry = (entry: ResultEntry, isLast: boolean, isUtf8: boolean): string =>
  `${fold(wordsOf(entry, isUtf8))}${isLast ? '' : ';'}`;

/** What must not be cut by a fold, in order. */
const wordsOf = (entry: ResultEntry, isUtf8: boolean): string[] => {
  const words = [`${entry.method}=${entry.result}`];
  const comment = entry.comment === undefined ? '' : commentText(entry.comment);
  if (comment !== '') words.push(...`(${comment})`.split(' '));
  for (const [name, value] of entry.properties) {
    const text = value === null || value === undefined ? null : writable(value, isUtf8, name === 'smtp.auth');
    const written = text === null ? null : propertyValue(text);
    if (written !== null) words.push(`${name}=${written}`);
  }
  return words;
};

/**
 * Joins words with spaces, and with a fold where the line would pass 78 characters. A word is never
 * cut.
 */
const fold = (words: string[]): string => {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    // One more for the leading space of the line and one for the semicolon that may follow.
    if (last !== undefined && last.length + word.length + 3 <= FOLD_AT) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join('\r\n  ');
};

const TOKEN = /^[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+$/;
const DOT_ATOM = /^[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+(?:\.[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+)*$/;
const DOMAIN = /^[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+$/;

/**
 * True where the message may hold UTF-8 in its header: its client asked for SMTPUTF8 (RFC 6531
 * section 4.3 names the transmission types).
 */
const isUtf8Message = ({ protocol }: SmtpFacts): boolean => /^UTF8/i.test(protocol ?? '');

/**
 * An identity as this message may tell it. Outside of SMTPUTF8 a field is ASCII (RFC 5322 section
 * 2.2): a domain is written as A-labels (RFC 8616), and an identity whose local-part is beyond
 * ASCII is left out, since it has no spelling in ASCII and any other would be somebody else's.
 */
const writable = (value: string, isUtf8: boolean, isLogin = false): string | null => {
  if (isUtf8 || !NOT_ASCII.test(value)) return value;
  // A login without a domain is a name of the mail server's own, not one of DNS.
  if (isLogin && !value.includes('@')) return null;
  const domainStart = value.lastIndexOf('@') + 1;
  const localPart = value.slice(0, domainStart);
  const domain = domainToASCII(value.slice(domainStart));
  return NOT_ASCII.test(localPart) || domain === '' ? null : `${localPart}${domain}`;
};

const NOT_ASCII = /[^\0-\x7f]/;

/**
 * pvalue of RFC 8601 section 2.2: a token, `[local-part]@domain`, or a quoted-string.
 * @returns null where the value cannot be written: empty, too long, or with a control character
 */
const propertyValue = (value: string): string | null => {
  if (value === '' || Buffer.byteLength(value) > MAX_VALUE_LENGTH || hasControlCharacter(value)) return null;
  if (TOKEN.test(value)) return value;
  const at = value.lastIndexOf('@');
  if (at >= 0 && DOMAIN.test(value.slice(at + 1)) && (at === 0 || DOT_ATOM.test(value.slice(0, at)))) return value;
  return quoted(value);
};

const quoted = (value: string): string => `"${value.replace(/["\\]/g, '\\$&')}"`;

const hasControlCharacter = (text: string): boolean => /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text);

/**
 * Words of letters, digits and marks that mean nothing here, with single spaces between them; at
 * most MAX_COMMENT_LENGTH.
 */
const PLAIN_COMMENT = /^[!#-'*-:<-[\]-~]+(?: [!#-'*-:<-[\]-~]+)*$/;

/** Comment text without anything that a careless reader could take for structure. */
const commentText = (text: string): string =>
  text.length <= MAX_COMMENT_LENGTH && PLAIN_COMMENT.test(text) ? text : tamed(text);

const tamed = (text: string): string =>
  text
    .replace(/[^\x20-\x7e]/g, '?')
    .replace(/[()\\";]/g, ' ')
    .replace(/ +/g, ' ')
    .trim()
    .slice(0, MAX_COMMENT_LENGTH)
    .trim();

/**
 * Writes the Received-SPF field for the identity that counts.
 * @returns null when nothing was checked
 */
export const writeReceivedSpf = (receiver: string, check: SpfCheck | null, facts: SmtpFacts): string | null => {
  if (check === null) return null;
  const pairs = [
    ['client-ip', facts.clientIp],
    ['envelope-from', check.identity === 'mailfrom' ? facts.mailFrom : null],
    ['helo', facts.helo],
    ['receiver', receiver],
    ['identity', check.identity],
  ] as const;
  const words = [`Received-SPF: ${check.result}`, ...`(${commentText(check.reason)})`.split(' ')];
  for (const [name, value] of pairs) {
    const text = value === null || value === undefined ? null : writable(value, isUtf8Message(facts));
    const written = text === null ? null : keyValue(text);
    if (written !== null) words.push(`${name}=${written};`);
  }
  return fold(words).replace(/;$/, '').replaceAll('\r\n  ', '\r\n ');
};

/** Value of a key-value-pair: dot-atom or quoted-string (RFC 7208 section 9.1). */
const keyValue = (value: string): string | null => {
  if (value === '' || Buffer.byteLength(value) > MAX_VALUE_LENGTH || hasControlCharacter(value)) return null;
  return DOT_ATOM.test(value) ? value : quoted(value);
};
