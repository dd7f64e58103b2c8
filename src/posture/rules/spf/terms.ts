/** Rules about single terms and the size of the SPF record (RFC 7208). Pure. */
import { parseSpf } from '../../../records/spf.ts';
import { refusesAll } from '../../purpose.ts';
import { LOOKUP_LIMIT } from '../../spf/count.ts';
import type { Rule } from '../assessed.ts';
import { rewriteSpf } from '../suggest.ts';
import { allTerms, eachTerm, where, without } from './placed-terms.ts';

/** Longest record that fits a UDP answer beside the rest (RFC 7208 section 3.4). */
const ADVISED_RECORD_BYTES = 450;
/** Largest UDP answer without EDNS0 (RFC 1035 section 2.3.4). */
const UDP_BYTES = 512;
/** IPv4 networks wider than this hold more than 65,536 addresses. */
const WIDEST_PREFIX = 16;

export const SPF_TERM_RULES: readonly Rule[] = [
  {
    code: 'spf-ptr',
    severity: 'warning',
    section: 'RFC 7208 section 5.5',
    about: 'the record uses ptr, which is slow, fails with the name servers of strangers, and is not to be published',
    find: eachTerm(
      ({ term }) => term.name === 'ptr' && term.state !== 'unreachable',
      (placed) => `${where(placed)}: "ptr" should not be used; many receivers skip it`,
    ),
  },
  {
    code: 'spf-unreachable',
    severity: 'advice',
    section: 'RFC 7208 section 5.1',
    about: 'a term has no effect, because no evaluation reaches it',
    find: (assessed) => {
      const unreachable = allTerms(assessed.spf.tree).filter(
        ({ term, isRoot }) => isRoot && term.state === 'unreachable',
      );
      return unreachable.length === 0
        ? null
        : {
            message: `${unreachable
              .map(({ term }) => term.text)
              .join(', ')
              .slice(0, 300)} in the SPF record has no effect: ${unreachable[0]?.term.reason}`,
            field: 'spf.tree',
            suggestion: without(assessed, ({ term }) => term.state === 'unreachable'),
          };
    },
  },
  {
    code: 'spf-duplicate',
    severity: 'advice',
    section: 'RFC 7208 section 4.6.4',
    about: 'a term appears twice in the record and costs its lookups twice',
    find: (assessed) => {
      const first = new Set<string>();
      const again = (text: string): boolean => {
        const key = text.toLowerCase().replace(/^\+/, '');
        if (first.has(key)) return true;
        first.add(key);
        return false;
      };
      const twice = (assessed.spf.tree?.terms ?? []).filter(({ text, name }) => name !== 'unreadable' && again(text));
      if (twice.length === 0) return null;
      const offsets = new Set(twice.map(({ offset }) => offset));
      return {
        message: `${twice
          .map(({ text }) => text)
          .join(', ')
          .slice(0, 300)} appears more than once in the SPF record`,
        field: 'spf.tree',
        suggestion: rewriteSpf(assessed, ({ text, offset }) => (offsets.has(offset) ? null : text)),
      };
    },
  },
  {
    code: 'spf-long-record',
    severity: 'advice',
    section: 'RFC 7208 section 3.4',
    about: 'the record is longer than the 450 bytes that fit an answer over UDP',
    find: ({ spf }) =>
      spf.size.recordBytes > ADVISED_RECORD_BYTES
        ? {
            message: `the SPF record has ${spf.size.recordBytes} bytes; ${ADVISED_RECORD_BYTES} are advised at most`,
            field: 'spf.size',
          }
        : null,
  },
  {
    code: 'spf-large-answer',
    severity: 'advice',
    section: 'RFC 7208 section 3.4',
    about: 'the TXT records of the name do not fit 512 bytes, so that old resolvers need TCP',
    find: ({ spf }) =>
      spf.records.length > 0 && spf.size.answerBytes > UDP_BYTES
        ? {
            message: `all TXT records at the domain take ${spf.size.answerBytes} bytes; over ${UDP_BYTES} some receivers need TCP to see the SPF record`,
            field: 'spf.size',
          }
        : null,
  },
  {
    code: 'spf-wide-network',
    severity: 'warning',
    section: 'RFC 7208 section 11.4',
    about: 'a term of the record lets a very wide network send',
    find: (assessed) => {
      const wide = assessed.spf.records.flatMap((text) =>
        parseSpf(text).terms.flatMap((term) =>
          term.kind === 'mechanism' &&
          term.name === 'ip4' &&
          term.qualifier === '+' &&
          term.prefixLength < WIDEST_PREFIX
            ? [term]
            : [],
        ),
      );
      return wide.map(({ text, prefixLength }) => ({
        message: `${text} lets ${2 ** (32 - prefixLength)} addresses send as the domain`,
        field: 'spf.networks',
      }));
    },
  },
  {
    code: 'spf-type99',
    severity: 'advice',
    section: 'RFC 7208 section 3.1',
    about: 'the deprecated RRtype SPF is published as well',
    find: ({ spf }) =>
      spf.type99 === true
        ? {
            message: 'the domain publishes a record of the deprecated type SPF (99); nobody reads it, remove it',
            field: 'spf.type99',
          }
        : null,
  },
  {
    code: 'spf-macro',
    severity: 'info',
    section: 'RFC 7208 section 7',
    about: 'a term depends on the sender, so that only an example of it could be looked up',
    find: (assessed) => {
      const macros = allTerms(assessed.spf.tree).filter(({ term }) => term.macro && term.name !== 'exp');
      return macros.length === 0
        ? null
        : {
            message: `${macros.length} ${macros.length === 1 ? 'term depends' : 'terms depend'} on the sender, as in ${macros[0]?.term.text}; what was looked up is an example`,
            field: 'spf.tree',
          };
    },
  },
  {
    code: 'spf-good',
    severity: 'good',
    section: 'RFC 7208 section 3',
    about: 'the record can be used by receivers and ends in ~all or -all',
    find: ({ spf }) =>
      spf.outcome === 'usable' && (spf.all === '-' || spf.all === '~')
        ? {
            message: `receivers can use the SPF record: ${spf.lookups.used} of ${LOOKUP_LIMIT} lookups, and ${refusesAll(spf) ? 'no host may send' : `it ends in ${spf.all}all`}`,
            field: 'spf',
          }
        : null,
  },
];
