/**
 * Where DMARC reports go, and whether a receiver outside the organization agreed to take them (RFC
 * 9990 section 4). Reports without that agreement are never sent, and no error goes back.
 */
import type { DmarcReportAddress } from '../../schemas/dmarc.ts';
import type { Answer } from '../dns/lookup.ts';
import { normalizeName } from '../dns/name.ts';
import { type DmarcUri, isDmarcRecord } from '../records/dmarc.ts';
import { txtTexts } from '../records/txt.ts';
import { type FoundRecord, organizationalDomain, type RecordLookup, walkTree } from './tree-walk.ts';

/** Asks for the TXT records at a name, within the budget and the deadline of the caller. */
type AskTexts = (name: string, type: 'TXT') => Promise<Answer>;

/**
 * Addresses of one tag that are looked at; a reporter has to support two only (RFC 7489 section
 * 6.2).
 */
export const MAX_ADDRESSES = 10;

/**
 * Looks at the report addresses of a record.
 * @param organizational Organizational Domain of the record's domain; null when unknown
 */
export const checkReportAddresses = async (
  { domain, record }: FoundRecord,
  organizational: string | null,
  ask: AskTexts,
  askRecord: RecordLookup,
): Promise<DmarcReportAddress[]> => {
  const addresses = (['rua', 'ruf'] as const).flatMap((tag) =>
    record[tag].slice(0, MAX_ADDRESSES).map((uri) => ({ tag, uri })),
  );
  const publisher = { domain, organizational };
  return Promise.all(addresses.map((address) => checkAddress(address, publisher, ask, askRecord)));
};

/** An address and its tag. */
type ReportAddress = { readonly tag: 'rua' | 'ruf'; readonly uri: DmarcUri };

/** Domain of the record and its Organizational Domain; null when unknown. */
type Publisher = { readonly domain: string; readonly organizational: string | null };

const checkAddress = async (
  { tag, uri: { uri, mailDomain } }: ReportAddress,
  { domain: recordDomain, organizational }: Publisher,
  ask: AskTexts,
  askRecord: RecordLookup,
): Promise<DmarcReportAddress> => {
  const target = mailDomain === null ? null : normalizeName(mailDomain);
  const own = { tag, uri, domain: target, external: false, authorized: true, asked: null };
  // Another scheme than mailto has no defined receiver to ask; a domain that DNS cannot carry has
  // none at all.
  if (target === null) return { ...own, authorized: mailDomain === null ? null : false };
  if (target === recordDomain || target === organizational) return own;
  const asked = `${recordDomain}._report._dmarc.${target}`;
  const [walk, agreement] = await Promise.all([walkTree(target, askRecord), ask(asked, 'TXT')]);
  const targetOrganizational = organizationalDomain(walk);
  if (targetOrganizational !== null && targetOrganizational === organizational) return own;
  const external = { ...own, external: true, asked };
  if (agreement.kind === 'records' && txtTexts(agreement.records).some(isDmarcRecord)) return external;
  const failed = agreement.kind === 'failure' && agreement.failure !== 'badname';
  if (failed || targetOrganizational === null || organizational === null) return { ...external, authorized: null };
  return { ...external, authorized: false };
};
