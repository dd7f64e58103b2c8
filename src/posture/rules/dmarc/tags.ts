/** Rules about tags of the DMARC record that receivers ignore. Pure. */
import type { Assessed, Rule } from '../assessed.ts';
import { mend } from './own-record.ts';

const published = ({ dmarc }: Assessed, name: string): string | undefined =>
  dmarc.tags.find((tag) => tag.name === name && tag.status !== 'default')?.value;

export const DMARC_TAG_RULES: readonly Rule[] = [
  {
    code: 'dmarc-removed-tag',
    severity: 'advice',
    section: 'RFC 9989 appendix C',
    about: 'the record has tags that RFC 9989 removed (pct, rf, ri)',
    find: (assessed) => {
      const removed = assessed.dmarc.tags.filter(({ status }) => status === 'removed');
      if (removed.length === 0) return null;
      const percent = published(assessed, 'pct');
      // pct=0 was the older way to say "testing" (RFC 9989 appendix A.6).
      const change = {
        pct: null,
        rf: null,
        ri: null,
        ...(percent === '0' && published(assessed, 't') === undefined && { t: 'y' }),
      };
      return {
        message: `the DMARC record has ${removed.map(({ name, value }) => `${name}=${value}`).join(', ')}, which receivers that follow RFC 9989 ignore`,
        field: 'dmarc.tags',
        suggestion: mend(assessed, change),
      };
    },
  },
  {
    code: 'dmarc-unknown-tag',
    severity: 'warning',
    section: 'RFC 9989 section 4.7',
    about: 'the record has a tag that no standard defines, often a typing error',
    find: (assessed) => {
      const unknown = assessed.dmarc.tags.filter(({ status }) => status === 'unknown');
      return unknown.length === 0
        ? null
        : {
            message: `the DMARC record has ${unknown.map(({ name }) => `"${name.slice(0, 40)}"`).join(', ')}, which no standard defines and receivers ignore`,
            field: 'dmarc.tags',
            suggestion: mend(assessed, Object.fromEntries(unknown.map(({ name }) => [name, null]))),
          };
    },
  },
];
