/**
 * `mailverdict reports`: DMARC reports that this receiver sends. Works on the store itself, beside
 * a service that runs or without one.
 */
import { MailTarget, OutgoingState } from '../../../schemas/reports/outgoing-report.ts';
import { type Command, EXIT, type Options, type Terminal, textOption, WrongUse } from '../command.ts';
import { writeDay, writeDeliveries, writeReports, writeStatus } from '../render/reports.ts';
import { type Call, withReporting } from '../reports/call.ts';
import { bounce, check } from '../reports/check.ts';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const DAY_SECONDS = 86_400;
const PAGE = 200;

export const reportsCommand: Command = {
  help: `Usage: mailverdict reports status
       mailverdict reports list [--domain <name>] [--state <state>]
       mailverdict reports show <Report-ID> [--xml]
       mailverdict reports build [--dry-run [--day <yyyy-mm-dd>]]
       mailverdict reports send
       mailverdict reports check <your address>
       mailverdict reports check --received <message.eml | ->
       mailverdict reports check --force
       mailverdict reports bounce <recipient> <message.eml | ->
       mailverdict reports suppress <address or domain> [--days <n>]
       mailverdict reports unsuppress <address or domain>
       mailverdict reports suppressions

DMARC reports on the mail that came in (RFC 9990), as STORE, REPORT_SENDER and
REPORT_SMTP have it. A running service counts, builds and sends by itself;
these commands look, and help along.

  --domain <name>    only reports on this domain
  --state <state>    only reports that are waiting, sent, withheld or given-up
  --limit <n>        lines, 50 by default
  --xml              the report as it is sent
  --dry-run          list what would be built, and build nothing
  --day <day>        only periods that began on this UTC day
  --received <file>  the sample of reports check as it arrived: tells what
                     would keep it from passing DMARC
  --trust-received <host>  with --received: take the facts of SPF from the
                     Received fields that this host wrote
  --force            send reports without a check
  --days <n>         how long an address gets none; for good without it
  --reason <text>    why it gets none
  --json             status, list, show and suppressions as JSON

Exit: 0 done, 1 there is no such report or address, or report mail would not
be believed, 2 the store does not answer, 64 wrong use, 66 no message, 78 the
settings have mistakes.

Examples:
  mailverdict reports status
  mailverdict reports list --state waiting
  mailverdict reports build --dry-run
  mailverdict reports suppress gone@brand.example --days 90
`,
  options: {
    domain: { type: 'string' },
    state: { type: 'string' },
    limit: { type: 'string' },
    xml: { type: 'boolean' },
    day: { type: 'string' },
    'dry-run': { type: 'boolean' },
    days: { type: 'string' },
    reason: { type: 'string' },
    received: { type: 'string' },
    'trust-received': { type: 'string', multiple: true },
    force: { type: 'boolean' },
    json: { type: 'boolean' },
  },
  words: ['status', 'list', 'show', 'build', 'send', 'check', 'bounce', 'suppress', 'unsuppress', 'suppressions'],
  run: async ([action = '', ...words], options, terminal) => {
    const act = ACTIONS[action];
    if (act === undefined) throw new WrongUse(`say reports ${Object.keys(ACTIONS).join(', ')}`);
    const [least, most] = act.words;
    if (words.length < least || words.length > most)
      throw new WrongUse(`reports ${action} takes ${most === 0 ? 'no word' : act.takes}`);
    return withReporting((made) => act.run({ ...made, words, options, terminal }), terminal);
  },
};

type Action = {
  /** Fewest and most words after the name. */
  readonly words: readonly [number, number];
  /** What they are. */
  readonly takes: string;
  readonly run: (call: Call) => Promise<number>;
};

const writeJson = (terminal: Terminal, value: unknown): void => terminal.out(`${JSON.stringify(value, null, 2)}\n`);

const list = async ({ reporting, options, terminal }: Call): Promise<number> => {
  const state = OutgoingState.optional().safeParse(textOption(options, 'state'));
  if (!state.success) throw new WrongUse(`--state must be ${OutgoingState.options.join(', ')}`);
  const limit = wholeNumber(options, 'limit', PAGE) ?? 50;
  const page = await reporting.list({
    policyDomain: textOption(options, 'domain')?.toLowerCase(),
    state: state.data,
    limit,
  });
  if (options.json) writeJson(terminal, page);
  else terminal.out(writeReports(page, terminal.style));
  return EXIT.ok;
};

const show = async ({ reporting, words: [word = ''], options, terminal }: Call): Promise<number> => {
  const found = await reporting.find(word);
  if (found === null) {
    terminal.err(`there is no report ${word}; "reports list" has their ids\n`);
    return EXIT.fail;
  }
  if (options.xml) for await (const text of reporting.xmlOf(found.report)) terminal.out(text);
  else if (options.json) writeJson(terminal, found);
  else terminal.out(writeDeliveries(found, terminal.style));
  return EXIT.ok;
};

const build = async ({ reporting, options, terminal }: Call): Promise<number> => {
  const day = textOption(options, 'day');
  if (day !== undefined && (!DAY.test(day) || Number.isNaN(Date.parse(day))))
    throw new WrongUse('--day must be a day as in 2026-11-28');
  if (day !== undefined && !options['dry-run'])
    throw new WrongUse('--day belongs to --dry-run: all that ended is built');
  const first = day === undefined ? 0 : Date.parse(day) / 1000;
  const ended = (await reporting.ended()).filter(
    ({ beginSeconds }) => day === undefined || (beginSeconds >= first && beginSeconds < first + DAY_SECONDS),
  );
  for (const { policyDomain, beginSeconds, periodSeconds } of ended)
    terminal.out(`${writeDay(beginSeconds, periodSeconds)}  ${policyDomain}\n`);
  if (options['dry-run']) {
    terminal.err(`${ended.length} to build; nothing was built\n`);
    return EXIT.ok;
  }
  await reporting.run();
  const left = await reporting.ended();
  terminal.err(left.length === 0 ? 'built\n' : 'another process builds just now\n');
  return EXIT.ok;
};

const send = async ({ reporting, terminal }: Call): Promise<number> => {
  const outcome = await reporting.sendNow();
  switch (outcome.kind) {
    case 'done':
      terminal.err('what was due was sent, or tried; "reports list" tells\n');
      return EXIT.ok;
    case 'not-cleared':
      terminal.err('nothing is sent before REPORT_SMTP is set and "reports check" has passed\n');
      return EXIT.fail;
    case 'not-ours':
      terminal.err('another process sends just now\n');
      return EXIT.ok;
    case 'stopped':
      terminal.err('another process took over\n');
      return EXIT.ok;
    default:
      return outcome satisfies never;
  }
};

const suppress = async ({ reporting, words: [word = ''], options, terminal }: Call): Promise<number> => {
  const days = wholeNumber(options, 'days', 3650);
  const untilSeconds = days === undefined ? null : Math.floor(Date.now() / 1000) + days * DAY_SECONDS;
  const reason = textOption(options, 'reason') ?? 'an operator asked for it';
  if (!MailTarget.safeParse(word).success) throw new WrongUse(`${word} is no mail address and no domain`);
  await reporting.suppressions.add({ target: word, reason, untilSeconds });
  terminal.err(`${word.toLowerCase()} gets no reports${days === undefined ? '' : ` for ${days} days`}\n`);
  return EXIT.ok;
};

const unsuppress = async ({ reporting, words: [word = ''], terminal }: Call): Promise<number> => {
  const wasThere = await reporting.suppressions.remove(word);
  terminal.err(wasThere ? `${word.toLowerCase()} gets reports again\n` : `${word} gets reports already\n`);
  return wasThere ? EXIT.ok : EXIT.fail;
};

const suppressions = async ({ reporting, options, terminal }: Call): Promise<number> => {
  const found = await reporting.suppressions.list(Math.floor(Date.now() / 1000));
  if (options.json) writeJson(terminal, found);
  else
    for (const { target, reason, untilSeconds } of found)
      terminal.out(
        `${target}  ${untilSeconds === null ? 'for good' : `until ${new Date(untilSeconds * 1000).toISOString().slice(0, 10)}`}  ${reason}\n`,
      );
  return EXIT.ok;
};

const status = async ({ reporting, options, terminal }: Call): Promise<number> => {
  const found = await reporting.status();
  if (options.json) writeJson(terminal, found);
  else terminal.out(writeStatus(found, terminal.style));
  return found.reports === null ? EXIT.temperror : EXIT.ok;
};

const NO_WORD = { words: [0, 0], takes: '' } as const;

const ACTIONS: Readonly<Record<string, Action>> = {
  status: { ...NO_WORD, run: status },
  list: { ...NO_WORD, run: list },
  show: { words: [1, 1], takes: 'one Report-ID', run: show },
  build: { ...NO_WORD, run: build },
  send: { ...NO_WORD, run: send },
  check: { words: [0, 1], takes: 'one address', run: check },
  bounce: { words: [2, 2], takes: 'a recipient and a message', run: bounce },
  suppress: { words: [1, 1], takes: 'one address or domain', run: suppress },
  unsuppress: { words: [1, 1], takes: 'one address or domain', run: unsuppress },
  suppressions: { ...NO_WORD, run: suppressions },
};

const wholeNumber = (options: Options, name: string, max: number): number | undefined => {
  const written = textOption(options, name);
  if (written === undefined) return undefined;
  const number = Number(written);
  if (!/^\d+$/.test(written) || number < 1 || number > max)
    throw new WrongUse(`--${name} must be a whole number from 1 to ${max}`);
  return number;
};
