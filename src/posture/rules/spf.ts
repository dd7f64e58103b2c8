/**
 * Rules about SPF (RFC 7208). Pure; each says nothing or tells a fact, and gives the record to
 * publish where one can be written. Over 300 lines, since it is one table: a rule stands whole in
 * one place.
 */
import type { SpfTreeRecord, SpfTreeTerm } from '../../../schemas/posture/spf.ts';
import { parseSpf } from '../../records/spf.ts';
import { noAnswer } from '../ask.ts';
import { refusesAll } from '../purpose.ts';
import { LOOKUP_LIMIT, VOID_LIMIT } from '../spf/count.ts';
import type { Assessed, Hit, Rule } from './assessed.ts';
import { publishSpf, rewriteSpf } from './suggest.ts';

/** Longest record that fits a UDP answer beside the rest (RFC 7208 section 3.4). */
const ADVISED_RECORD_BYTES = 450;
/** Largest UDP answer without EDNS0 (RFC 1035 section 2.3.4). */
const UDP_BYTES = 512;
/** IPv4 networks wider than this hold more than 65,536 addresses. */
const WIDEST_PREFIX = 16;

/** A term of the tree with its position. */
type Placed = { readonly term: SpfTreeTerm; readonly domain: string; readonly isRoot: boolean };

const walk = (record: SpfTreeRecord | null, isRoot = true): Placed[] =>
  record === null
    ? []
    : record.terms.flatMap((term) => [
        { term, domain: record.domain, isRoot },
        ...(term.record === undefined ? [] : walk(term.record, false)),
      ]);

const where = ({ term, domain }: Placed): string => `${term.text} in the record of ${domain}`;

/**
 * The record without those of its own terms that `goes` picks; nothing to suggest where they stand
 * in someone else's record.
 */
const without = (assessed: Assessed, goes: (placed: Placed) => boolean) => {
  const offsets = new Set(
    walk(assessed.spf.tree)
      .filter((placed) => placed.isRoot && goes(placed))
      .map(({ term }) => term.offset),
  );
  return offsets.size === 0
    ? undefined
    : rewriteSpf(assessed, ({ text, offset }) => (offsets.has(offset) ? null : text));
};

const replaceAll = (assessed: Assessed, all: string) =>
  rewriteSpf(assessed, (term) => (term.kind === 'mechanism' && term.name === 'all' ? all : term.text));

/**
 * One hit for each term of the tree that `isOne` picks; the suggestion is on those of the
 * domain's own record.
 */
const eachTerm =
  (isOne: (placed: Placed) => boolean, tell: (placed: Placed) => string): Rule['find'] =>
  (assessed) => {
    const seen = new Set<string>();
    return walk(assessed.spf.tree).flatMap((placed): Hit[] => {
      if (!isOne(placed) || seen.has(where(placed))) return [];
      seen.add(where(placed));
      const suggestion = placed.isRoot
        ? without(assessed, ({ term }) => term.offset === placed.term.offset)
        : undefined;
      return [{ message: tell(placed), field: 'spf.tree', suggestion }];
    });
  };

const isDeadInclude = ({ term }: Placed): boolean =>
  (term.name === 'include' || term.name === 'redirect') && term.state === 'error' && term.record?.state === 'absent';
const isVoid = ({ term }: Placed): boolean => term.state === 'void' && !term.macro;

export const SPF_RULES: readonly Rule[] = [
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
      const unreachable = walk(assessed.spf.tree).filter(({ term, isRoot }) => isRoot && term.state === 'unreachable');
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
      const macros = walk(assessed.spf.tree).filter(({ term }) => term.macro && term.name !== 'exp');
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
