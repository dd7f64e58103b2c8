/** Rules about MTA-STS (RFC 8461). Pure. */

import { noAnswer } from '../../ask.ts';
import { counted } from '../../counted.ts';
import type { Rule } from '../assessed.ts';
import { hasUsableTlsa, SOON_DAYS, takesMail } from '../mail-hosts.ts';
import { replaceText } from '../suggest.ts';

/** RFC 8461 section 3.2 wants weeks or greater. */
const ADVISED_MAX_AGE_SECONDS = 604_800;

/** A new id for a changed policy: the moment, as RFC 8461 section 3.1 shows it. */
const policyId = (nowMs: number): string => new Date(nowMs).toISOString().replace(/[-:T]/g, '').slice(0, 14);

export const MTA_STS_RULES: readonly Rule[] = [
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
      assessed.mtaSts.state === 'absent' && takesMail(assessed) && !assessed.mail.hosts.every(hasUsableTlsa)
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
            message: `max_age of the MTA-STS policy is ${counted(mtaSts.policy.maxAgeSeconds ?? 0, 'second')}; weeks are advised`,
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
            message: `the certificate of the MTA-STS policy host ends in ${counted(days, 'day')}`,
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
