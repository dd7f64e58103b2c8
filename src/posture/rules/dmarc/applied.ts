/** Rules about what applies in the end: whose record, in which reading, and how strict. Pure. */
import type { Rule } from '../assessed.ts';
import { usable } from './own-record.ts';

export const DMARC_APPLIED_RULES: readonly Rule[] = [
  {
    code: 'dmarc-inherited',
    severity: 'info',
    section: 'RFC 9989 section 4.10.1',
    about: 'the record that applies is of a parent domain',
    find: ({ dmarc, domain }) =>
      dmarc.inherited
        ? {
            message: `the DMARC record of ${dmarc.recordDomain} applies to ${domain}, which publishes none of its own`,
            field: 'dmarc.recordDomain',
          }
        : null,
  },
  {
    code: 'dmarc-readings-differ',
    severity: 'info',
    section: 'RFC 9989 appendix C',
    about: 'receivers that follow RFC 7489 apply something else than those that follow RFC 9989',
    find: ({ dmarc }) =>
      dmarc.agree
        ? null
        : {
            message: `for mail that passes neither SPF nor DKIM, ${dmarc.difference ?? 'the readings differ'}`,
            field: 'dmarc.rfc7489',
          },
  },
  {
    code: 'dmarc-good',
    severity: 'good',
    section: 'RFC 9989 section 4.7',
    about: 'forged mail is quarantined or refused',
    find: (assessed) => {
      const policy = usable(assessed);
      return policy !== null && !policy.testing && policy.domain !== 'none'
        ? { message: `the DMARC policy for ${assessed.domain} is ${policy.domain}`, field: 'dmarc.policy' }
        : null;
    },
  },
];
