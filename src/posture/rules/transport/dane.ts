/** Rules about TLSA records of mail hosts (RFC 7672). Pure. */
import { noAnswer } from '../../ask.ts';
import type { Rule } from '../assessed.ts';
import { eachHost, hasUsableTlsa, takesMail } from '../mail-hosts.ts';

export const DANE_RULES: readonly Rule[] = [
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
];
