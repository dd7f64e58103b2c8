/**
 * `mailverdict batch`: judges the messages of files, folders and standard input, one verdict a
 * line. A batch that was cut off goes on where its output ends. Progress is shown on a terminal
 * only, so that the output stays clean; the summary goes where no verdicts go.
 */
import type { RequiredLevel } from '../../../schemas/author.ts';
import { inOrder } from '../../http/routes/ordered.ts';
import { decideOn } from '../../verdict/answer/decision.ts';
import type { VerifyOptions } from '../../verdict/run.ts';
import type { BatchOutputLine } from '../batch/line.ts';
import { earlierLines, JudgedBefore, openOutput } from '../batch/output.ts';
import { CLEAR_LINE, progressLine } from '../batch/progress.ts';
import { BatchSummary } from '../batch/summary.ts';
import { type Command, EXIT, Refused, type Terminal, textOption, WrongUse } from '../command.ts';
import { JUDGE_HELP, JUDGE_OPTIONS, openJudge } from '../judge/open-judge.ts';
import { loadConfig } from '../load-settings.ts';
import { checkInput, type Found, readMessages } from '../messages/messages.ts';
import { DELIVERED_HELP, exitOf, readInclude, readRequired, readTrust } from '../verify-options.ts';

export const batchCommand: Command = {
  help: `Usage: mailverdict batch <file | folder | -> ... [options]

Judges many messages and writes one JSON line for each, in order:
{ index, source, verdict }, or problem in place of verdict. They come from

  a folder    every file in it and below it that ends in .eml; of a Maildir
              those in cur and new
  a file      a message, an mbox, or NDJSON with one request a line as
              POST /v1/verify takes it
  -           standard input, with any of what a file may hold

Options:
  --out <file>              write there; a file that exists is gone on with, not
                            written over
  --include <parts>         add trace, evidence, reports, mime (separated by
                            commas) to each verdict
${DELIVERED_HELP}
  --require <level>         proven or vouched: adds a decision to each verdict,
                            and the exit code tells of all

${JUDGE_HELP}

What a line of NDJSON says of itself comes before the options. A terminal shows
how far the batch is; a summary comes at the end: on standard error, or with
--out on standard output.

Exit: 0 all messages were judged, 1 one cannot be judged; with --require 0 all
are satisfied, 1 one is not or cannot be judged, 2 one is not known; 64 wrong
use, 66 no message, 69 the service gives no answer (with --out, run it again to
go on), 74 the output cannot be written.

Examples:
  mailverdict batch ~/Maildir --trust-received mx.brand.example \\
    --out verdicts.ndjson
  mailverdict batch inbox.mbox exported/ > verdicts.ndjson
`,
  options: {
    out: { type: 'string' },
    include: { type: 'string' },
    'trust-received': { type: 'string', multiple: true },
    'trusted-authserv-id': { type: 'string', multiple: true },
    require: { type: 'string' },
    ...JUDGE_OPTIONS,
  },
  run: async (names, options, terminal) => {
    if (names.length === 0) throw new WrongUse('name files or folders with messages, or - for standard input');
    if (names.filter((name) => name === '-').length > 1) throw new WrongUse('standard input can be read once only');
    const out = textOption(options, 'out');
    const require = readRequired(options);
    const asked: VerifyOptions = { ...readTrust(options), include: readInclude(options), require };
    const config = loadConfig();
    const ofOctets = await checkInput({ names }, terminal.progress);
    const write = out === undefined ? writeTo(terminal) : openOutput(out);
    const summary = new BatchSummary();
    const exits = new Set<number>();
    const count = (line: BatchOutputLine): void => {
      summary.add(line);
      exits.add(exitOfLine(line, require));
    };
    const before = new JudgedBefore();
    if (out !== undefined)
      for await (const line of earlierLines(out)) {
        before.add(line.source);
        count(line);
      }
    const judgedBefore = summary.messages;
    const startedMs = performance.now();
    let octets = 0;
    const found = readMessages({
      names,
      standardInput: terminal.readInput,
      maxMessageBytes: config.maxMessageBytes,
      onOctets: (more) => (octets += more),
    });
    const judge = openJudge(options, config);
    const judgeOne = async ({ source, content }: Found, index: number): Promise<BatchOutputLine> => {
      const line = { index: judgedBefore + index, source };
      if (content.kind === 'problem') return { ...line, problem: content.reason };
      try {
        const { bytes, facts, options: own } = content;
        return { ...line, verdict: await judge.verify(bytes, facts, { ...asked, ...given(own) }) };
      } catch (cause) {
        if (cause instanceof Refused) return { ...line, problem: cause.message };
        throw cause;
      }
    };
    try {
      for await (const line of inOrder(notBefore(found, before), config.batchWidth, judgeOne)) {
        write(line);
        count(line);
        showProgress(terminal, { messages: summary.messages, failing: summary.failing, octets, ofOctets });
      }
    } finally {
      if (terminal.progress) terminal.err(CLEAR_LINE);
      judge.close();
    }
    const elapsedMs = performance.now() - startedMs;
    if (out === undefined) terminal.err(summary.render(terminal.errStyle, elapsedMs, judgedBefore));
    else terminal.out(summary.render(terminal.style, elapsedMs, judgedBefore));
    return [EXIT.fail, EXIT.temperror].find((code) => exits.has(code)) ?? EXIT.ok;
  },
};

/** Verdicts may go to the same terminal as the line of progress, and must not join it. */
const writeTo =
  (terminal: Terminal) =>
  (line: BatchOutputLine): void => {
    if (terminal.progress) terminal.err(CLEAR_LINE);
    terminal.out(`${JSON.stringify(line)}\n`);
  };

/** What a message says of itself; what it does not say must not hide an option. */
const given = (own: VerifyOptions): VerifyOptions =>
  Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));

async function* notBefore(found: AsyncIterable<Found>, before: JudgedBefore): AsyncGenerator<Found> {
  for await (const one of found) if (!before.take(one)) yield one;
}

/** A message that was not judged is not satisfied, whatever an earlier run required. */
const exitOfLine = (line: BatchOutputLine, required: RequiredLevel | undefined): number => {
  if ('problem' in line) return EXIT.fail;
  const { author } = line.verdict;
  return required === undefined ? EXIT.ok : exitOf(decideOn(required, author), author);
};

const showProgress = (terminal: Terminal, progress: Parameters<typeof progressLine>[0]): void => {
  if (terminal.progress) terminal.err(`${CLEAR_LINE}${progressLine(progress)}`);
};
