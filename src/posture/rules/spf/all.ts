/** Rules about hosts that the SPF record does not name (RFC 7208 section 5.1). Pure. */
import type { Suggestion } from '../../../../schemas/posture/posture.ts';
import type { Assessed, Rule } from '../assessed.ts';
import { publishSpf, rewriteSpf } from '../suggest.ts';
import { eachTerm, where } from './placed-terms.ts';

const replaceAll = (assessed: Assessed, all: string): Suggestion | undefined =>
  rewriteSpf(assessed, (term) => (term.kind === 'mechanism' && term.name === 'all' ? all : term.text));

export const SPF_ALL_RULES: readonly Rule[] = [
  {
    code: 'spf-pass-all',
    severity: 'error',
    section: 'RFC 7208 section 5.1',
    about: 'the record passes every host on the Internet (+all)',
    find: (assessed) =>
      assessed.spf.all === '+'
        ? {
            message: 'the SPF record passes every host on the Internet (+all)',
            field: 'spf.all',
            suggestion: replaceAll(assessed, '~all'),
          }
        : null,
  },
  {
    code: 'spf-include-passes-all',
    severity: 'error',
    section: 'RFC 7208 section 5.2',
    about: 'an included record passes every host on the Internet',
    find: eachTerm(
      ({ term }) =>
        term.name === 'include' &&
        (term.record?.terms ?? []).some(
          (inner) => inner.name === 'all' && inner.qualifier === '+' && inner.state === 'ok',
        ),
      (placed) => `${where(placed)} passes every host on the Internet, for the record it includes ends in +all`,
    ),
  },
  {
    code: 'spf-neutral-all',
    severity: 'warning',
    section: 'RFC 7208 section 5.1',
    about: 'the record says nothing about hosts that it does not name (?all)',
    find: (assessed) =>
      assessed.spf.all === '?'
        ? {
            message: 'the SPF record says nothing about hosts that it does not name (?all)',
            field: 'spf.all',
            suggestion: replaceAll(assessed, '~all'),
          }
        : null,
  },
  {
    code: 'spf-no-all',
    severity: 'warning',
    section: 'RFC 7208 section 4.7',
    about: 'the record ends without all or redirect, which reads as ?all',
    find: (assessed) => {
      const { spf } = assessed;
      if (spf.state !== 'valid' || spf.all !== null || !spf.complete) return null;
      const [text = ''] = spf.records;
      const redirects = (spf.tree?.terms ?? []).some(({ name }) => name === 'redirect');
      return {
        message: 'the SPF record ends without "all", which says nothing about hosts that it does not name',
        field: 'spf.all',
        suggestion: redirects ? undefined : publishSpf(assessed, `${text.trimEnd()} ~all`),
      };
    },
  },
];
