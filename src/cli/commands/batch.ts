/**
 * `mailverdict batch`: judges the messages of an mbox, one verdict a line. A batch that was cut off
 * goes on where its output ends. Progress is shown on a terminal only, so that the output stays
 * clean.
 */
import {
  appendFileSync,
  closeSync,
  createReadStream,
  existsSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
} from 'node:fs';
import type { RequiredLevel } from '../../../schemas/author.ts';
import { Verdict } from '../../../schemas/verdict.ts';
import { readMbox } from '../../message/mbox.ts';
import { createMailverdict } from '../../service/core.ts';
import { createLog } from '../../telemetry/log.ts';
import { decideOn } from '../../verdict/answer/decision.ts';
import { Fault } from '../../verdict/fault.ts';
import { type Command, EXIT, NoInput, type Terminal, textOption, WrongUse } from '../command.ts';
import { loadConfig } from '../load-settings.ts';
import { exitOf, readRequired, readTrust } from '../read-trust.ts';

const BAR_COLUMNS = 30;

export const batchCommand: Command = {
  help: `Usage: mailverdict batch <mail.mbox | -> [options]

Judges each message of an mbox and writes one JSON line for each, in order.

  --out <file>              write there; a file that exists is gone on with, not written over
  --trust-received <host>   take the facts from the Received fields that this host of yours wrote: a name,
                            *. and a domain, an address, or a network; may be repeated
  --trusted-authserv-id <id>  believe Authentication-Results of this authserv-id; may be repeated
  --require <level>         proven or vouched: adds a decision to each verdict, and the exit code tells of all

Exit: 0 all messages were judged; with --require 0 all are satisfied, 1 one is not or cannot be judged,
2 one is not known; 64 wrong use, 66 no mbox.

Example:
  mailverdict batch archive.mbox --trust-received mx.brand.example --out verdicts.ndjson
`,
  options: {
    out: { type: 'string' },
    'trust-received': { type: 'string', multiple: true },
    'trusted-authserv-id': { type: 'string', multiple: true },
    require: { type: 'string' },
  },
  run: async (positionals, options, terminal) => {
    const [name, ...more] = positionals;
    if (name === undefined || more.length > 0) throw new WrongUse('give one mbox: a file, or - for standard input');
    if (name !== '-' && !existsSync(name)) throw new NoInput(`${name}: cannot be read`);
    const out = textOption(options, 'out');
    const require = readRequired(options);
    const earlier = out === undefined ? [] : completeLines(out);
    const done = earlier.length;
    const config = loadConfig();
    const core = createMailverdict(config, createLog('silent'));
    const trust = readTrust(options);
    const total = name === '-' ? null : statSync(name).size;
    let index = 0;
    let octets = 0;
    const exits = new Set(require === undefined ? [] : earlier.map((line) => exitOfLine(line, require)));
    try {
      for await (const entry of readMbox(
        counted(name === '-' ? terminal.readInput() : createReadStream(name), (size) => (octets += size)),
        config.maxMessageBytes,
      )) {
        if (index >= done) {
          const line =
            entry.kind !== 'message'
              ? { index, problem: `larger than ${config.maxMessageBytes} octets` }
              : await judge(entry.bytes, index);
          if (require !== undefined) exits.add(exitOfVerdict('verdict' in line ? line.verdict : undefined, require));
          const text = `${JSON.stringify(line)}\n`;
          if (out === undefined) terminal.out(text);
          else appendFileSync(out, text);
        }
        index++;
        showProgress(terminal, index, total === null ? null : octets / total);
      }
      terminal.err(
        `${terminal.progress ? '\r\u001b[K' : ''}${index === 1 ? '1 message' : `${index} messages`}${done > 0 ? `, ${Math.min(done, index)} of them judged before` : ''}\n`,
      );
      return [EXIT.fail, EXIT.temperror].find((code) => exits.has(code)) ?? EXIT.ok;
    } finally {
      core.resolver.close();
    }

    async function judge(message: Buffer, position: number) {
      try {
        return { index: position, verdict: await core.verify(message, {}, { ...trust, require }) };
      } catch (cause) {
        if (cause instanceof Fault) return { index: position, problem: cause.message };
        throw cause;
      }
    }
  },
};

/** Lines that are whole; a last one that was cut off is taken away. */
const completeLines = (file: string): Buffer[] => {
  if (!existsSync(file)) return [];
  const octets = readFileSync(file);
  const end = octets.lastIndexOf(0x0a) + 1;
  if (end < octets.length) {
    const handle = openSync(file, 'r+');
    ftruncateSync(handle, end);
    closeSync(handle);
  }
  const lines: Buffer[] = [];
  for (let start = 0; start < end; ) {
    const at = octets.indexOf(0x0a, start);
    lines.push(octets.subarray(start, at));
    start = at + 1;
  }
  return lines;
};

/** A message that was not judged is not satisfied. */
const exitOfVerdict = (verdict: Pick<Verdict, 'author'> | undefined, required: RequiredLevel): number =>
  verdict === undefined ? EXIT.fail : exitOf(decideOn(required, verdict.author), verdict.author);

/** The same of a line that an earlier run wrote, whatever that run required. */
const exitOfLine = (line: Buffer, required: RequiredLevel): number => {
  try {
    const { verdict } = JSON.parse(line.toString('utf8'));
    return exitOfVerdict(Verdict.pick({ author: true }).safeParse(verdict).data, required);
  } catch {
    return EXIT.fail;
  }
};

async function* counted(stream: AsyncIterable<Buffer>, count: (octets: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of stream) {
    count(chunk.length);
    yield chunk;
  }
}

const showProgress = (terminal: Terminal, messages: number, share: number | null): void => {
  if (!terminal.progress) return;
  const filled = Math.round((share ?? 0) * BAR_COLUMNS);
  const bar = share === null ? '' : `[${'#'.repeat(filled).padEnd(BAR_COLUMNS, '.')}] ${Math.round(share * 100)}% `;
  terminal.err(`\r\u001b[K${bar}${messages === 1 ? '1 message' : `${messages} messages`}`);
};
