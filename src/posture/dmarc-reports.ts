/**
 * Where DMARC reports go, and whether a receiver outside the organization agreed to take them (RFC 9990 section 4). Reports without that agreement are
 * never sent, and nobody tells the domain.
 */
import type { DmarcReportAddress } from '../../schemas/posture-dmarc.ts';
import { organizationalDomain, type RecordLookup, walkTree } from '../dmarc/tree-walk.ts';
import { normalizeName } from '../dns/name.ts';
import type { DmarcRecord, DmarcUri } from '../records/dmarc.ts';
import { isDmarcRecord } from '../records/dmarc.ts';
import { type Ask, askTexts } from './ask.ts';

/** Addresses of one tag that are looked at; receivers of reports need send to two only (RFC 9990 section 3.1.2). */
export const MAX_ADDRESSES = 10;

/**
 * Looks at the report addresses of a record.
 * @param recordDomain domain whose record it is
 * @param organizational Organizational Domain of the record's domain; null when unknown
 */
export const assessReports = async (
  record: DmarcRecord,
  recordDomain: string,
  organizational: string | null,
  ask: Ask,
  askRecord: RecordLookup,
): Promise<DmarcReportAddress[]> => {
  const addresses = (['rua', 'ruf'] as const).flatMap((tag) =>
    record[tag].slice(0, MAX_ADDRESSES).map((uri) => ({ tag, uri })),
  );
  return Promise.all(
    addresses.map(({ tag, uri }) => assessAddress(tag, uri, recordDomain, organizational, ask, askRecord)),
  );
};

const assessAddress = async (
  tag: 'rua' | 'ruf',
  { uri, mailDomain }: DmarcUri,
  recordDomain: string,
  organizational: string | null,
  ask: Ask,
  askRecord: RecordLookup,
): Promise<DmarcReportAddress> => {
  const target = mailDomain === null ? null : normalizeName(mailDomain);
  const own = { tag, uri, domain: target, external: false, authorized: true, asked: null };
  // Another scheme than mailto has no defined receiver to ask; a domain that DNS cannot carry has none at all.
  if (target === null) return { ...own, authorized: mailDomain === null ? null : false };
  if (target === recordDomain || target === organizational) return own;
  const asked = `${recordDomain}._report._dmarc.${target}`;
  const [walk, agreement] = await Promise.all([walkTree(target, askRecord), askTexts(ask, asked)]);
  const targetOrganizational = organizationalDomain(walk);
  if (targetOrganizational !== null && targetOrganizational === organizational) return own;
  const external = { ...own, external: true, asked };
  if (agreement.kind === 'found' && agreement.values.some(isDmarcRecord)) return external;
  if (agreement.kind === 'dns-failure' || targetOrganizational === null || organizational === null)
    return { ...external, authorized: null };
  return { ...external, authorized: false };
};
