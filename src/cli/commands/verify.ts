/**
 * `mailverdict verify`: judges a message from a file or from standard input. Exit 0: DMARC pass or
 * none, 1: fail or permerror, 2: temperror; with --require 0: satisfied, 1: not, 2: not known.
 */

import { SmtpFacts } from '../../../schemas/smtp.ts';
import type { Verdict } from '../../../schemas/verdict.ts';
import { RequestProblem } from '../../http/problem.ts';
import { readBySchema } from '../../http/validation.ts';
import { type Command, EXIT, type Options, textOption, textOptions, WrongUse } from '../command.ts';
import { JUDGE_HELP, JUDGE_OPTIONS, openJudge } from '../judge/open-judge.ts';
import { loadConfig } from '../load-settings.ts';
import { readInput } from '../read-input.ts';
import { renderVerdict } from '../render/verdict.ts';
import { DNS_HELP, DNS_OPTION, readUnpublished } from '../unpublished.ts';
import { DELIVERED_HELP, exitOf, readInclude, readRequired, readTrust } from '../verify-options.ts';

/** Option names and the transport fact each one is; a dot reaches into an object. */
const FACT_OPTIONS = {
  'client-ip': 'clientIp',
  'client-name': 'clientName',
  'client-name-check': 'clientNameCheck',
  helo: 'helo',
  'mail-from': 'mailFrom',
  protocol: 'protocol',
  'tls-version': 'tls.version',
  'tls-cipher': 'tls.cipher',
  'tls-bits': 'tls.bits',
  'tls-mode': 'tls.mode',
  'tls-client-subject': 'tls.clientCertificate.subject',
  'auth-mechanism': 'auth.mechanism',
  'auth-identity': 'auth.identity',
  'queue-id': 'queueId',
  'daemon-name': 'daemonName',
  receiver: 'receiver',
} as const;
/** The one fact that is true or not given. */
const VERIFIED_OPTION = 'tls-client-verified';

export const verifyCommand: Command = {
  help: `Usage: mailverdict verify <message.eml | -> [options]

Judges a message: did it really come from the domain in its From field, and how
do we know?

Transport facts (all optional; nothing is guessed when one is missing):
  --client-ip <address>     address of the SMTP client
  --client-name <name>      host name of the client
  --client-name-check <w>   what the server found of that name: ok, fail, forged
                            or temperror
  --helo <name>             argument of HELO or EHLO
  --mail-from <address>     reverse-path; "" or "<>" is the null reverse-path
  --rcpt-to <address>       forward-path; may be repeated
  --protocol <word>         ESMTP, ESMTPS, ESMTPSA … (RFC 3848)
  --tls-version <text>      TLS of the session, as in TLSv1.3
  --tls-cipher <name>       its cipher suite
  --tls-bits <number>       strength of the cipher in bits
  --tls-mode <word>         starttls or implicit
  --tls-client-subject <s>  subject of the client's certificate
  --tls-client-verified     the server verified that certificate
  --auth-mechanism <name>   SMTP AUTH of the session, as in PLAIN
  --auth-identity <name>    who logged in
  --queue-id <id>           queue id of the receiving server
  --daemon-name <name>      its listener, as the server calls it
  --receiver <name>         authserv-id for the Authentication-Results field

For a message that was already delivered:
${DELIVERED_HELP}

Decision:
  --require <level>         proven: the domain in From must be proven here;
                            vouched: the word of a party that the settings or
                            the options above trust is enough too

Records:
${DNS_HELP}

${JUDGE_HELP}

Output:
  --json                    the whole verdict as JSON
  --include <parts>         add trace, evidence, reports, mime (separated by
                            commas); with --json

Exit: 0 DMARC pass or none, 1 fail or permerror, 2 temperror; with --require 0
satisfied, 1 not satisfied, 2 not known; 64 wrong use, 66 no message, 69 the
service gives no answer.

Examples:
  mailverdict verify message.eml --client-ip 192.0.2.10 \\
    --helo mail.brand.example --mail-from alice@brand.example
  cat message.eml | mailverdict verify - --json
  mailverdict verify message.eml --trust-received mx.brand.example \\
    --require proven || echo refused
`,
  options: {
    ...Object.fromEntries(Object.keys(FACT_OPTIONS).map((name) => [name, { type: 'string' } as const])),
    [VERIFIED_OPTION]: { type: 'boolean' },
    'rcpt-to': { type: 'string', multiple: true },
    ...DNS_OPTION,
    ...JUDGE_OPTIONS,
    'trust-received': { type: 'string', multiple: true },
    'trusted-authserv-id': { type: 'string', multiple: true },
    require: { type: 'string' },
    include: { type: 'string' },
    json: { type: 'boolean' },
  },
  run: async (positionals, options, terminal) => {
    const [name, ...more] = positionals;
    if (name === undefined || more.length > 0) throw new WrongUse('give one message: a file, or - for standard input');
    const facts = readFacts(options);
    const include = readInclude(options);
    const require = readRequired(options);
    const config = loadConfig();
    const message = await readInput(
      name,
      { maxBytes: config.maxMessageBytes, ofFolder: `mailverdict batch ${name} judges every message in it` },
      terminal,
    );
    const overlay = await readUnpublished(options, terminal);
    const judge = openJudge(options, config);
    try {
      const verdict = await judge.verify(message, facts, { include, require, overlay, ...readTrust(options) });
      terminal.out(options.json ? `${JSON.stringify(verdict, null, 2)}\n` : renderVerdict(verdict, terminal.style));
      return exitCode(verdict);
    } finally {
      judge.close();
    }
  },
};

const readFacts = (options: Options): SmtpFacts => {
  const facts: Tree = {};
  for (const [option, fact] of Object.entries(FACT_OPTIONS)) {
    const value = textOption(options, option);
    if (value !== undefined) put(facts, fact.split('.'), fact === 'tls.bits' ? bitsOf(value) : value);
  }
  if (options[VERIFIED_OPTION] === true) put(facts, ['tls', 'clientCertificate', 'verified'], true);
  const rcptTo = textOptions(options, 'rcpt-to');
  if (rcptTo !== undefined) facts.rcptTo = rcptTo;
  try {
    return readBySchema(SmtpFacts, facts, '');
  } catch (cause) {
    if (!(cause instanceof RequestProblem)) throw cause;
    throw new WrongUse((cause.errors ?? []).map(({ path, message }) => `--${optionOf(path)}: ${message}`).join('\n'));
  }
};

type Tree = { [name: string]: unknown };

const put = (tree: Tree, [name = '', ...below]: string[], value: unknown): void => {
  if (below.length === 0) tree[name] = value;
  else {
    const inner = (tree[name] ?? {}) as Tree;
    tree[name] = inner;
    put(inner, below, value);
  }
};

/** Digits alone: `Number` would read an empty text as 0. */
const bitsOf = (text: string): number | string => (/^\d{1,9}$/.test(text) ? Number(text) : text);

const optionOf = (path: string): string =>
  Object.entries(FACT_OPTIONS).find(([, fact]) => fact === path)?.[0] ?? 'rcpt-to';

const exitCode = ({ dmarc, decision, author }: Verdict): number => {
  if (decision !== undefined) return exitOf(decision, author);
  return dmarc.result === 'pass' || dmarc.result === 'none'
    ? EXIT.ok
    : dmarc.result === 'temperror'
      ? EXIT.temperror
      : EXIT.fail;
};
