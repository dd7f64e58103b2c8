/**
 * Rules about the way of mail to the domain: MX, null MX, DANE, DNSSEC and the live probe. Pure.
 * RFC 5321, RFC 7505, RFC 7672. Over 300 lines, since it is one table: a rule stands whole in one
 * place.
 */
import type { MailHost } from '../../../schemas/posture/mail.ts';
import { noAnswer } from '../ask.ts';
import { refusesAll } from '../purpose.ts';
import type { Assessed, Hit, Rule } from './assessed.ts';
import { publishSpf, rewriteDmarc, rewriteMx } from './suggest.ts';

const SOON_DAYS = 14;

const eachHost =
  (
    isOne: (host: MailHost) => boolean,
    tell: (host: MailHost, index: number, assessed: Assessed) => Omit<Hit, 'field'>,
  ): Rule['find'] =>
  (assessed) =>
    assessed.mail.hosts.flatMap((host, index) =>
      isOne(host) ? [{ ...tell(host, index, assessed), field: `mail.hosts[${index}]` }] : [],
    );

const withoutHost = (assessed: Assessed, index: number) =>
  rewriteMx(assessed, (exchange, place) => (place === index ? null : exchange));
const takesMail = ({ mail }: Assessed): boolean =>
  mail.state === 'mx' || mail.state === 'implicit' || mail.state === 'invalid';
const hasUsableTlsa = ({ tlsa }: MailHost): boolean => tlsa.state === 'usable';

export const MAIL_RULES: readonly Rule[] = [
  {
    code: 'mx-dns-failure',
    severity: 'warning',
    section: 'RFC 5321 section 5.1',
    about: 'DNS did not answer for the MX records or a mail host, so nothing is known of it',
    find: ({ mail, domain }) => [
      ...(mail.state === 'dns-failure'
        ? [
            {
              message: `${noAnswer(mail.failure)} for ${mail.failure?.type ?? 'MX'} of ${domain}`,
              field: 'mail',
            },
          ]
        : []),
      ...mail.hosts.flatMap((host, index) =>
        host.state === 'dns-failure'
          ? [
              {
                message: `${noAnswer(host.failure)} for the addresses of ${host.exchange}`,
                field: `mail.hosts[${index}]`,
              },
            ]
          : [],
      ),
    ],
  },
  {
    code: 'mx-none',
    severity: 'warning',
    section: 'RFC 5321 section 5.1',
    about: 'the domain sends mail but takes none: no MX and no address, so replies and bounces are lost',
    find: ({ mail, sendsMail, domain }) =>
      mail.state === 'none' && sendsMail !== false
        ? { message: `${domain} has no MX and no address, so replies and bounces cannot reach it`, field: 'mail' }
        : null,
  },
  {
    code: 'mx-implicit',
    severity: 'advice',
    section: 'RFC 5321 section 5.1',
    about: 'no MX is published, so mail goes to the address of the domain itself',
    find: ({ mail, domain, sendsMail }) =>
      mail.state === 'implicit'
        ? {
            message: `${domain} has no MX, so mail goes to its own address; say where it goes, or that it goes nowhere`,
            field: 'mail',
            suggestion: {
              name: domain,
              type: 'MX',
              records: [sendsMail === false ? { priority: 0, exchange: '' } : { priority: 10, exchange: domain }],
              replaces: [],
            },
          }
        : null,
  },
  {
    code: 'mx-null-beside-others',
    severity: 'error',
    section: 'RFC 7505 section 3',
    about: 'a null MX is not the only MX record',
    find: (assessed) =>
      assessed.mail.state === 'invalid'
        ? {
            message: 'a null MX ("no mail here") is not the only MX record',
            field: 'mail',
            suggestion: rewriteMx(assessed, (exchange) => exchange),
          }
        : null,
  },
  {
    code: 'mx-dangling',
    severity: 'error',
    section: 'RFC 5321 section 5.1',
    about: 'an MX leads to a name without an address',
    find: eachHost(
      ({ state }) => state === 'dangling',
      ({ exchange }, index, assessed) => ({
        message: `mail host ${exchange} has no address; whoever can register that name may take the mail`,
        suggestion: withoutHost(assessed, index),
      }),
    ),
  },
  {
    code: 'mx-cname',
    severity: 'warning',
    section: 'RFC 5321 section 5.1',
    about: 'an MX leads to an alias',
    find: eachHost(
      ({ cname }) => cname !== null,
      ({ exchange, cname }, index, assessed) => ({
        message: `mail host ${exchange} is an alias of ${cname}; some senders refuse that`,
        suggestion: rewriteMx(assessed, (name, place) => (place === index ? (cname ?? name) : name)),
      }),
    ),
  },
  {
    code: 'mx-invalid-name',
    severity: 'error',
    section: 'RFC 5321 section 5.1',
    about: 'an MX holds what is no host name, an IP address for example',
    find: eachHost(
      ({ state }) => state === 'invalid',
      ({ exchange }, index, assessed) => ({
        message: `"${exchange.slice(0, 100)}" in the MX records is not a host name`,
        suggestion: withoutHost(assessed, index),
      }),
    ),
  },
  {
    code: 'mx-not-public',
    severity: 'error',
    section: 'RFC 6890 section 2',
    about: 'a mail host has private or reserved addresses only',
    find: eachHost(
      ({ state }) => state === 'not-public',
      ({ exchange, addresses }, index, assessed) => ({
        message: `mail host ${exchange} has no public address (${addresses.slice(0, 3).join(', ')})`,
        suggestion: withoutHost(assessed, index),
      }),
    ),
  },
  {
    code: 'null-mx-spf-open',
    severity: 'warning',
    section: 'RFC 7505 section 4.2',
    about: 'the domain takes no mail, yet its SPF record does not refuse every sender',
    find: (assessed) =>
      assessed.mail.state === 'null-mx' && assessed.spf.state === 'valid' && !refusesAll(assessed.spf)
        ? {
            message: `${assessed.domain} takes no mail (null MX), yet its SPF record lets hosts send; if it sends none, say so`,
            field: 'spf',
            suggestion: publishSpf(assessed, 'v=spf1 -all'),
          }
        : null,
  },
  {
    code: 'no-mail-policy-open',
    severity: 'warning',
    section: 'RFC 9989 section 4.7',
    about: 'the domain says that it sends no mail, yet its DMARC policy does not refuse what is sent in its name',
    find: (assessed) => {
      const { sendsMail, dmarc } = assessed;
      if (sendsMail !== false || dmarc.policy === null || (dmarc.policy.domain === 'reject' && !dmarc.policy.testing))
        return null;
      return {
        message: `${assessed.domain} sends no mail, so its DMARC policy can be reject at no cost`,
        field: 'dmarc.policy',
        suggestion: dmarc.inherited ? undefined : rewriteDmarc(assessed, { p: 'reject', t: null }),
      };
    },
  },
  {
    code: 'no-mail-null-mx',
    severity: 'advice',
    section: 'RFC 7505 section 3',
    about: 'the domain sends no mail and takes none; a null MX says so',
    find: ({ sendsMail, mail, domain }) =>
      sendsMail === false && mail.state === 'none'
        ? {
            message: `${domain} sends no mail; a null MX says that it takes none either`,
            field: 'mail',
            suggestion: { name: domain, type: 'MX', records: [{ priority: 0, exchange: '' }], replaces: [] },
          }
        : null,
  },
  {
    code: 'no-mail-good',
    severity: 'good',
    section: 'RFC 7505 section 4.2',
    about: 'the domain sends and takes no mail and says so everywhere',
    find: ({ mail, spf, dmarc }) =>
      mail.state === 'null-mx' && refusesAll(spf) && dmarc.policy?.domain === 'reject' && !dmarc.policy.testing
        ? {
            message:
              'the domain says everywhere that it neither sends nor takes mail: null MX, v=spf1 -all and p=reject',
            field: 'mail',
          }
        : null,
  },
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
  {
    code: 'tlsa-dns-failure',
    severity: 'warning',
    section: 'RFC 7672 section 2.1.1',
    about: 'DNS did not answer for TLSA records; senders that follow DANE hold mail back meanwhile',
    find: eachHost(
      ({ tlsa }) => tlsa.state === 'dns-failure',
      ({ exchange, tlsa }) => ({
        message: `${noAnswer(tlsa.failure)} for the TLSA records of ${exchange}${tlsa.failure?.limit === undefined ? '; senders that follow DANE hold mail back while that lasts' : ''}`,
      }),
    ),
  },
  {
    code: 'tlsa-insecure',
    severity: 'warning',
    section: 'RFC 7672 section 2.2',
    about: 'TLSA records are published without DNSSEC, so that nobody uses them',
    find: eachHost(
      ({ tlsa }) => tlsa.state === 'insecure',
      ({ exchange, tlsa }) => ({ message: `the TLSA records of ${exchange} have no effect: ${tlsa.reason}` }),
    ),
  },
  {
    code: 'tlsa-unusable',
    severity: 'error',
    section: 'RFC 7672 section 3.1',
    about: 'no TLSA record of a host is of a kind that SMTP uses',
    find: eachHost(
      ({ tlsa }) => tlsa.state === 'unusable',
      ({ exchange, tlsa }) => ({ message: `no TLSA record of ${exchange} can be used: ${tlsa.reason}` }),
    ),
  },
  {
    code: 'dane-partial',
    severity: 'advice',
    section: 'RFC 7672 section 2.2',
    about: 'some mail hosts have usable TLSA records and others have none',
    find: ({ mail }) => {
      const bare = mail.hosts.filter((host) => !hasUsableTlsa(host) && host.tlsa.state !== 'dns-failure');
      return bare.length > 0 && mail.hosts.some(hasUsableTlsa)
        ? {
            message: `DANE does not protect ${bare
              .map(({ exchange }) => exchange)
              .join(', ')
              .slice(0, 200)}, as it does the other mail hosts`,
            field: 'mail.hosts',
          }
        : null;
    },
  },
  {
    code: 'dane-good',
    severity: 'good',
    section: 'RFC 7672 section 2.2',
    about: 'every mail host has usable TLSA records',
    find: (assessed) =>
      takesMail(assessed) && assessed.mail.hosts.length > 0 && assessed.mail.hosts.every(hasUsableTlsa)
        ? { message: 'DANE protects the way to every mail host', field: 'mail.hosts' }
        : null,
  },
  {
    code: 'probe-unreachable',
    severity: 'warning',
    section: 'RFC 5321 section 4.5.4.1',
    about: 'a mail host could not be talked to',
    find: eachHost(
      ({ probe }) =>
        probe !== undefined && ['unreachable', 'protocol-error', 'refused-address', 'no-address'].includes(probe.state),
      ({ exchange, probe }) => ({ message: `mail host ${exchange} could not be looked at: ${probe?.reason}` }),
    ),
  },
  {
    code: 'probe-no-starttls',
    severity: 'error',
    section: 'RFC 3207 section 4',
    about: 'a mail host does not offer STARTTLS',
    find: eachHost(
      ({ probe }) => probe?.state === 'no-starttls',
      ({ exchange }) => ({
        message: `mail host ${exchange} does not offer STARTTLS, so mail to it travels in the clear`,
      }),
    ),
  },
  {
    code: 'probe-tls-failure',
    severity: 'error',
    section: 'RFC 3207 section 4.1',
    about: 'a mail host offers STARTTLS, but TLS fails',
    find: eachHost(
      ({ probe }) => probe?.state === 'tls-failure',
      ({ exchange, probe }) => ({ message: `TLS with mail host ${exchange} fails: ${probe?.reason}` }),
    ),
  },
  {
    code: 'probe-untrusted',
    severity: 'warning',
    section: 'RFC 8461 section 4.2',
    about: 'the certificate of a mail host does not lead to a known authority, or is for another name',
    find: eachHost(
      // Under DANE the certificate need not lead to a public authority (RFC 7672 section 3.1.1).
      ({ probe }) => probe?.state === 'starttls' && probe.trusted === false && probe.daneMatch !== true,
      ({ exchange, probe }) => ({
        message: `the certificate of mail host ${exchange} is not trusted: ${probe?.reason}`,
      }),
    ),
  },
  {
    code: 'probe-dane-mismatch',
    severity: 'error',
    section: 'RFC 7672 section 2.2',
    about:
      'the certificate of a mail host matches none of its TLSA records, so senders that follow DANE do not deliver',
    find: eachHost(
      ({ probe }) => probe?.daneMatch === false,
      ({ exchange }) => ({
        message: `the certificate of mail host ${exchange} matches none of its TLSA records; senders that follow DANE do not deliver`,
      }),
    ),
  },
  {
    code: 'probe-certificate-expiring',
    severity: 'warning',
    section: 'RFC 5280 section 4.1.2.5',
    about: 'the certificate of a mail host ends within two weeks',
    find: eachHost(
      ({ probe }) =>
        probe?.certificate != null && probe.certificate.daysLeft >= 0 && probe.certificate.daysLeft < SOON_DAYS,
      ({ exchange, probe }) => ({
        message: `the certificate of mail host ${exchange} ends in ${probe?.certificate?.daysLeft} days`,
      }),
    ),
  },
];
