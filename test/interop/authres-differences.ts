/** Where authres 1.2.0 reads another thing than this project, and who is right. */

type ReaderDifference = {
  /** Body of the field. */
  readonly text: string;
  /** What authres does: it refuses what is read here, or reads what is refused here or otherwise. */
  readonly there: 'refuses' | 'reads';
  readonly reason: string;
};

export const DIFFERENCES: readonly ReaderDifference[] = [
  {
    text: '(c0) mx.example (c1) 1 (c2 (c3)) ; (c4) dkim (c5) / (c6) 2 (c7) = (c8) fail (c9) reason (c10) = (c11) "bad" (c12) header (c13) . (c14) d (c15) = (c16) b.example (c17)',
    there: 'refuses',
    reason: 'it takes no white space before the version of a method; the grammar allows it (RFC 8601 section 2.2)',
  },
  {
    text: '"mx one.example"; spf=pass',
    there: 'refuses',
    reason: 'an authserv-id may be a quoted string (RFC 8601 section 2.2)',
  },
  {
    text: 'mx.example; dmarc=pass header.from=bücher.example',
    there: 'refuses',
    reason: 'it reads US-ASCII only; U-labels may stand in the field (RFC 8616)',
  },
  ...[
    'mx.example; spf=pass smtp.mailfrom=a.example smtp.mailfrom=b.example',
    'mx.receiver.example; dmarc=pass header.from=evil.example header.from=brand.example',
  ].map((text) => ({
    text,
    there: 'reads' as const,
    reason: 'it lists a repeated property twice; here the first is kept and the name is told as contradicted',
  })),
  {
    text: 'mx.example; dmarc=pass action=none header.from=b.example;compauth=pass reason=100',
    there: 'reads',
    reason: 'it leaves out a property without ptype, as Exchange writes it; here it is kept and nothing is read of it',
  },
  {
    text: 'mx.example; spf=pass;',
    there: 'refuses',
    reason: 'the grammar has no semicolon at the end, but large receivers write it; nothing is lost by reading it',
  },
  {
    text: 'mx.example; spf=pass smtp.=a',
    there: 'reads',
    reason: 'it skips a property that it cannot read; here the field is refused, since what is skipped may matter',
  },
  {
    text: 'mx.example; spf=pass smtp.mailfrom',
    there: 'reads',
    reason: 'it skips a property that it cannot read; here the field is refused, since what is skipped may matter',
  },
  {
    text: 'mx.example; spf=pass; none',
    there: 'reads',
    reason: '"none" stands for no result at all and follows none (RFC 8601 section 2.2)',
  },
  {
    text: `mx.example${'; spf=pass'.repeat(101)}`,
    there: 'reads',
    reason: 'more than 100 results are a limit of this project',
  },
  {
    text: '=?utf-8?q?mx.receiver.example?=; dmarc=pass header.from=brand.example',
    there: 'reads',
    reason: 'it takes any atom for an authserv-id; a value with "=" and "?" must be quoted (RFC 8601 section 2.2)',
  },
  {
    text: 'mx.receiver.example 2; dmarc=fail header.from=brand.example',
    there: 'refuses',
    reason: 'it refuses a field of another version; here the version is told, and nothing is taken from the field',
  },
];
