/** Rules about mail hosts as they answer on port 25 (RFC 3207). Pure. */
import { counted } from '../../counted.ts';
import type { Rule } from '../assessed.ts';
import { eachHost, SOON_DAYS } from '../mail-hosts.ts';

export const PROBE_RULES: readonly Rule[] = [
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
        message: `the certificate of mail host ${exchange} ends in ${counted(probe?.certificate?.daysLeft ?? 0, 'day')}`,
      }),
    ),
  },
];
