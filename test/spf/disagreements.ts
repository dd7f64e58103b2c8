/**
 * Where check_host() and mailauth's strict mode differ and RFC 7208 is on the side of check_host().
 * Each class has the sentence of the RFC, a rule that knows its cases by their trace, and one case
 * of its own, which the tests run: a class that no longer differs fails.
 */
import type { SpfTraceRecord, SpfTraceTerm } from '../../schemas/spf.ts';
import type { CheckHostResult } from '../../src/spf/check-host.ts';
import type { GeneratedCase } from './generated-case.ts';

/** RFC 7208 section 12, `toplabel`. */
const TOPLABEL = /^(?:[0-9]*[a-z][a-z0-9]*|[a-z0-9]+-[a-z0-9-]*[a-z0-9])$/i;

/** What mailauth says of a case. */
export type Theirs = {
  readonly result: string;
  readonly explanation: string | null;
  readonly lookups: number;
  readonly voids: number;
};

/** One class of differences. */
export type Disagreement = {
  readonly name: string;
  /** What differs. */
  readonly what: string;
  /** The sentence of the standard, and where it stands. */
  readonly because: string;
  /** True where the terms of a trace, or the domain of the identity as given, hold the cause. */
  readonly isIn: (terms: readonly SpfTraceTerm[], domain: string) => boolean;
  readonly example: Pick<GeneratedCase, 'input' | 'zone'>;
  /** Result, lookups and voids of the example: ours, then theirs. */
  readonly ours: readonly [string, number, number];
  readonly theirs: readonly [string, number, number];
};

const input = {
  ip: '192.0.2.1',
  domain: 'a.example',
  sender: 'user@a.example',
  helo: 'localhost',
  receiver: 'mx.example',
};

const reached = (term: SpfTraceTerm): boolean => term.lookups > 0 && term.outcome !== 'not-reached';

export const DISAGREEMENTS: readonly Disagreement[] = [
  {
    name: 'unusable-target-counts',
    what: 'a term whose target name DNS cannot carry counts as a lookup term here, and not in mailauth, which counts questions',
    because:
      'RFC 7208 section 4.6.4 limits "the total number of those terms to 10 during SPF evaluation": terms are counted, not questions',
    isIn: (terms) =>
      terms.some((term) => reached(term) && /DNS can carry|local-part is not ASCII/.test(term.reason ?? '')),
    example: { input, zone: { 'a.example': { TXT: ['v=spf1 a:x..example -all'] } } },
    ours: ['fail', 1, 0],
    theirs: ['fail', 0, 0],
  },
  {
    name: 'target-syntax-after-expansion',
    what: 'a target of one label, or whose last label is all digits, is asked for here, and matches nothing in mailauth',
    because:
      'RFC 7208 section 4.8 asks for the "common presentation form of a fully qualified DNS name" after expansion; toplabel binds the domain-spec of the record only (section 12)',
    isIn: (terms) =>
      terms.some((term) => {
        const labels = (term.target ?? '').replace(/\.$/, '').split('.');
        return reached(term) && (labels.length < 2 || !TOPLABEL.test(labels.at(-1) ?? ''));
      }),
    example: { input, zone: { 'a.example': { TXT: ['v=spf1 a:%{h} -all'] }, localhost: { A: ['192.0.2.1'] } } },
    ours: ['pass', 1, 0],
    theirs: ['fail', 0, 0],
  },
  {
    name: 'mx-host-of-one-label',
    what: 'an MX host of one label is asked for here, and makes the result permerror in mailauth',
    because:
      'RFC 7208 section 5.4: "check_host() then performs an address lookup on each MX name returned"; permerror stands there only for more than 10 names (section 4.6.4)',
    isIn: (terms) =>
      terms.some((term) =>
        term.answers.some(({ type, values }) => type === 'MX' && values.some((value) => /^\d+ [^.]+$/.test(value))),
      ),
    example: {
      input,
      zone: { 'a.example': { TXT: ['v=spf1 mx -all'], MX: [{ priority: 1, exchange: 'mxonly' }] } },
    },
    ours: ['fail', 1, 0],
    theirs: ['permerror', 1, 0],
  },
  {
    name: 'one-void-a-term',
    what: 'a term with several void answers (the PTR question of %{p} and its own) counts once here, and each time in mailauth',
    because:
      'RFC 7208 section 4.6.4 speaks of limiting "the number of \\"terms\\" for which DNS queries return either a positive answer (RCODE 0) with an answer count of 0, or a \\"Name Error\\" (RCODE 3) answer"',
    isIn: (terms) =>
      terms.some((term) => {
        const empty = term.answers.filter(({ outcome }) => outcome === 'nodata' || outcome === 'nxdomain');
        return empty.length > 1 && empty.some(({ type }) => type === 'PTR');
      }),
    example: { input, zone: { 'a.example': { TXT: ['v=spf1 exists:%{p}.b.example ~all'] } } },
    ours: ['softfail', 2, 1],
    theirs: ['softfail', 2, 2],
  },
  {
    name: 'identity-domain-syntax',
    what: 'an identity with an underscore, a hyphen at the edge of a label or a last dot is checked here, and is `none` in mailauth',
    because:
      'RFC 7208 section 4.3 names what is malformed: "label longer than 63 characters, zero-length label not at the end, etc."; these are names that DNS carries',
    isIn: (_terms, domain) => /_|\.$|(?:^|\.)-|-(?:\.|$)/.test(domain),
    example: {
      input: { ...input, domain: '_x.a.example', sender: 'user@_x.a.example' },
      zone: { '_x.a.example': { TXT: ['v=spf1 -all'] } },
    },
    ours: ['fail', 0, 0],
    theirs: ['none', 0, 0],
  },
];

const allTerms = (record: SpfTraceRecord): SpfTraceTerm[] =>
  record.terms.flatMap((term) => [term, ...(term.record === undefined ? [] : allTerms(term.record))]);

/** The class of a difference; null for one that is not listed. */
export const classOf = ({ input: { domain } }: Pick<GeneratedCase, 'input'>, one: CheckHostResult): string | null => {
  const terms = allTerms(one.trace);
  return DISAGREEMENTS.find(({ isIn }) => isIn(terms, domain))?.name ?? null;
};
