/** Rules about MX records (RFC 5321, RFC 7505). Pure. */
import { noAnswer } from '../../ask.ts';
import type { Assessed, Rule } from '../assessed.ts';
import { eachHost } from '../mail-hosts.ts';
import { rewriteMx } from '../suggest.ts';

const withoutHost = (assessed: Assessed, index: number) =>
  rewriteMx(assessed, (exchange, place) => (place === index ? null : exchange));

export const MX_RULES: readonly Rule[] = [
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
];
