/**
 * What each tag of a DMARC record means, one sentence a tag: those published, the defaults of those
 * that are not, and what RFC 9989 removed. Pure. RFC 9989 section 4.7, RFC 7489 section 6.3 for the
 * removed ones.
 */
import type { DmarcTag } from '../../schemas/posture/dmarc.ts';
import type { DmarcRecord } from '../records/dmarc.ts';

const POLICY_WORDS: Readonly<Record<string, string>> = {
  none: 'receivers treat it as any other mail and report it',
  quarantine: 'receivers treat it as suspicious',
  reject: 'receivers refuse it',
};

const FAILURE_OPTIONS: Readonly<Record<string, string>> = {
  '0': 'when neither SPF nor DKIM passes and aligns',
  '1': 'when SPF or DKIM does not pass and align',
  d: 'when a DKIM signature fails',
  s: 'when SPF fails',
};

type Meaning = (value: string, record: DmarcRecord) => string;

const policy =
  (whose: string): Meaning =>
  (value) =>
    `of ${whose} that fails DMARC, ${POLICY_WORDS[value.toLowerCase()] ?? 'nothing is asked: the word is not known'}`;
const alignment =
  (what: string): Meaning =>
  (value) =>
    value.toLowerCase() === 's'
      ? `${what} must be exactly the domain in From`
      : `${what} must share the Organizational Domain of the domain in From`;

const MEANINGS: Readonly<Record<string, Meaning>> = {
  v: () => 'this is a DMARC record',
  p: policy('mail of this domain'),
  sp: policy('mail of its subdomains'),
  np: policy('mail of subdomains that do not exist'),
  t: (value) =>
    value.toLowerCase() === 'y'
      ? 'the domain is testing: receivers apply the policy one level lower'
      : 'the policy is meant as published',
  psd: (value) =>
    ({
      y: 'this is a public suffix: domains below it are organizations of their own',
      n: 'this is an Organizational Domain: the Tree Walk ends here',
    })[value.toLowerCase()] ?? 'the Tree Walk decides which domain is the Organizational Domain',
  adkim: alignment('the domain of a DKIM signature'),
  aspf: alignment('the domain that SPF checked'),
  rua: () => 'aggregate reports go here',
  ruf: () => 'failure reports go here',
  fo: (_, { fo }) =>
    `failure reports are wanted ${fo.map((option) => FAILURE_OPTIONS[option] ?? 'in no known case').join(', and ')}`,
};

const REMOVED: Readonly<Record<string, string>> = {
  pct: 'removed by RFC 9989: receivers that follow it ignore the percentage; older ones apply the policy to that share of the mail',
  rf: 'removed by RFC 9989: there is one format of failure reports',
  ri: 'removed by RFC 9989: aggregate reports come once a day',
};

/** Values that hold where a tag is not published, for those that people ask about. */
const DEFAULTS: readonly (readonly [string, string])[] = [
  ['adkim', 'r'],
  ['aspf', 'r'],
  ['t', 'n'],
];

/** The tags of a record, published ones in order, then the defaults. */
export const explainTags = (record: DmarcRecord): DmarcTag[] => {
  const published = record.tags.map(({ name, value }): DmarcTag => {
    const meaning = Object.hasOwn(MEANINGS, name) ? MEANINGS[name] : undefined;
    if (meaning !== undefined) return { name, value, status: 'published', meaning: meaning(value, record) };
    const removed = Object.hasOwn(REMOVED, name) ? REMOVED[name] : undefined;
    return removed === undefined
      ? { name, value, status: 'unknown', meaning: 'no DMARC standard defines this tag; receivers ignore it' }
      : { name, value, status: 'removed', meaning: removed };
  });
  const implied = DEFAULTS.filter(([name]) => !record.tags.some((tag) => tag.name === name)).map(
    ([name, value]): DmarcTag => ({ name, value, status: 'default', meaning: MEANINGS[name]?.(value, record) ?? '' }),
  );
  return [...published, ...implied];
};
