/** Rules about domains that send or take no mail (RFC 7505). Pure. */
import { refusesAll } from '../../purpose.ts';
import type { Rule } from '../assessed.ts';
import { publishSpf, rewriteDmarc } from '../suggest.ts';

export const NO_MAIL_RULES: readonly Rule[] = [
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
];
