/**
 * A posture as text for people: the answer first, then what to mend with the records to publish,
 * then each part. Pure.
 */

import type { Posture, PostureChanges, PostureFinding } from '../../../schemas/posture/posture.ts';
import type { SpfTreeRecord } from '../../../schemas/posture/spf.ts';
import { paint, paintWord, plain, type Style, wrap } from '../terminal.ts';

const LABEL_COLUMNS = 13;
const WORD_COLUMNS = 11;
/** Terms of the SPF tree that are shown; `--json` holds all of them. */
const MAX_TERMS = 60;

/** Writes the posture, with a line end at the end. */
export const renderPosture = (posture: Posture, style: Style): string => {
  const { domain, grade, findings, spf, changes } = posture;
  const name = domain.unicode === domain.ascii ? domain.ascii : `${domain.unicode} (${domain.ascii})`;
  const lines = [
    paint(style, 'bold', wrap(posture.summary, 0, style.width)),
    '',
    row(style, 'Domain', '', name),
    row(
      style,
      'Grade',
      grade.letter ?? 'none',
      `${grade.points} of ${grade.outOf} points${grade.capped === undefined ? '' : `; ${grade.capped}`}${grade.letter === null ? '; DNS left too much unknown for a grade' : ''}`,
    ),
    ...grade.parts.map((part) =>
      row(
        style,
        '',
        part.points === null ? 'unknown' : `${part.points} of ${part.outOf}`,
        `${part.name}: ${part.reason}`,
      ),
    ),
    '',
    ...findings.flatMap((finding) => findingLines(finding, style)),
    '',
    ...partLines(posture, style),
    ...(spf.tree === null ? [] : ['', ...treeLines(spf.tree, style)]),
    ...(changes === undefined ? [] : ['', ...changeLines(changes, 'What the unpublished records would change', style)]),
  ];
  return `${lines.join('\n')}\n`;
};

const row = (style: Style, label: string, word: string, text: string): string =>
  `${label.padEnd(LABEL_COLUMNS)}${paintWord(style, plain(word), WORD_COLUMNS)}${wrap(text, LABEL_COLUMNS + WORD_COLUMNS, style.width)}`;

const findingLines = ({ severity, message, section, code, suggestion }: PostureFinding, style: Style): string[] => {
  const indent = ' '.repeat(WORD_COLUMNS);
  const lines = [`${paintWord(style, severity, WORD_COLUMNS)}${wrap(message, WORD_COLUMNS, style.width)}`];
  lines.push(`${indent}${paint(style, 'grey', `${code}${section === undefined ? '' : `, ${section}`}`)}`);
  if (suggestion !== undefined)
    for (const record of suggestion.records) {
      const value = typeof record === 'string' ? `"${plain(record)}"` : `${record.priority} ${plain(record.exchange)}.`;
      // Not wrapped: it is there to be copied.
      lines.push(`${indent}publish: ${plain(suggestion.name)}. ${suggestion.type} ${value}`);
    }
  return lines;
};

const partLines = (posture: Posture, style: Style): string[] => {
  const { spf, dmarc, dkim, mail, mtaSts, tlsRpt, bimi, dnssec, zone } = posture;
  const part = (label: string, word: string, text: string): string => row(style, label, word, text);
  return [
    part(
      'SPF',
      spf.state,
      `${spf.records[0] ?? spf.reason}${spf.records.length > 0 ? `; ${spf.lookups.used} of ${spf.lookups.limit} lookups, IPv4 addresses: ${spf.networks.ip4Addresses}, IPv6 networks: ${spf.networks.ip6Networks}` : ''}`,
    ),
    ...(spf.sender === undefined
      ? []
      : [part('SPF sender', spf.sender.result, `${spf.sample.clientIp}: ${spf.sender.reason}`)]),
    part('DMARC', dmarc.state, `${dmarc.record ?? 'no record'}${dmarc.inherited ? ` (of ${dmarc.recordDomain})` : ''}`),
    ...(dkim.selectors.length === 0
      ? [part('DKIM', dkim.state, `${dkim.asked} selectors asked for`)]
      : dkim.selectors.map(({ selector, state, keyType, bits, service }) =>
          part(
            'DKIM',
            state,
            `${selector}${keyType === null ? '' : `: ${keyType}, ${bits} bits`}${service === null ? '' : ` (${service})`}`,
          ),
        )),
    ...(mail.hosts.length === 0
      ? [part('MX', mail.state, mail.state === 'null-mx' ? 'the domain takes no mail' : 'no mail host')]
      : mail.hosts.map(({ exchange, priority, state, tlsa, probe }) =>
          part(
            'MX',
            state,
            `${priority} ${exchange}; TLSA ${tlsa.state}${probe === undefined ? '' : `; port 25: ${probe.state}, ${probe.reason}`}`,
          ),
        )),
    part(
      'MTA-STS',
      mtaSts.state,
      mtaSts.record === null
        ? 'no record'
        : `policy ${mtaSts.policy.state}${mtaSts.policy.mode === null ? '' : `, mode ${mtaSts.policy.mode}`}`,
    ),
    part('TLS-RPT', tlsRpt.state, tlsRpt.record ?? 'no record'),
    part('BIMI', bimi.state, bimi.record ?? 'no record'),
    part('DNSSEC', dnssec.state, ''),
    part(
      'Zone',
      zone.nameServersState,
      `${zone.apex ?? 'unknown'}: ${zone.nameServers.map(({ name }) => name).join(', ') || 'no name servers known'}`,
    ),
  ];
};

const treeLines = (tree: SpfTreeRecord, style: Style): string[] => {
  const lines: string[] = [];
  let left = 0;
  const walk = (record: SpfTreeRecord, depth: number): void => {
    for (const term of record.terms) {
      if (lines.length >= MAX_TERMS) {
        left += 1;
        continue;
      }
      const count = term.lookupsSoFar === undefined ? '' : String(term.lookupsSoFar);
      const note = term.state === 'ok' ? '' : `  ${term.state}${term.reason === undefined ? '' : `: ${term.reason}`}`;
      const text = `${count.padStart(4)}  ${'  '.repeat(depth)}${plain(term.text)}${plain(note)}`;
      lines.push(term.overLimit && term.lookups > 0 ? paint(style, 'red', `${text}  (over the limit)`) : text);
      if (term.record !== undefined) walk(term.record, depth + 1);
    }
  };
  walk(tree, 0);
  return ['SPF tree, with the lookups counted so far', ...lines, ...(left > 0 ? [`      and ${left} more terms`] : [])];
};

/** Writes what changes, under a heading, with a line end at the end. */
export const renderChanges = (changes: PostureChanges, heading: string, style: Style): string =>
  `${changeLines(changes, heading, style).join('\n')}\n`;

const changeLines = ({ grade, values, mended, caused }: PostureChanges, heading: string, style: Style): string[] => [
  paint(style, 'bold', heading),
  ...(grade.today === grade.after
    ? [`${'Grade'.padEnd(LABEL_COLUMNS)}${grade.today ?? 'none'}, as before`]
    : [`${'Grade'.padEnd(LABEL_COLUMNS)}${grade.today ?? 'none'} → ${grade.after ?? 'none'}`]),
  ...values.map(({ field, today, after }) => wrap(`${field}: ${today} → ${after}`, 2, style.width)),
  ...mended.map(
    ({ message }) => `${paintWord(style, 'good', WORD_COLUMNS)}${wrap(`goes: ${message}`, WORD_COLUMNS, style.width)}`,
  ),
  ...caused.map(
    ({ severity, message }) =>
      `${paintWord(style, severity, WORD_COLUMNS)}${wrap(`comes: ${message}`, WORD_COLUMNS, style.width)}`,
  ),
];
