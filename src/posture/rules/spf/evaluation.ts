/** Rules about what makes an SPF tree a permerror (RFC 7208 section 4.6.4). Pure. */
import { LOOKUP_LIMIT, VOID_LIMIT } from '../../spf/count.ts';
import type { Rule } from '../assessed.ts';
import { eachTerm, type Placed, where, without } from './placed-terms.ts';

/** An include or redirect to a domain without a record. */
const isDeadInclude = ({ term }: Placed): boolean =>
  (term.name === 'include' || term.name === 'redirect') && term.state === 'error' && term.record?.state === 'absent';
/** A term that leads to a name without records. */
const isVoid = ({ term }: Placed): boolean => term.state === 'void' && !term.macro;

export const SPF_EVALUATION_RULES: readonly Rule[] = [
  {
    code: 'spf-lookup-limit',
    severity: 'error',
    section: 'RFC 7208 section 4.6.4',
    about: 'the record tree takes more than ten lookups, which is a permerror',
    find: ({ spf }) =>
      spf.lookups.used > LOOKUP_LIMIT
        ? {
            message: `the SPF records take ${spf.lookups.used} lookups, and receivers stop after ${LOOKUP_LIMIT}; the limit is passed at ${spf.lookups.passedAt}`,
            field: 'spf.lookups',
          }
        : null,
  },
  {
    code: 'spf-lookup-near-limit',
    severity: 'advice',
    section: 'RFC 7208 section 4.6.4',
    about: 'the record tree takes nine or ten lookups: one change by someone it includes breaks it',
    find: ({ spf }) =>
      spf.lookups.used > LOOKUP_LIMIT - 2 && spf.lookups.used <= LOOKUP_LIMIT
        ? {
            message: `the SPF records take ${spf.lookups.used} of ${LOOKUP_LIMIT} lookups; a change in a record they include can break them`,
            field: 'spf.lookups',
          }
        : null,
  },
  {
    code: 'spf-void-limit',
    severity: 'error',
    section: 'RFC 7208 section 4.6.4',
    about: 'more than two lookups find nothing, which is a permerror',
    find: (assessed) => {
      const { voids } = assessed.spf;
      if (Math.max(voids.ip4, voids.ip6) <= VOID_LIMIT) return null;
      const family =
        voids.ip4 > VOID_LIMIT ? (voids.ip6 > VOID_LIMIT ? '' : ' for an IPv4 client') : ' for an IPv6 client';
      return {
        message: `${Math.max(voids.ip4, voids.ip6)} lookups of the SPF records find nothing${family}, and receivers stop after ${VOID_LIMIT}`,
        field: 'spf.voids',
        suggestion: without(assessed, (placed) => isVoid(placed) || isDeadInclude(placed)),
      };
    },
  },
  {
    code: 'spf-void-term',
    severity: 'warning',
    section: 'RFC 7208 section 4.6.4',
    about: 'a term leads to a name that holds nothing',
    find: eachTerm(isVoid, (placed) => `${where(placed)} leads nowhere: ${placed.term.reason}`),
  },
  {
    code: 'spf-dead-include',
    severity: 'error',
    section: 'RFC 7208 section 5.2',
    about: 'an include or redirect leads to a domain without an SPF record, which is a permerror',
    find: eachTerm(isDeadInclude, (placed) => `${where(placed)} is a permerror: ${placed.term.reason}`),
  },
  {
    code: 'spf-broken-include',
    severity: 'error',
    section: 'RFC 7208 section 5.2',
    about: 'an include or redirect leads to a record that receivers cannot use, which is a permerror',
    find: eachTerm(
      ({ term }) => term.record?.state === 'invalid',
      (placed) => `${where(placed)} is a permerror: ${placed.term.reason}`,
    ),
  },
  {
    code: 'spf-loop',
    severity: 'error',
    section: 'RFC 7208 section 4.6.4',
    about: 'records include each other in a circle',
    find: eachTerm(
      ({ term }) => term.state === 'loop',
      (placed) => `${where(placed)} ${placed.term.reason}`,
    ),
  },
  {
    code: 'spf-mx-limit',
    severity: 'error',
    section: 'RFC 7208 section 4.6.4',
    about: 'an mx mechanism leads to more than ten hosts, which is a permerror',
    find: eachTerm(
      ({ term }) => term.name === 'mx' && term.state === 'error' && !term.macro,
      (placed) => `${where(placed)} is a permerror: ${placed.term.reason}`,
    ),
  },
];
