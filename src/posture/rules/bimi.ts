/** Rules about BIMI: the record, the logo and its certificate. Pure. */
import { noAnswer } from '../ask.ts';
import type { Rule } from './assessed.ts';

export const BIMI_RULES: readonly Rule[] = [
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
