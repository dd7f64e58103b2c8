/**
 * Where mail for a domain goes: its MX hosts with their addresses and TLSA records, the null MX,
 * and the domain's own address where there is no MX. RFC 5321 section 5.1, RFC 7505, RFC 7672.
 * Never connects to a host.
 */
import { reached } from '../../schemas/limit.ts';
import type { MailHost, MailPosture } from '../../schemas/posture/mail.ts';
import { isPublicAddress } from '../ip/public-address.ts';
import { type Ask, askAddresses, askMx, askNames, type MxRecord } from './ask.ts';
import { assessTlsa } from './dane.ts';

/**
 * What makes a name a host name (RFC 5321 section 4.1.2): letters, digits and hyphens; underscores
 * are seen and looked up all the same.
 */
const HOST_NAME = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)+$/i;

/**
 * Looks at mail hosts.
 * @param domain normalized
 * @param maxHosts hosts looked at, by preference
 * @returns never rejects
 */
export const assessMail = async (domain: string, ask: Ask, maxHosts: number): Promise<MailPosture> => {
  const [found, own] = await Promise.all([askMx(ask, domain), askAddresses(ask, domain)]);
  const nothing = { authenticated: false, hosts: [], hostsNotAsked: 0 };
  switch (found.kind) {
    case 'dns-failure':
      return { state: 'dns-failure', failure: found.failure, ...nothing };
    case 'absent': {
      if (own.kind === 'dns-failure') return { state: 'dns-failure', failure: own.failure, ...nothing };
      if (own.kind === 'absent') return { state: 'none', ...nothing, authenticated: found.authenticated };
      const host = await assessHost({ priority: 0, exchange: domain }, ask, found.authenticated);
      return { state: 'implicit', authenticated: found.authenticated, hosts: [host], hostsNotAsked: 0 };
    }
    case 'found': {
      const isNull = ({ exchange }: MxRecord): boolean => exchange === '';
      const { authenticated } = found;
      if (found.values.every(isNull)) return { state: 'null-mx', ...nothing, authenticated };
      const hosts = found.values.filter((record) => !isNull(record));
      return {
        // RFC 7505 section 3: a null MX is the only MX.
        state: hosts.length < found.values.length ? 'invalid' : 'mx',
        authenticated,
        hosts: await Promise.all(hosts.slice(0, maxHosts).map((record) => assessHost(record, ask, authenticated))),
        hostsNotAsked: Math.max(0, hosts.length - maxHosts),
        ...(hosts.length > maxHosts && { limit: reached('mail-hosts', maxHosts) }),
      };
    }
    default:
      return found satisfies never;
  }
};

const assessHost = async ({ priority, exchange }: MxRecord, ask: Ask, mxAuthenticated: boolean): Promise<MailHost> => {
  const host = { priority, exchange, addresses: [] as string[], cname: null, authenticated: false };
  if (!HOST_NAME.test(exchange) || /(?:^|\.)\d+$/.test(exchange)) {
    const tlsa = { state: 'not-asked' as const, name: '', records: [] };
    return { ...host, state: 'invalid', tlsa };
  }
  const [addresses, alias, tlsa] = await Promise.all([
    askAddresses(ask, exchange),
    askNames(ask, exchange, 'CNAME'),
    assessTlsa(exchange, ask, mxAuthenticated),
  ]);
  const cname = alias.kind === 'found' ? (alias.values[0] ?? null) : null;
  if (addresses.kind === 'dns-failure')
    return { ...host, cname, tlsa, state: 'dns-failure', failure: addresses.failure };
  if (addresses.kind === 'absent') return { ...host, cname, tlsa, state: 'dangling' };
  return {
    ...host,
    cname,
    tlsa,
    state: cname !== null ? 'cname' : addresses.values.some(isPublicAddress) ? 'ok' : 'not-public',
    addresses: [...addresses.values],
    authenticated: addresses.authenticated,
  };
};
