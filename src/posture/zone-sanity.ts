/**
 * The zone of a domain: where it begins, its name servers and its SOA. RFC 1034 section
 * 4.2, RFC 1912 section 2.2, RFC 2181 section 10.3, RFC 2182. Asks the resolver only, never the
 * name servers themselves.
 */

import type { RecordData } from '../../schemas/dns.ts';
import type { NameServer, ZonePosture } from '../../schemas/posture/zone.ts';
import { failureOf } from '../dns/failure.ts';
import { parentName } from '../dns/name.ts';
import { type Ask, askAddresses, askNames, type Found } from './ask.ts';

/** Most name servers looked at: the root itself has no more. */
export const MAX_NAME_SERVERS = 13;
/** Most names on the way up to the apex. */
const MAX_STEPS = 8;

/** Looks at the zone. @param domain normalized @returns never rejects */
export const assessZone = async (domain: string, ask: Ask): Promise<ZonePosture> => {
  const [address, apex] = await Promise.all([ask(domain, 'A'), findApex(domain, ask)]);
  const exists = apex.domainExists ?? (address.kind === 'failure' ? null : address.kind !== 'nxdomain');
  const found = exists === false && apex.nearestParent !== null ? { nearestParent: apex.nearestParent } : {};
  if (apex.kind === 'dns-failure')
    return {
      exists,
      ...found,
      apex: null,
      nameServers: [],
      nameServersState: 'dns-failure',
      soa: null,
      failure: apex.failure,
    };
  if (apex.kind === 'none')
    return { exists, ...found, apex: null, nameServers: [], nameServersState: 'none', soa: null };
  const servers = apex.nameServers;
  const names = servers.kind === 'found' ? servers.values.slice(0, MAX_NAME_SERVERS) : [];
  return {
    exists,
    ...found,
    apex: apex.name,
    nameServers: await Promise.all(names.map((name) => assessNameServer(name, ask))),
    nameServersState: servers.kind === 'found' ? 'found' : servers.kind === 'absent' ? 'none' : 'dns-failure',
    soa: apex.soa,
    ...(servers.kind === 'dns-failure' && { failure: servers.failure }),
  };
};

type Apex =
  | { kind: 'found'; name: string; soa: NonNullable<ZonePosture['soa']>; nameServers: Found<string> }
  | { kind: 'none' }
  | { kind: 'dns-failure'; failure: NonNullable<ZonePosture['failure']> };

/** What the questions on the way up say of the domain itself. */
type Existence = {
  /** null: a failure leaves it unknown. */
  readonly domainExists: boolean | null;
  /** The nearest name above it that exists; null: none was found. */
  readonly nearestParent: string | null;
};

/**
 * The nearest name at or above a domain that has an SOA. All names are asked at once: they are
 * known beforehand.
 */
const findApex = async (domain: string, ask: Ask): Promise<Apex & Existence> => {
  const names: string[] = [];
  for (let name: string | null = domain; name?.includes('.') && names.length < MAX_STEPS; name = parentName(name))
    names.push(name);
  const answers = await Promise.all(
    names.map(async (name) => {
      const [soa, nameServers] = await Promise.all([ask(name, 'SOA'), askNames(ask, name, 'NS')]);
      return { name, soa, nameServers };
    }),
  );
  const own = answers[0]?.soa;
  const existence: Existence = {
    domainExists: own === undefined || own.kind === 'failure' ? null : own.kind !== 'nxdomain',
    nearestParent: answers.slice(1).find(({ soa }) => soa.kind === 'records' || soa.kind === 'nodata')?.name ?? null,
  };
  for (const { name, soa, nameServers } of answers) {
    if (soa.kind === 'failure')
      return { kind: 'dns-failure', failure: { name, type: 'SOA', ...failureOf(soa) }, ...existence };
    const record = soa.kind === 'records' ? soaOf(soa.records) : null;
    if (record !== null) return { kind: 'found', name, soa: record, nameServers, ...existence };
  }
  return { kind: 'none', ...existence };
};

const soaOf = (records: readonly RecordData[]): ZonePosture['soa'] => {
  for (const record of records)
    if (typeof record === 'object' && 'mname' in record)
      return {
        primary: record.mname,
        // The first dot that is not escaped is the "@" (RFC 1035 section 8).
        mailbox: record.rname.replace(/^((?:[^.\\]|\\.)*)\./, '$1@'),
        serial: record.serial,
        refreshSeconds: record.refresh,
        retrySeconds: record.retry,
        expireSeconds: record.expire,
        negativeTtlSeconds: record.minimum,
      };
  return null;
};

const assessNameServer = async (name: string, ask: Ask): Promise<NameServer> => {
  const [addresses, alias] = await Promise.all([askAddresses(ask, name), askNames(ask, name, 'CNAME')]);
  if (alias.kind === 'found') return { name, state: 'cname', addresses: addressesOf(addresses) };
  if (addresses.kind === 'dns-failure')
    return { name, state: 'dns-failure', failure: addresses.failure, addresses: [] };
  return { name, state: addresses.kind === 'absent' ? 'dangling' : 'ok', addresses: addressesOf(addresses) };
};

const addressesOf = (found: Found<string>): string[] => (found.kind === 'found' ? [...found.values] : []);
