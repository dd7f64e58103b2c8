/**
 * Records to publish instead, written out of those that are published: every other TXT record of
 * the name is kept, every other term and tag as well. Pure; a record that cannot be repaired by
 * rule is not guessed at.
 */
import type { Suggestion } from '../../../schemas/posture/posture.ts';
import { type DmarcRecord, parseDmarc } from '../../records/dmarc.ts';
import { isSpfRecord, parseSpf, type SpfTerm, type SpfUnreadableTerm } from '../../records/spf.ts';
import type { Assessed } from './assessed.ts';

type AnyTerm = SpfTerm | SpfUnreadableTerm;

/** A TXT record in place of those that `goes` picks. */
export const replaceText = (
  name: string,
  published: readonly string[],
  goes: (text: string) => boolean,
  record: string,
): Suggestion => ({
  name,
  type: 'TXT',
  records: [...published.filter((text) => !goes(text)), record],
  replaces: published.filter(goes),
});

/** A TXT record where there is none. */
export const newText = (name: string, record: string, published: readonly string[] = []): Suggestion =>
  replaceText(name, published, () => false, record);

/** An SPF record in place of all those at the domain. */
export const publishSpf = ({ domain, texts }: Assessed, record: string): Suggestion =>
  replaceText(domain, texts.domain, isSpfRecord, record);

/**
 * The domain's SPF record with its terms changed.
 * @param change a term's new text; null takes the term out
 * @returns undefined when there is not exactly one record, nothing would change, or the outcome
 * would not be a record without a fault
 */
export const rewriteSpf = (
  assessed: Assessed,
  change: (term: AnyTerm, index: number, terms: readonly AnyTerm[]) => string | null,
): Suggestion | undefined => {
  const [text, ...others] = assessed.spf.records;
  if (text === undefined || others.length > 0) return undefined;
  const { terms } = parseSpf(text);
  const changed = terms.flatMap((term, index) => change(term, index, terms) ?? []);
  const record = ['v=spf1', ...changed].join(' ');
  if (record === text || parseSpf(record).kind === 'fault') return undefined;
  return publishSpf(assessed, record);
};

/**
 * The DMARC record that the domain itself publishes, with tags changed; for an inherited one, the
 * same for the domain that publishes it.
 * @param change new values by tag; null takes the tag out
 */
export const rewriteDmarc = (
  { dmarc, texts, domain }: Assessed,
  change: Readonly<Record<string, string | null>>,
): Suggestion | undefined => {
  if (dmarc.record === null || dmarc.recordDomain === null) return undefined;
  const parsed = parseDmarc(dmarc.record);
  if (parsed.kind === 'fault') return undefined;
  const record = dmarcText(parsed, change);
  if (record === dmarc.record) return undefined;
  const { recordDomain } = dmarc;
  const name = `_dmarc.${recordDomain}`;
  return recordDomain === domain
    ? replaceText(name, texts.dmarc, (text) => text === dmarc.record, record)
    : { name, type: 'TXT', records: [record], replaces: [dmarc.record] };
};

/** Order in which tags are written; `p` right after `v`, as readers of RFC 7489 want it. */
const TAG_ORDER = ['v', 'p', 'sp', 'np', 't', 'psd', 'adkim', 'aspf', 'rua', 'ruf', 'fo', 'pct', 'rf', 'ri'];

/** A record's text with tags changed; a tag that is not named stays as published. */
const dmarcText = (record: DmarcRecord, change: Readonly<Record<string, string | null>>): string => {
  const values = new Map(record.tags.map(({ name, value }): [string, string] => [name, value]));
  for (const [name, value] of Object.entries(change))
    if (value === null) values.delete(name);
    else values.set(name, value);
  const place = (name: string): number => (TAG_ORDER.includes(name) ? TAG_ORDER.indexOf(name) : TAG_ORDER.length);
  return [...values]
    .toSorted(([one], [other]) => place(one) - place(other))
    .map(([name, value]) => `${name}=${value}`)
    .join('; ');
};

/** The MX set with hosts left out or renamed. @returns undefined where nothing would be left */
export const rewriteMx = (
  { domain, mail }: Assessed,
  change: (exchange: string, index: number) => string | null,
): Suggestion | undefined => {
  // With hosts left out by the limit the whole set is not known.
  if (mail.hostsNotAsked > 0) return undefined;
  const records = mail.hosts.flatMap(({ priority, exchange }, index) => {
    const changed = change(exchange, index);
    return changed === null ? [] : [{ priority, exchange: changed }];
  });
  const distinct = records.filter(
    (record, index) => records.findIndex((other) => other.exchange === record.exchange) === index,
  );
  if (distinct.length === 0) return undefined;
  return {
    name: domain,
    type: 'MX',
    records: distinct,
    replaces: mail.hosts.map(({ priority, exchange }) => `${priority} ${exchange}`),
  };
};

/** Where reports about a domain could go: a mailbox of its own, which then has to exist. */
export const reportAddress = (domain: string, mailbox: string): string => `mailto:${mailbox}@${domain}`;
