/** Rules about the zone: name servers, SOA (RFC 1912, RFC 2308) and DNSSEC (RFC 4035). Pure. */

import { noAnswer } from '../ask.ts';
import { counted } from '../counted.ts';
import type { Rule } from './assessed.ts';

/** RFC 1912 section 2.2: two to four weeks; a week is the least that outlasts a long outage. */
const LEAST_EXPIRE_SECONDS = 604_800;
/** RFC 2308 section 5: one to three hours work well, over a day is problematic. */
const MOST_NEGATIVE_TTL_SECONDS = 86_400;
/** RFC 2182 section 5 asks for three; two is what registries ask for. */
const LEAST_NAME_SERVERS = 2;

export const DNSSEC_RULES: readonly Rule[] = [
  {
    code: 'dnssec-dns-failure',
    severity: 'warning',
    section: 'RFC 4035 section 5.5',
    about: 'DNS did not answer for the SOA; a broken DNSSEC chain looks like this',
    find: ({ dnssec, domain }) =>
      dnssec.state === 'dns-failure'
        ? {
            message: `${noAnswer(dnssec.failure)} for the SOA of ${domain}${dnssec.failure?.limit === undefined ? '; a broken DNSSEC chain looks like this' : ''}`,
            field: 'dnssec',
          }
        : null,
  },
  {
    code: 'dnssec-not-validated',
    severity: 'advice',
    section: 'RFC 4035 section 3.2.3',
    about: 'the resolver does not vouch for the domain: unsigned, or not validated there',
    find: ({ dnssec, domain }) =>
      dnssec.state === 'not-validated'
        ? {
            message: `no DNSSEC validation vouches for ${domain}: the zone is unsigned, or the resolver does not validate`,
            field: 'dnssec',
          }
        : null,
  },
  {
    code: 'dnssec-good',
    severity: 'good',
    section: 'RFC 4035 section 3.2.3',
    about: 'DNSSEC vouches for the domain',
    find: ({ dnssec, domain }) =>
      dnssec.state === 'validated' ? { message: `DNSSEC vouches for ${domain}`, field: 'dnssec' } : null,
  },
];

export const ZONE_RULES: readonly Rule[] = [
  {
    code: 'domain-not-found',
    severity: 'error',
    section: 'RFC 2308 section 2.1',
    about: 'the domain does not exist in DNS',
    find: ({ zone, domain }) =>
      zone.exists === false
        ? {
            message: `${domain} does not exist in DNS${zone.nearestParent === undefined ? '' : `; the nearest name above it that does is ${zone.nearestParent}`}`,
            field: 'zone.exists',
          }
        : null,
  },
  {
    code: 'ns-dns-failure',
    severity: 'warning',
    section: 'RFC 1034 section 4.2',
    about: 'DNS did not answer for name servers or the SOA',
    find: ({ zone }) => [
      ...(zone.failure === undefined
        ? []
        : [
            {
              message: `${noAnswer(zone.failure)} for ${zone.failure.type} of ${zone.failure.name}`,
              field: 'zone',
            },
          ]),
      ...zone.nameServers.flatMap(({ name, state }, index) =>
        state === 'dns-failure'
          ? [
              {
                message: `DNS gave no answer for the addresses of name server ${name}`,
                field: `zone.nameServers[${index}]`,
              },
            ]
          : [],
      ),
    ],
  },
  {
    code: 'ns-single',
    severity: 'warning',
    section: 'RFC 2182 section 5',
    about: 'the zone has one name server',
    find: ({ zone }) =>
      zone.nameServersState === 'found' && zone.nameServers.length < LEAST_NAME_SERVERS
        ? { message: `${zone.apex} has one name server; when it fails, mail stops`, field: 'zone.nameServers' }
        : null,
  },
  {
    code: 'ns-dangling',
    severity: 'error',
    section: 'RFC 1912 section 2.8',
    about: 'a name server has no address',
    find: ({ zone }) =>
      zone.nameServers.flatMap(({ name, state }, index) =>
        state === 'dangling'
          ? [
              {
                message: `name server ${name} has no address; whoever can register that name may answer for the domain`,
                field: `zone.nameServers[${index}]`,
              },
            ]
          : [],
      ),
  },
  {
    code: 'ns-cname',
    severity: 'error',
    section: 'RFC 2181 section 10.3',
    about: 'a name server is an alias',
    find: ({ zone }) =>
      zone.nameServers.flatMap(({ name, state }, index) =>
        state === 'cname'
          ? [{ message: `name server ${name} is an alias, which it must not be`, field: `zone.nameServers[${index}]` }]
          : [],
      ),
  },
  {
    code: 'soa-short-expire',
    severity: 'advice',
    section: 'RFC 1912 section 2.2',
    about: 'secondary name servers give the zone up within a week (SOA expire)',
    find: ({ zone }) =>
      zone.soa !== null && zone.soa.expireSeconds < LEAST_EXPIRE_SECONDS
        ? {
            message: `SOA expire of ${zone.apex} is ${counted(zone.soa.expireSeconds, 'second')}; two to four weeks are advised`,
            field: 'zone.soa',
          }
        : null,
  },
  {
    code: 'soa-long-negative-ttl',
    severity: 'advice',
    section: 'RFC 2308 section 5',
    about: 'resolvers remember for more than a day that a record is missing (SOA minimum)',
    find: ({ zone }) =>
      zone.soa !== null && zone.soa.negativeTtlSeconds > MOST_NEGATIVE_TTL_SECONDS
        ? {
            message: `resolvers remember for ${zone.soa.negativeTtlSeconds} seconds that a record of ${zone.apex} is missing; one to three hours are advised`,
            field: 'zone.soa',
          }
        : null,
  },
];
