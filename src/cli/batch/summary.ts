/**
 * What came out of a batch, for a person: how often each result, which Author Domains fail most,
 * how long it took. Counts as the lines come; holds no verdict. Pure.
 */
import { DkimResult } from '../../../schemas/dkim.ts';
import { DmarcResult } from '../../../schemas/dmarc.ts';
import { SpfResult } from '../../../schemas/spf.ts';
import { Disposition } from '../../../schemas/verdict.ts';
import { paint, paintWord, plain, type Style, wrap } from '../terminal.ts';
import type { BatchOutputLine, JudgedVerdict } from './line.ts';

/** Author Domains that are counted by name: a sender invents as many as it likes. */
export const MAX_COUNTED_DOMAINS = 10_000;
/** Author Domains that are shown. */
const MAX_SHOWN_DOMAINS = 10;
const LABEL_COLUMNS = 13;
const COUNT = new Intl.NumberFormat('en');

/** Words in the order in which they are shown, with how often each came. */
type Counts = Map<string, number>;

/** Counts of one Author Domain. */
type DomainCount = { messages: number; failing: number };

/** Counts the lines of a batch. */
export class BatchSummary {
  #judged = 0;
  #problems = 0;
  readonly #dmarc = countsOf(DmarcResult.options);
  readonly #spf = countsOf(SpfResult.options);
  readonly #dkim = countsOf(DkimResult.options);
  readonly #action = countsOf(Disposition.shape.action.options);
  readonly #enforced = countsOf(Disposition.shape.action.options);
  readonly #domains = new Map<string, DomainCount>();
  #uncountedFailing = 0;

  add(line: BatchOutputLine): void {
    if ('problem' in line) {
      this.#problems += 1;
      return;
    }
    this.#judged += 1;
    const { dmarc, spf, dkim, disposition, author } = line.verdict;
    count(this.#dmarc, dmarc.result);
    count(this.#spf, spf.result);
    count(this.#dkim, dkimWord(dkim));
    count(this.#action, disposition.action);
    count(this.#enforced, disposition.wouldBe);
    this.#countDomain(author.domain ?? '(no single domain in From)', isFailing(line.verdict));
  }

  /** Messages whose DMARC result is fail or permerror. */
  get failing(): number {
    return ['fail', 'permerror'].reduce((sum, word) => sum + (this.#dmarc.get(word) ?? 0), 0);
  }

  /** Lines counted. */
  get messages(): number {
    return this.#judged + this.#problems;
  }

  /** @param elapsedMs of this run @param before messages that an earlier run judged */
  render(style: Style, elapsedMs: number, before: number): string {
    const row = (label: string, counts: Counts): string => `${label.padEnd(LABEL_COLUMNS)}${shown(counts, style)}`;
    const lines = [this.#head(style, elapsedMs, before)];
    if (this.#judged > 0) {
      lines.push('', row('DMARC', this.#dmarc), row('SPF', this.#spf), row('DKIM', this.#dkim));
      lines.push(row('Disposition', this.#action));
      if (shown(this.#action, style) !== shown(this.#enforced, style)) lines.push(row('if enforced', this.#enforced));
      lines.push(...this.#domainLines(style));
    }
    return `${lines.join('\n')}\n`;
  }

  #head(style: Style, elapsedMs: number, before: number): string {
    const seconds = elapsedMs / 1000;
    const now = this.messages - before;
    const rate = seconds >= 1 && now > 0 ? ` (${COUNT.format(Math.round(now / seconds))} a second)` : '';
    const notes = [
      ...(before > 0 ? [`${COUNT.format(before)} of them judged before`] : []),
      ...(this.#problems > 0 ? [`${COUNT.format(this.#problems)} could not be judged`] : []),
    ];
    const text = `${messagesText(this.messages)} in ${seconds.toFixed(1)} s${rate}${notes.map((note) => `, ${note}`).join('')}`;
    return paint(style, 'bold', wrap(text, 0, style.width));
  }

  #domainLines(style: Style): string[] {
    const worst = [...this.#domains]
      .filter(([, { failing }]) => failing > 0)
      .sort(([one, a], [other, b]) => b.failing - a.failing || (one < other ? -1 : 1));
    if (worst.length === 0 && this.#uncountedFailing === 0) return [];
    const shownOnes = worst.slice(0, MAX_SHOWN_DOMAINS);
    const rest = worst.slice(MAX_SHOWN_DOMAINS).reduce((sum, [, { failing }]) => sum + failing, this.#uncountedFailing);
    const width = Math.max(...shownOnes.map(([, { failing }]) => COUNT.format(failing).length), 1);
    return [
      '',
      paint(style, 'bold', 'Fail DMARC most, by the domain in From'),
      ...shownOnes.map(
        ([domain, { failing, messages }]) =>
          `  ${paint(style, 'red', COUNT.format(failing).padStart(width))} of ${COUNT.format(messages)}  ${plain(domain)}`,
      ),
      ...(rest > 0 ? [`  ${COUNT.format(rest).padStart(width)} of other domains`] : []),
    ];
  }

  #countDomain(domain: string, failing: boolean): void {
    const known = this.#domains.get(domain);
    if (known === undefined && this.#domains.size >= MAX_COUNTED_DOMAINS) {
      if (failing) this.#uncountedFailing += 1;
      return;
    }
    const counted = known ?? { messages: 0, failing: 0 };
    counted.messages += 1;
    if (failing) counted.failing += 1;
    this.#domains.set(domain, counted);
  }
}

/** "1 message", "1,204 messages". */
export const messagesText = (messages: number): string =>
  messages === 1 ? '1 message' : `${COUNT.format(messages)} messages`;

const isFailing = ({ dmarc }: JudgedVerdict): boolean => dmarc.result === 'fail' || dmarc.result === 'permerror';

/** One word for a message: pass when a signature passes, else the result of the first. */
const dkimWord = (signatures: JudgedVerdict['dkim']): string =>
  signatures.some(({ result }) => result === 'pass') ? 'pass' : (signatures[0]?.result ?? 'none');

const countsOf = (words: readonly string[]): Counts => new Map(words.map((word) => [word, 0]));

const count = (counts: Counts, word: string): void => void counts.set(word, (counts.get(word) ?? 0) + 1);

const shown = (counts: Counts, style: Style): string =>
  [...counts]
    .filter(([, times]) => times > 0)
    .map(([word, times]) => `${paintWord(style, word)} ${COUNT.format(times)}`)
    .join(', ');
