/** Rules about what the DMARC policy asks for. Pure. */
import type { Assessed, Rule } from '../assessed.ts';
import { mend, STRENGTH, usable } from './own-record.ts';

/** The tag with the policy of this domain in the record that applies. */
const ownTag = ({ dmarc }: Assessed): 'p' | 'sp' =>
  dmarc.inherited && dmarc.tags.some(({ name, status }) => name === 'sp' && status === 'published') ? 'sp' : 'p';

export const DMARC_POLICY_RULES: readonly Rule[] = [
  {
    code: 'dmarc-policy-none',
    severity: 'warning',
    section: 'RFC 9989 section 4.7',
    about: 'the policy asks for nothing (p=none)',
    find: (assessed) => {
      const policy = usable(assessed);
      if (policy === null || policy.domain !== 'none') return null;
      const stricter = assessed.sendsMail === false ? 'reject' : 'quarantine';
      return {
        message: `the DMARC policy for ${assessed.domain} is none: receivers deliver forged mail; once reports show that its own mail passes, take the next step`,
        field: 'dmarc.policy',
        suggestion: mend(assessed, { [ownTag(assessed)]: stricter }),
      };
    },
  },
  {
    code: 'dmarc-policy-quarantine',
    severity: 'advice',
    section: 'RFC 9989 section 4.7',
    about: 'the policy could be one step stricter (p=quarantine)',
    find: (assessed) =>
      usable(assessed)?.domain === 'quarantine'
        ? {
            message: `the DMARC policy for ${assessed.domain} is quarantine; reject is one step stricter`,
            field: 'dmarc.policy',
            suggestion: mend(assessed, { [ownTag(assessed)]: 'reject' }),
          }
        : null,
  },
  {
    code: 'dmarc-testing',
    severity: 'advice',
    section: 'RFC 9989 section 4.7',
    about: 'testing mode (t=y) makes receivers apply the policy one level lower',
    find: (assessed) =>
      usable(assessed)?.testing === true
        ? {
            message: 'the DMARC record is in testing mode (t=y): receivers apply its policy one level lower',
            field: 'dmarc.policy',
            suggestion: mend(assessed, { t: null }),
          }
        : null,
  },
  {
    code: 'dmarc-subdomains-weaker',
    severity: 'warning',
    section: 'RFC 9989 section 4.7',
    about: 'subdomains are protected less than the domain itself (sp)',
    find: (assessed) => {
      const policy = usable(assessed);
      return policy !== null && !assessed.dmarc.inherited && STRENGTH[policy.subdomains] < STRENGTH[policy.domain]
        ? {
            message: `the DMARC policy for subdomains is ${policy.subdomains}, weaker than ${policy.domain} for the domain itself`,
            field: 'dmarc.policy',
            suggestion: mend(assessed, { sp: null }),
          }
        : null;
    },
  },
  {
    code: 'dmarc-np-open',
    severity: 'advice',
    section: 'RFC 9989 section 4.7',
    about: 'mail of subdomains that do not exist could be refused at no cost (np=reject)',
    find: (assessed) => {
      const policy = usable(assessed);
      return policy !== null && policy.nonExistent !== 'reject'
        ? {
            message: 'mail of subdomains that do not exist can be refused at no cost (np=reject)',
            field: 'dmarc.policy',
            suggestion: mend(assessed, { np: 'reject' }),
          }
        : null;
    },
  },
];
