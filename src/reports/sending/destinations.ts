/**
 * Where the reports on a domain go, asked at the time of sending: the record may have changed since
 * the messages were counted, and a receiver may have taken its agreement back. Nothing that was
 * found when the report was built is believed. RFC 9990 sections 3.5 and 4.
 */
import { MAX_ADDRESSES, type ReportConsent, reportConsent } from '../../dmarc/report-addresses.ts';
import { organizationalDomain, type RecordLookup, recordLookup, walkTree } from '../../dmarc/tree-walk.ts';
import { causeText } from '../../dns/failure.ts';
import type { Lookup } from '../../dns/lookup.ts';
import type { DmarcUri } from '../../records/dmarc.ts';
import { mailboxOf } from './mailbox.ts';

/** One address, and whether it may have the report. A closed union. */
export type Destination =
  | {
      readonly kind: 'open';
      /** As published, or as the agreement of the receiver names it. */
      readonly uri: string;
      readonly address: string;
      /** Most octets that the address takes (RFC 7489 section 6.2); null: any. */
      readonly maxBytes: number | null;
    }
  | { readonly kind: 'barred'; readonly uri: string; readonly reason: string }
  /** DNS did not tell. */
  | { readonly kind: 'unknown'; readonly uri: string; readonly reason: string };

/** Where reports on a domain go now. A closed union. */
export type Destinations =
  | { readonly kind: 'found'; readonly destinations: readonly Destination[] }
  /** The domain asks for none. */
  | { readonly kind: 'none'; readonly reason: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** A question with its deadline on the monotonic clock, in milliseconds. */
type Asking = { readonly lookup: Lookup; readonly deadlineMs: number };

/**
 * Looks where the reports on a domain go.
 * @param policyDomain normalized
 * @returns never rejects
 */
export const findDestinations = async (policyDomain: string, { lookup, deadlineMs }: Asking): Promise<Destinations> => {
  const askRecord = recordLookup(lookup, deadlineMs);
  const published = await askRecord(policyDomain);
  switch (published.kind) {
    case 'failure':
      return {
        kind: 'unknown',
        reason: `${causeText(published.failure)} left open whether ${policyDomain} still asks for reports`,
      };
    case 'none':
      return { kind: 'none', reason: `${policyDomain} asks for no reports any more: ${published.reason}` };
    case 'record':
      return destinationsOf(published.record.rua, policyDomain, askRecord, { lookup, deadlineMs });
    default:
      return published satisfies never;
  }
};

const destinationsOf = async (
  rua: readonly DmarcUri[],
  policyDomain: string,
  askRecord: RecordLookup,
  { lookup, deadlineMs }: Asking,
): Promise<Destinations> => {
  const uris = rua.slice(0, MAX_ADDRESSES).filter((uri) => mailboxOf(uri.uri) !== null);
  if (uris.length === 0)
    return { kind: 'none', reason: `the DMARC record of ${policyDomain} names no mail address for reports` };
  const publisher = {
    domain: policyDomain,
    organizational: organizationalDomain(await walkTree(policyDomain, askRecord)),
  };
  const ask = (name: string, type: 'TXT') => lookup({ name, type }, deadlineMs);
  const found = await Promise.all(
    uris.map(async (uri) => toDestinations(uri, await reportConsent(uri, publisher, ask, askRecord), policyDomain)),
  );
  return { kind: 'found', destinations: withoutRepeats(found.flat()).slice(0, MAX_ADDRESSES) };
};

const toDestinations = (uri: DmarcUri, consent: ReportConsent, policyDomain: string): Destination[] => {
  const barred = (reason: string): Destination[] => [{ kind: 'barred', uri: uri.uri, reason }];
  const host = uri.mailDomain ?? '';
  switch (consent.kind) {
    case 'own':
      return openTo([uri]);
    case 'given':
      return consent.overrides.length === 0 ? openTo([uri]) : openTo(consent.overrides);
    case 'missing':
      return barred(
        `${host} does not agree to take reports on ${policyDomain}: no DMARC record is at ${consent.asked}`,
      );
    case 'other-host':
      return barred(`${host} names an address of another host at ${consent.asked}, and then none gets the report`);
    case 'name-too-long':
      return barred(`the name at which ${host} would agree to take reports on ${policyDomain} is too long for DNS`);
    case 'unknown': {
      const cause = consent.failure === null ? 'DNS' : causeText(consent.failure);
      return [
        {
          kind: 'unknown',
          uri: uri.uri,
          reason: `${cause} left open whether ${host} takes reports on ${policyDomain}`,
        },
      ];
    }
    case 'other-scheme':
    case 'no-domain':
      return [];
    default:
      return consent satisfies never;
  }
};

const openTo = (uris: readonly DmarcUri[]): Destination[] =>
  uris.flatMap(({ uri, obsoleteSize }) => {
    const address = mailboxOf(uri);
    return address === null ? [] : [{ kind: 'open', uri, address, maxBytes: octetsOf(obsoleteSize) }];
  });

/** The same address twice is one destination. */
const withoutRepeats = (destinations: readonly Destination[]): Destination[] => {
  const seen = new Set<string>();
  return destinations.filter((destination) => {
    const key = (destination.kind === 'open' ? destination.address : destination.uri).toLowerCase();
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });
};

/** Powers of two (RFC 7489 section 6.2). */
const UNITS: Readonly<Record<string, number>> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };

const octetsOf = (size: string | null): number | null => {
  if (size === null) return null;
  const unit = UNITS[size.slice(-1).toLowerCase()];
  return unit === undefined ? Number(size) : Number(size.slice(0, -1)) * unit;
};
