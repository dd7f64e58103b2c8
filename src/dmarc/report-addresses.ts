/**
 * Where DMARC reports go, and whether a receiver outside the organization agreed to take them (RFC
 * 9990 section 4). Reports without that agreement are never sent, and no error goes back. The
 * verdict, the domain view and the sender of reports ask the same function.
 */
import type { DmarcReportAddress } from '../../schemas/dmarc.ts';
import { type Failure, failureOf } from '../dns/failure.ts';
import type { Answer } from '../dns/lookup.ts';
import { normalizeName } from '../dns/name.ts';
import { type DmarcUri, parseDmarc } from '../records/dmarc.ts';
import { txtTexts } from '../records/txt.ts';
import { type FoundRecord, organizationalDomain, type RecordLookup, walkTree } from './tree-walk.ts';

/** Asks for the TXT records at a name, within the budget and the deadline of the caller. */
type AskTexts = (name: string, type: 'TXT') => Promise<Answer>;

/**
 * Addresses of one tag that are looked at; a reporter has to support two only (RFC 7489 section
 * 6.2).
 */
export const MAX_ADDRESSES = 10;

/** What a receiver of reports says to them. A closed union. */
export type ReportConsent =
  /** Another scheme than mailto: nobody defined whom to ask. */
  | { readonly kind: 'other-scheme' }
  /** The domain of the address is no name that DNS can carry. */
  | { readonly kind: 'no-domain' }
  /** Same organization: needs no agreement. */
  | { readonly kind: 'own' }
  /** Agreed; `overrides` are the addresses that it names instead, none as a rule. */
  | { readonly kind: 'given'; readonly asked: string; readonly overrides: readonly DmarcUri[] }
  | { readonly kind: 'missing'; readonly asked: string }
  /** The name that would hold the agreement is too long for DNS. */
  | { readonly kind: 'name-too-long'; readonly asked: string }
  /** It names addresses of another host, and then neither address gets reports. */
  | { readonly kind: 'other-host'; readonly asked: string; readonly overrides: readonly DmarcUri[] }
  /** DNS left it open; null: the Organizational Domain of one side is unknown. */
  | { readonly kind: 'unknown'; readonly asked: string; readonly failure: Failure | null };

/** Domain of the record and its Organizational Domain; null when unknown. */
type Publisher = { readonly domain: string; readonly organizational: string | null };

/** Looks at the report addresses of a record. */
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
  return Promise.all(
    addresses.map(async ({ tag, uri }) => ({
      tag,
      uri: uri.uri,
      domain: targetOf(uri),
      ...toldOf(await reportConsent(uri, publisher, ask, askRecord)),
    })),
  );
};

const toldOf = (consent: ReportConsent): Omit<DmarcReportAddress, 'tag' | 'uri' | 'domain'> => {
  switch (consent.kind) {
    case 'other-scheme':
      return { external: false, authorized: null, asked: null };
    case 'no-domain':
      return { external: false, authorized: false, asked: null };
    case 'own':
      return { external: false, authorized: true, asked: null };
    case 'given':
      return { external: true, authorized: true, asked: consent.asked, ...overrideOf(consent.overrides) };
    case 'other-host':
      return { external: true, authorized: false, asked: consent.asked, ...overrideOf(consent.overrides) };
    case 'missing':
    case 'name-too-long':
      return { external: true, authorized: false, asked: consent.asked };
    case 'unknown':
      return { external: true, authorized: null, asked: consent.asked };
    default:
      return consent satisfies never;
  }
};

const overrideOf = (overrides: readonly DmarcUri[]): Pick<DmarcReportAddress, 'override'> =>
  overrides.length === 0 ? {} : { override: overrides.map(({ uri }) => uri) };

const targetOf = ({ mailDomain }: DmarcUri): string | null => (mailDomain === null ? null : normalizeName(mailDomain));

/**
 * Asks whether a receiver takes the reports of a publisher (RFC 9990 section 4).
 * @returns never rejects if the lookups do not
 */
export const reportConsent = async (
  uri: DmarcUri,
  { domain: recordDomain, organizational }: Publisher,
  ask: AskTexts,
  askRecord: RecordLookup,
): Promise<ReportConsent> => {
  const target = targetOf(uri);
  if (target === null) return { kind: uri.mailDomain === null ? 'other-scheme' : 'no-domain' };
  if (target === recordDomain || target === organizational) return { kind: 'own' };
  const asked = `${recordDomain}._report._dmarc.${target}`;
  const [walk, answer] = await Promise.all([walkTree(target, askRecord), ask(asked, 'TXT')]);
  const targetOrganizational = organizationalDomain(walk);
  if (targetOrganizational !== null && targetOrganizational === organizational) return { kind: 'own' };
  const agreement = readAgreement(answer, asked, target);
  const isSettled = agreement.kind === 'given' || agreement.kind === 'other-host' || agreement.kind === 'unknown';
  // Without an agreement all depends on whether both are one organization.
  if (isSettled || (targetOrganizational !== null && organizational !== null)) return agreement;
  return { kind: 'unknown', asked, failure: walk.failure };
};

/** Reads what stands where the agreement would be. */
const readAgreement = (answer: Answer, asked: string, target: string): ReportConsent => {
  switch (answer.kind) {
    case 'failure':
      if (answer.failure === 'badname') return { kind: 'name-too-long', asked };
      return { kind: 'unknown', asked, failure: failureOf(answer) };
    case 'nodata':
    case 'nxdomain':
      return { kind: 'missing', asked };
    case 'records': {
      // Several may stand there; each that reads as a DMARC record is an agreement.
      const records = txtTexts(answer.records)
        .map(parseDmarc)
        .filter((parsed) => parsed.kind === 'record');
      if (records.length === 0) return { kind: 'missing', asked };
      const overrides = records.flatMap(({ rua }) => rua).slice(0, MAX_ADDRESSES);
      const isElsewhere = overrides.some((override) => targetOf(override) !== target);
      return { kind: isElsewhere ? 'other-host' : 'given', asked, overrides };
    }
    default:
      return answer satisfies never;
  }
};
