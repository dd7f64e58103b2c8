/**
 * `mailverdict replay`: judges a message again from the evidence of its verdict. Asks no server.
 * Exit 0: the same, 1: it differs.
 */
import { readFileSync } from 'node:fs';
import { ReplayedVerdict, ReplayRequest } from '../../../schemas/requests/replay.ts';
import { readFailure } from '../../settings/system-failure.ts';
import { type Command, EXIT, NoInput, WrongUse } from '../command.ts';
import { JUDGE_HELP, JUDGE_OPTIONS, openJudge } from '../judge/open-judge.ts';
import { loadConfig } from '../load-settings.ts';
import { readInput } from '../read-input.ts';
import { paint, plain } from '../terminal.ts';

export const replayCommand: Command = {
  help: `Usage: mailverdict replay <message.eml | -> <verdict.json> [--json]
       mailverdict replay <case.json> [--json]

Judges a message again at the time and under the settings of its verdict, with
the DNS answers that the verdict recorded. No server is asked. The verdict must
hold its evidence:

  mailverdict verify message.eml --client-ip 192.0.2.10 \\
    --json --include evidence > verdict.json
  mailverdict replay message.eml verdict.json

A case is one file with both, as the page offers it and POST /v1/replay takes
it.

  --json                    the new verdict and the differences as JSON

${JUDGE_HELP}

Exit: 0 the same verdict, 1 it differs, 64 wrong use, 66 no message or verdict,
69 the service gives no answer.
`,
  options: { json: { type: 'boolean' }, ...JUDGE_OPTIONS },
  run: async (positionals, options, terminal) => {
    const [messageName, verdictName, ...more] = positionals;
    if (messageName === undefined || more.length > 0)
      throw new WrongUse('give a message and its verdict, or one file with both');
    const config = loadConfig();
    const { message, earlier, overlay } =
      verdictName === undefined
        ? readCase(messageName)
        : {
            earlier: readJson(verdictName, (value) => ReplayedVerdict.safeParse(value)),
            message: await readInput(messageName, { maxBytes: config.maxMessageBytes }, terminal),
            overlay: undefined,
          };
    const judge = openJudge(options, config);
    try {
      const { same, differences, verdict } = await judge.replay(message, earlier, overlay);
      if (options.json) terminal.out(`${JSON.stringify({ same, differences, verdict }, null, 2)}\n`);
      else if (same)
        terminal.out(
          `${paint(terminal.style, 'green', 'same')}: the verdict of ${earlier.evaluatedAt} comes out again\n`,
        );
      else {
        const shown = (value: unknown): string => plain(JSON.stringify(value)).slice(0, 200);
        terminal.out(
          `${paint(terminal.style, 'yellow', 'differs')} in ${differences.length === 1 ? '1 place' : `${differences.length} places`}\n`,
        );
        for (const { path, before, after } of differences)
          terminal.out(`  ${plain(path)}: ${shown(before)} → ${shown(after)}\n`);
      }
      return same ? EXIT.ok : EXIT.fail;
    } finally {
      judge.close();
    }
  },
};

/** A message and its verdict out of one file; a message that was damaged there is refused later. */
const readCase = (name: string) => {
  const { message, encoding, verdict, dns } = readJson(name, (value) => ReplayRequest.safeParse(value));
  return { message: Buffer.from(message, encoding), earlier: verdict, overlay: dns };
};

/** What a schema says of a value. */
type Parsed<Value> =
  | { success: true; data: Value }
  | { success: false; error: { issues: readonly { path: readonly PropertyKey[]; message: string }[] } };

const readJson = <Value>(name: string, parse: (value: unknown) => Parsed<Value>): Value => {
  let text: string;
  try {
    text = readFileSync(name, 'utf8');
  } catch (cause) {
    throw new NoInput(readFailure(name, cause));
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new NoInput(`${name} is not JSON; mailverdict verify --json --include evidence writes what replay reads`);
  }
  const parsed = parse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new WrongUse(
      `${name}: ${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'is no verdict'}; a verdict holds its evidence when it was asked for with --include evidence`,
    );
  }
  return parsed.data;
};
