/** Rules about the SPF record: that there is one, and that it can be read (RFC 7208). Pure. */
import { parseSpf } from '../../../records/spf.ts';
import { noAnswer } from '../../ask.ts';
import type { Assessed, Rule } from '../assessed.ts';
import { publishSpf, rewriteSpf } from '../suggest.ts';

/**
 * Several records as one: every term once, the exits last. Nothing where one of them has a fault or
 * leads elsewhere.
 */
const merged = (assessed: Assessed) => {
  const parsed = assessed.spf.records.map((text) => parseSpf(text));
  if (parsed.some(({ kind }) => kind === 'fault')) return undefined;
  const terms = parsed.flatMap((record) => record.terms);
  if (terms.some((term) => term.kind === 'modifier')) return undefined;
  const isAll = (term: (typeof terms)[number]): boolean => term.kind === 'mechanism' && term.name === 'all';
  const all = terms.find(isAll)?.text ?? '~all';
  const others = [...new Set(terms.filter((term) => !isAll(term)).map(({ text }) => text))];
  return publishSpf(assessed, ['v=spf1', ...others, all].join(' '));
};

export const SPF_RECORD_RULES: readonly Rule[] = [
  {
    code: 'spf-dns-failure',
    severity: 'warning',
    section: 'RFC 7208 section 4.4',
    about: 'DNS did not answer for an SPF record, so nothing is known of it',
    find: ({ spf, domain }) =>
      spf.state === 'dns-failure'
        ? {
            message: `${noAnswer(spf.failure)} for the SPF record of ${domain}; it may or may not be there`,
            field: 'spf',
          }
        : spf.outcome === 'temperror'
          ? { message: `DNS gave no answer for a part of the SPF tree: ${spf.reason}`, field: 'spf.tree' }
          : null,
  },
  {
    code: 'spf-missing',
    severity: 'error',
    section: 'RFC 7208 section 3',
    about: 'the domain publishes no SPF record',
    find: (assessed) => {
      const { spf, mail, domain } = assessed;
      if (spf.state !== 'absent') return null;
      const record = mail.state === 'mx' || mail.state === 'invalid' ? 'v=spf1 mx ~all' : 'v=spf1 -all';
      const suggestion =
        mail.state === 'dns-failure' || mail.state === 'implicit' ? undefined : publishSpf(assessed, record);
      return {
        message: `${domain} publishes no SPF record, so receivers cannot tell its servers from others`,
        field: 'spf',
        suggestion,
      };
    },
  },
  {
    code: 'spf-several',
    severity: 'error',
    section: 'RFC 7208 section 4.5',
    about: 'several SPF records stand at one name, which is a permerror',
    find: (assessed) => {
      const { records } = assessed.spf;
      return records.length < 2
        ? null
        : {
            message: `${records.length} SPF records stand at ${assessed.domain}; receivers use none of them`,
            field: 'spf.records',
            suggestion: merged(assessed),
          };
    },
  },
  {
    code: 'spf-syntax',
    severity: 'error',
    section: 'RFC 7208 section 4.6',
    about: 'the SPF record does not follow the grammar, which is a permerror',
    find: (assessed) => {
      const { fault } = assessed.spf;
      return fault === undefined
        ? null
        : {
            message: `the SPF record cannot be read: ${fault.reason} (character ${fault.offset + 1})`,
            field: 'spf.fault',
            suggestion: rewriteSpf(assessed, (term) => (term.kind === 'unreadable' ? null : term.text)),
          };
    },
  },
];
