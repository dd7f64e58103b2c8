/**
 * Rules about MTA-STS, TLS-RPT, BIMI, name servers, SOA and the limits of an assessment. Pure. RFC
 * 8461, RFC 8460, RFC 1912. Over 300 lines, since it is one table: a rule stands whole in one
 * place.
 */
import { limitText, type ReachedLimit } from '../../../schemas/limit.ts';
import { noAnswer } from '../ask.ts';
import type { Assessed, Hit, Rule } from './assessed.ts';
import { newText, replaceText, reportAddress } from './suggest.ts';

const SOON_DAYS = 14;
const DAY_SECONDS = 86_400;
/** RFC 8461 section 3.2 wants weeks or greater. */
const ADVISED_MAX_AGE_SECONDS = 7 * DAY_SECONDS;
/** RFC 1912 section 2.2: two to four weeks; a week is the least that outlasts a long outage. */
const LEAST_EXPIRE_SECONDS = 7 * DAY_SECONDS;
/** RFC 2308 section 5: one to three hours work well, over a day is problematic. */
const MOST_NEGATIVE_TTL_SECONDS = DAY_SECONDS;
/** RFC 2182 section 5 asks for three; two is what registries ask for. */
const LEAST_NAME_SERVERS = 2;

const takesMail = ({ mail }: Assessed): boolean =>
  mail.state === 'mx' || mail.state === 'implicit' || mail.state === 'invalid';

/** A new id for a changed policy: the moment, as RFC 8461 section 3.1 shows it. */
const policyId = (nowMs: number): string => new Date(nowMs).toISOString().replace(/[-:T]/g, '').slice(0, 14);

const MTA_STS_RULES: readonly Rule[] = [
  {
    code: 'mta-sts-dns-failure',
    severity: 'warning',
    section: 'RFC 8461 section 3.1',
    about: 'DNS did not answer for the MTA-STS record or its policy host, so nothing is known of it',
    find: ({ mtaSts, domain }) =>
      mtaSts.state === 'dns-failure'
        ? {
            message: `${noAnswer(mtaSts.failure)} for _mta-sts.${domain}`,
            field: 'mtaSts',
          }
        : mtaSts.policy.state === 'dns-failure'
          ? { message: `the MTA-STS policy could not be looked at: ${mtaSts.policy.reason}`, field: 'mtaSts.policy' }
          : null,
  },
  {
    code: 'mta-sts-missing',
    severity: 'advice',
    section: 'RFC 8461 section 3',
    about: 'no MTA-STS: an attacker on the way can strip the encryption of mail to the domain',
    find: (assessed) =>
      assessed.mtaSts.state === 'absent' &&
      takesMail(assessed) &&
      !assessed.mail.hosts.every(({ tlsa }) => tlsa.state === 'usable')
        ? {
            message: `neither MTA-STS nor DANE on every mail host protects mail to ${assessed.domain} on its way`,
            field: 'mtaSts',
          }
        : null,
  },
  {
    code: 'mta-sts-invalid',
    severity: 'error',
    section: 'RFC 8461 section 3.1',
    about: 'the MTA-STS record cannot be used',
    find: ({ mtaSts, domain, texts, nowMs }) =>
      mtaSts.state === 'invalid'
        ? {
            message: `the MTA-STS record cannot be used: ${mtaSts.reason}`,
            field: 'mtaSts.record',
            suggestion: replaceText(
              `_mta-sts.${domain}`,
              texts.mtaSts,
              (text) => text.startsWith('v=STSv1'),
              `v=STSv1; id=${policyId(nowMs)};`,
            ),
          }
        : null,
  },
  {
    code: 'mta-sts-policy-unreachable',
    severity: 'error',
    section: 'RFC 8461 section 3.3',
    about: 'the MTA-STS policy cannot be fetched, so that the record has no effect',
    find: ({ mtaSts }) =>
      mtaSts.policy.state === 'unreachable'
        ? {
            message: `the MTA-STS policy at ${mtaSts.policy.url} cannot be fetched: ${mtaSts.policy.reason}`,
            field: 'mtaSts.policy',
          }
        : null,
  },
  {
    code: 'mta-sts-policy-invalid',
    severity: 'error',
    section: 'RFC 8461 section 3.2',
    about: 'the MTA-STS policy cannot be used',
    find: ({ mtaSts }) =>
      mtaSts.policy.state === 'invalid'
        ? { message: `the MTA-STS policy cannot be used: ${mtaSts.policy.reason}`, field: 'mtaSts.policy' }
        : null,
  },
  {
    code: 'mta-sts-mx-mismatch',
    severity: 'error',
    section: 'RFC 8461 section 4.1',
    about: 'the MTA-STS policy does not cover a mail host: under enforce senders do not deliver to it',
    find: ({ mtaSts }) =>
      mtaSts.unmatched.length > 0
        ? {
            message: `the MTA-STS policy does not cover ${mtaSts.unmatched.join(', ').slice(0, 300)}${mtaSts.policy.mode === 'enforce' ? '; senders that follow it do not deliver there' : ''}`,
            field: 'mtaSts.unmatched',
          }
        : null,
  },
  {
    code: 'mta-sts-not-enforced',
    severity: 'advice',
    section: 'RFC 8461 section 5',
    about: 'the MTA-STS policy only tests, or withdraws itself (mode)',
    find: ({ mtaSts }) =>
      mtaSts.policy.mode === 'testing' || mtaSts.policy.mode === 'none'
        ? {
            message: `the mode of the MTA-STS policy is ${mtaSts.policy.mode}, so it protects nothing yet`,
            field: 'mtaSts.policy.mode',
          }
        : null,
  },
  {
    code: 'mta-sts-short-max-age',
    severity: 'advice',
    section: 'RFC 8461 section 3.2',
    about: 'senders forget the MTA-STS policy within a week (max_age)',
    find: ({ mtaSts }) =>
      mtaSts.policy.mode === 'enforce' && (mtaSts.policy.maxAgeSeconds ?? 0) < ADVISED_MAX_AGE_SECONDS
        ? {
            message: `max_age of the MTA-STS policy is ${mtaSts.policy.maxAgeSeconds} seconds; weeks are advised`,
            field: 'mtaSts.policy.maxAgeSeconds',
          }
        : null,
  },
  {
    code: 'mta-sts-certificate-expiring',
    severity: 'warning',
    section: 'RFC 8461 section 3.3',
    about: 'the certificate of the policy host ends within two weeks',
    find: ({ mtaSts }) => {
      const days = mtaSts.policy.certificate?.daysLeft;
      return days !== undefined && days < SOON_DAYS
        ? {
            message: `the certificate of the MTA-STS policy host ends in ${days} days`,
            field: 'mtaSts.policy.certificate',
          }
        : null;
    },
  },
  {
    code: 'mta-sts-good',
    severity: 'good',
    section: 'RFC 8461 section 5',
    about: 'MTA-STS is enforced and covers every mail host',
    find: ({ mtaSts }) =>
      mtaSts.policy.mode === 'enforce' && mtaSts.unmatched.length === 0
        ? { message: 'MTA-STS is enforced and covers every mail host', field: 'mtaSts' }
        : null,
  },
];

const TLS_RPT_RULES: readonly Rule[] = [
  {
    code: 'tls-rpt-dns-failure',
    severity: 'warning',
    section: 'RFC 8460 section 3',
    about: 'DNS did not answer for the TLS-RPT record',
    find: ({ tlsRpt, domain }) =>
      tlsRpt.state === 'dns-failure'
        ? {
            message: `${noAnswer(tlsRpt.failure)} for _smtp._tls.${domain}`,
            field: 'tlsRpt',
          }
        : null,
  },
  {
    code: 'tls-rpt-missing',
    severity: 'advice',
    section: 'RFC 8460 section 3',
    about: 'nobody reports when TLS to the mail hosts fails',
    find: (assessed) =>
      assessed.tlsRpt.state === 'absent' && takesMail(assessed)
        ? {
            message: `no TLS-RPT record asks for reports when TLS to the mail hosts of ${assessed.domain} fails`,
            field: 'tlsRpt',
            suggestion: newText(`_smtp._tls.${assessed.domain}`, tlsRptRecord(assessed), assessed.texts.tlsRpt),
          }
        : null,
  },
  {
    code: 'tls-rpt-invalid',
    severity: 'error',
    section: 'RFC 8460 section 3',
    about: 'the TLS-RPT record cannot be used',
    find: (assessed) =>
      assessed.tlsRpt.state === 'invalid'
        ? {
            message: `the TLS-RPT record cannot be used: ${assessed.tlsRpt.reason}`,
            field: 'tlsRpt.record',
            suggestion: replaceText(
              `_smtp._tls.${assessed.domain}`,
              assessed.texts.tlsRpt,
              (text) => text.startsWith('v=TLSRPTv1'),
              tlsRptRecord(assessed),
            ),
          }
        : null,
  },
  {
    code: 'tls-rpt-good',
    severity: 'good',
    section: 'RFC 8460 section 3',
    about: 'reports on failed TLS are asked for',
    find: ({ tlsRpt }) =>
      tlsRpt.state === 'valid'
        ? { message: `reports on failed TLS go to ${tlsRpt.reports.join(', ').slice(0, 200)}`, field: 'tlsRpt' }
        : null,
  },
];

const tlsRptRecord = ({ domain }: Assessed): string => `v=TLSRPTv1; rua=${reportAddress(domain, 'tls-reports')}`;

const BIMI_RULES: readonly Rule[] = [
  {
    code: 'bimi-dns-failure',
    severity: 'warning',
    section: 'draft-brand-indicators-for-message-identification section 7.2',
    about: 'DNS did not answer for the BIMI record',
    find: ({ bimi }) =>
      bimi.state === 'dns-failure'
        ? {
            message: `${noAnswer(bimi.failure)} for ${bimi.failure?.name ?? 'the BIMI record'}`,
            field: 'bimi',
          }
        : null,
  },
  {
    code: 'bimi-invalid',
    severity: 'error',
    section: 'draft-brand-indicators-for-message-identification section 4.3',
    about: 'the BIMI record cannot be used',
    find: ({ bimi }) =>
      bimi.state === 'invalid'
        ? { message: `the BIMI record cannot be used: ${bimi.reason}`, field: 'bimi.record' }
        : null,
  },
  {
    code: 'bimi-policy-weak',
    severity: 'warning',
    section: 'draft-brand-indicators-for-message-identification section 7.1',
    about: 'the DMARC policy is too weak for a logo to be shown',
    find: ({ bimi }) =>
      bimi.state === 'valid' && !bimi.declined && bimi.policyFit === false
        ? {
            message: `no receiver shows the BIMI logo, which takes a DMARC policy of quarantine or reject for all mail and for subdomains: ${bimi.policyReason}`,
            field: 'bimi.policyFit',
          }
        : null,
  },
  {
    code: 'bimi-logo-bad',
    severity: 'error',
    section: 'draft-svg-tiny-ps-abrotman section 2',
    about: 'the BIMI logo cannot be fetched, or is not of the SVG Tiny PS profile',
    find: ({ bimi }) =>
      bimi.logo.state === 'unreachable' || bimi.logo.state === 'invalid'
        ? {
            message: `the BIMI logo ${bimi.logo.state === 'invalid' ? 'does not fit the profile' : 'cannot be fetched'}: ${bimi.logo.faults.slice(0, 3).join('; ')}`,
            field: 'bimi.logo',
          }
        : null,
  },
  {
    code: 'bimi-evidence-bad',
    severity: 'error',
    section: 'draft-brand-indicators-for-message-identification section 7.6',
    about: 'the certificate for the BIMI logo cannot be fetched or used',
    find: ({ bimi }) =>
      bimi.evidence.state === 'unreachable' || bimi.evidence.state === 'invalid'
        ? {
            message: `the certificate for the BIMI logo cannot be used: ${bimi.evidence.faults.slice(0, 3).join('; ')}`,
            field: 'bimi.evidence',
          }
        : null,
  },
  {
    code: 'bimi-no-evidence',
    severity: 'advice',
    section: 'draft-brand-indicators-for-message-identification section 4.3',
    about: 'no certificate vouches for the BIMI logo; most receivers show none without',
    find: ({ bimi }) =>
      bimi.state === 'valid' && !bimi.declined && bimi.evidence.url === null
        ? {
            message: 'no certificate vouches for the BIMI logo (a=); most receivers show none without',
            field: 'bimi.evidence',
          }
        : null,
  },
  {
    code: 'bimi-good',
    severity: 'good',
    section: 'draft-brand-indicators-for-message-identification section 4.3',
    about: 'logo and certificate are in order',
    find: ({ bimi }) =>
      bimi.logo.state === 'valid' && bimi.evidence.state === 'valid' && bimi.policyFit === true
        ? { message: 'the BIMI logo and its certificate are in order', field: 'bimi' }
        : null,
  },
];

const ZONE_RULES: readonly Rule[] = [
  {
    code: 'domain-not-found',
    severity: 'error',
    section: 'RFC 2308 section 2.1',
    about: 'the domain does not exist in DNS',
    find: ({ zone, domain }) =>
      zone.exists === false ? { message: `${domain} does not exist in DNS`, field: 'zone.exists' } : null,
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
            message: `SOA expire of ${zone.apex} is ${zone.soa.expireSeconds} seconds; two to four weeks are advised`,
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
  {
    code: 'limit-reached',
    severity: 'warning',
    section: 'RFC 7208 section 11.1',
    about: 'the assessment reached a limit of this service; what is beyond it is unknown',
    find: ({ usage, spf, mail }) => [
      ...usage.exceeded.map(limitHit('what depended on it is reported as a DNS failure', 'dns')),
      ...spf.limits
        .filter(({ name }) => !usage.exceeded.some((limit) => limit.name === name))
        .map(limitHit('the rest of the SPF tree is not shown', 'spf.tree')),
      ...[mail.limit ?? []]
        .flat()
        .map(limitHit(`${mail.hostsNotAsked} further mail hosts were not looked at`, 'mail.hostsNotAsked')),
    ],
  },
];

const limitHit =
  (effect: string, field: string) =>
  (limit: ReachedLimit): Hit => ({ message: `this assessment reached ${limitText(limit)}: ${effect}`, field, limit });

export const AROUND_RULES: readonly Rule[] = [...MTA_STS_RULES, ...TLS_RPT_RULES, ...BIMI_RULES, ...ZONE_RULES];
