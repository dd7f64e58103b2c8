/**
 * A verdict as text for people: the answer first, then each check with its reason, then what to do.
 * Pure.
 */
import type { Verdict } from '../../../schemas/verdict.ts';
import { paint, paintWord, plain, type Style, wrap } from '../terminal.ts';

const LABEL_COLUMNS = 13;
const WORD_COLUMNS = 11;

/** Whose move it is. */
const NEXT_LABELS = { receiver: 'Receiver', 'domain-owner': 'Domain owner' } as const;

/** Writes the verdict, with a line end at the end. */
export const renderVerdict = (verdict: Verdict, style: Style): string => {
  const row = (label: string, word: string, reason: string): string =>
    `${label.padEnd(LABEL_COLUMNS)}${paintWord(style, word, WORD_COLUMNS)}${wrap(reason, LABEL_COLUMNS + WORD_COLUMNS, style.width)}`;
  const note = (text: string): string =>
    `${' '.repeat(LABEL_COLUMNS + WORD_COLUMNS)}${paint(style, 'grey', wrap(text, LABEL_COLUMNS + WORD_COLUMNS, style.width))}`;
  const { author, decision, spf, dkim, arc, dmarc, iprev, bimi, disposition, findings } = verdict;
  const lines = [
    paint(style, 'bold', wrap(author.summary, 0, style.width)),
    '',
    ...(decision === undefined
      ? []
      : [row('Required', decision.satisfied ? 'pass' : 'fail', decisionText(decision)), '']),
    ...author.next.flatMap(({ who, text, record }) => [
      `${NEXT_LABELS[who].padEnd(LABEL_COLUMNS)}${wrap(text, LABEL_COLUMNS, style.width)}`,
      ...(record === undefined
        ? []
        : [
            `${' '.repeat(LABEL_COLUMNS)}${paint(style, 'grey', wrap(`${record.name} ${record.type} "${record.data}"`, LABEL_COLUMNS, style.width))}`,
          ]),
    ]),
    ...(author.next.length === 0 ? [] : ['']),
    `${'From'.padEnd(LABEL_COLUMNS)}${plain(verdict.message.from.join(', ') || '(no address)')}`,
    ...(verdict.message.subject === null
      ? []
      : [`${'Subject'.padEnd(LABEL_COLUMNS)}${wrap(verdict.message.subject, LABEL_COLUMNS, style.width)}`]),
    ...receivedPath(verdict, style),
    '',
    ...(spf.mailFrom === null && spf.helo === null ? [row('SPF', spf.result, spf.reason ?? '')] : []),
    ...[spf.mailFrom, spf.helo]
      .filter((check) => check !== null)
      .flatMap((check) => [
        row(check.identity === 'mailfrom' ? 'SPF' : 'SPF HELO', check.result, check.reason),
        ...(check.record !== undefined && check.identity === spf.identity ? [note(check.record)] : []),
      ]),
    ...(dkim.length === 0 ? [row('DKIM', 'none', 'the message is not signed')] : []),
    ...dkim.map(({ result, sdid, selector, algorithm, keyBits, reason, aligned }) =>
      row(
        'DKIM',
        result,
        `${sdid ?? 'no domain'}${aligned ? ' (aligned)' : ''}: ${reason}; ${algorithm ?? 'no algorithm'}, selector ${selector ?? 'missing'}${keyBits === null ? '' : `, ${keyBits} bits`}`,
      ),
    ),
    row('ARC', arc.result, arc.reason),
    row('DMARC', dmarc.result, dmarc.rfc9989.reason),
    ...(dmarc.rfc9989.record === null ? [] : [note(`_dmarc.${dmarc.rfc9989.recordDomain}: ${dmarc.rfc9989.record}`)]),
    ...(dmarc.difference === undefined ? [] : [note(dmarc.difference)]),
    ...(bimi === null || bimi.result === 'none' ? [] : [row('BIMI', bimi.result, bimi.reason)]),
    ...(iprev.result === 'none' ? [] : [row('iprev', iprev.result, iprev.reason)]),
    '',
    row('Action', disposition.action, disposition.reason),
    ...(findings.length === 0 ? [] : ['', 'Findings']),
    ...findings.map(({ severity, message, section }) =>
      row('', severity, section === undefined ? message : `${message} (${section})`),
    ),
  ];
  return `${lines.join('\n')}\n`;
};

const decisionText = ({ required, satisfied }: NonNullable<Verdict['decision']>): string =>
  `${required} is required, and the author is ${satisfied ? '' : 'not '}known that well`;

/**
 * The Received fields down to the one that the facts were taken from; those below it are anybody's.
 */
const receivedPath = ({ derived }: Verdict, style: Style): string[] => {
  const path = derived?.path ?? [];
  const last = path.findIndex(({ taken }) => taken);
  const shown = last === -1 ? path.slice(0, 1) : path.slice(0, last + 1);
  return shown.map(({ position, from, name, address, by, with: protocol, note }, index) => {
    const client = [name ?? from, address === null ? null : `[${address}]`].filter((word) => word !== null).join(' ');
    const line = `${position}. ${client === '' ? 'no client' : client} -> ${by ?? 'no name'}${protocol === null ? '' : ` with ${protocol}`}: ${note}`;
    return `${(index === 0 ? 'Received' : '').padEnd(LABEL_COLUMNS)}${wrap(plain(line), LABEL_COLUMNS, style.width)}`;
  });
};
