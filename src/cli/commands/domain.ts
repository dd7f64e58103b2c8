/**
 * `mailverdict domain`: what domains publish, whether receivers will accept it, and what to mend;
 * once, or again and again. Exit 0: nothing is broken; 1: an error was found; 2: DNS left it open.
 */
import { Grade, type Posture } from '../../../schemas/posture/posture.ts';
import { PostureRequest } from '../../../schemas/requests/domain.ts';
import { type Command, EXIT, type Options, Refused, type Terminal, textOption, WrongUse } from '../command.ts';
import type { Judge } from '../judge/judge.ts';
import { JUDGE_HELP, JUDGE_OPTIONS, openJudge } from '../judge/open-judge.ts';
import { loadConfig } from '../load-settings.ts';

import { type PostureRow, renderPostureTable } from '../posture-table.ts';
import { renderChanges, renderPosture } from '../render/posture.ts';
import { plain } from '../terminal.ts';
import { DNS_HELP, DNS_OPTION, readUnpublished } from '../unpublished.ts';
import { watchDomains } from '../watch-domains.ts';

/** Option names and the member of the request each one is. */
const MEMBERS = { 'client-ip': 'clientIp', 'mail-from': 'mailFrom', helo: 'helo', probe: 'probe' } as const;

/** Letters from the best to the worst. */
const GRADES = Grade.shape.letter.unwrap().options;
type Letter = (typeof GRADES)[number];

export const domainCommand: Command = {
  help: `Usage: mailverdict domain <name> ... [options]

Assesses a domain: SPF, DMARC, DKIM keys, mail hosts, TLS and DNS, what matters
most first, with the record to publish where one can be written. Several names
are a table.

  --selectors <names>       DKIM selectors, separated by commas; else those of
                            well-known senders are tried
  --client-ip <address>     would this host pass SPF?
  --mail-from <address>     envelope sender for SPF macros
  --helo <name>             HELO name for SPF macros
  --probe smtp              look at STARTTLS of each mail host; DOMAIN_PROBE
                            must allow it
${DNS_HELP};
                            the answer then tells what they would change
  --watch                   look again whenever the TTLs end, and tell only what
                            changed; Ctrl-C ends it
  --fail-under <grade>      for pipelines: exit with 1 where the grade is worse
                            than this one, A to F
  --json                    the whole posture as JSON; of several names, and of
                            each change, one line

${JUDGE_HELP}

Exit: 0 nothing is broken, 1 an error was found, 2 DNS left something open; with
--fail-under 0 the grade is reached, 1 it is not, 2 DNS left too much open for a
grade; of several names, the worst. 64 wrong use, 69 the service gives no
answer. --watch ends with the code of the last look.

Examples:
  mailverdict domain brand.example
  mailverdict domain brand.example --selectors rsa,ed --client-ip 192.0.2.10
  mailverdict domain brand.example shop.example --fail-under B
  mailverdict domain brand.example --dns planned.zone
`,
  options: {
    selectors: { type: 'string' },
    ...Object.fromEntries(Object.keys(MEMBERS).map((name) => [name, { type: 'string' } as const])),
    ...DNS_OPTION,
    watch: { type: 'boolean' },
    'fail-under': { type: 'string' },
    json: { type: 'boolean' },
    ...JUDGE_OPTIONS,
  },
  run: async (names, options, terminal) => {
    if (names.length === 0) throw new WrongUse('name a domain, as in mailverdict domain brand.example');
    const least = readLeast(options);
    const request = { ...readRequest(options), dns: await readUnpublished(options, terminal) };
    const judge = openJudge(options, loadConfig());
    try {
      const rows = await assessAll(names, request, judge);
      const write = options.json ? writeJson : writeText;
      write(rows, terminal);
      const last = options.watch
        ? await watch(rows, request, { judge, terminal, isJson: options.json === true })
        : rows;
      return worstOf(last.map((row) => ('problem' in row ? EXIT.usage : exitOf(row.posture, least))));
    } finally {
      judge.close();
    }
  },
};

/** One after another: the questions of one domain are many, and answer many of the next. */
const assessAll = async (names: readonly string[], request: PostureRequest, judge: Judge): Promise<PostureRow[]> => {
  const rows: PostureRow[] = [];
  for (const domain of names)
    try {
      rows.push({ domain, posture: await judge.assess(domain, request) });
    } catch (cause) {
      // One wrong name of several must not hide the others.
      if (!(cause instanceof Refused) || names.length === 1) throw cause;
      rows.push({ domain, problem: cause.message });
    }
  return rows;
};

const writeText = (rows: readonly PostureRow[], { out, style }: Terminal): void => {
  const [row, ...more] = rows;
  out(
    row !== undefined && 'posture' in row && more.length === 0
      ? renderPosture(row.posture, style)
      : renderPostureTable(rows, style),
  );
};

const writeJson = (rows: readonly PostureRow[], { out }: Terminal): void => {
  const [row, ...more] = rows;
  if (row !== undefined && 'posture' in row && more.length === 0) out(`${JSON.stringify(row.posture, null, 2)}\n`);
  else for (const [index, one] of rows.entries()) out(`${JSON.stringify({ index, ...one })}\n`);
};

type WatchTools = { readonly judge: Judge; readonly terminal: Terminal; readonly isJson: boolean };

const watch = async (
  rows: readonly PostureRow[],
  request: PostureRequest,
  { judge, terminal, isJson }: WatchTools,
): Promise<PostureRow[]> => {
  const first = rows.filter((row) => 'posture' in row);
  if (first.length === 0) return [...rows];
  if (terminal.progress) terminal.err('Looking again whenever the TTLs end; Ctrl-C ends this.\n');
  const last = await watchDomains(first, {
    assess: (domain) => judge.assess(domain, request),
    wait: terminal.createWait(),
    monotonicMs: () => performance.now(),
    onChange: (domain, changes, { assessedAt }) => {
      if (isJson) terminal.out(`${JSON.stringify({ domain, assessedAt, changes })}\n`);
      else terminal.out(`\n${renderChanges(changes, `${assessedAt}  ${plain(domain)} changed`, terminal.style)}`);
    },
    onIncomplete: (domain, { assessedAt }) =>
      terminal.err(`${assessedAt}  ${plain(domain)}: DNS left something open; nothing is compared until it answers\n`),
  });
  const seen = new Map(first.map(({ domain }, index) => [domain, last[index]]));
  return rows.map((row) => {
    const posture = seen.get(row.domain);
    return posture === undefined ? row : { domain: row.domain, posture };
  });
};

const exitOf = ({ grade: { letter }, findings, dns }: Posture, least: Letter | undefined): number => {
  const isOpen = dns.failures.used > 0;
  if (least !== undefined) {
    if (letter === null) return isOpen ? EXIT.temperror : EXIT.fail;
    return GRADES.indexOf(letter) > GRADES.indexOf(least) ? EXIT.fail : EXIT.ok;
  }
  if (findings.some(({ severity }) => severity === 'error')) return EXIT.fail;
  return isOpen ? EXIT.temperror : EXIT.ok;
};

const worstOf = (codes: readonly number[]): number =>
  [EXIT.usage, EXIT.fail, EXIT.temperror].find((code) => codes.includes(code)) ?? EXIT.ok;

const readLeast = (options: Options): Letter | undefined => {
  const text = textOption(options, 'fail-under');
  const letter = GRADES.find((one) => one === text?.toUpperCase());
  if (text !== undefined && letter === undefined)
    throw new WrongUse(`--fail-under: a grade is one of ${GRADES.join(', ')}`);
  return letter;
};

const readRequest = (options: Options): PostureRequest => {
  const given = Object.entries(MEMBERS).flatMap(([option, member]) => {
    const value = textOption(options, option);
    return value === undefined ? [] : [[member, value] as const];
  });
  const selectors = textOption(options, 'selectors')
    ?.split(',')
    .map((selector) => selector.trim());
  const parsed = PostureRequest.safeParse({
    ...Object.fromEntries(given),
    ...(selectors !== undefined && { selectors }),
  });
  if (parsed.success) return parsed.data;
  const optionOf = (member: unknown): string =>
    Object.entries(MEMBERS).find(([, name]) => name === member)?.[0] ?? 'selectors';
  throw new WrongUse(parsed.error.issues.map(({ path, message }) => `--${optionOf(path[0])}: ${message}`).join('\n'));
};
