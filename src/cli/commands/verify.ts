/**
 * `mailverdict verify`: judges a message from a file or from standard input. Exit 0: DMARC pass or
 * none, 1: fail or permerror, 2: temperror; with --require 0: satisfied, 1: not, 2: not known.
 */

import { SmtpFacts } from '../../../schemas/smtp.ts';
import type { Verdict } from '../../../schemas/verdict.ts';
import { createMailverdict } from '../../service/core.ts';
import { createLog } from '../../telemetry/log.ts';
import { type Command, EXIT, type Options, textOption, textOptions, WrongUse } from '../command.ts';
import { loadConfig } from '../load-settings.ts';
import { readInput } from '../read-input.ts';

import { renderVerdict } from '../render/verdict.ts';
import { exitOf, readInclude, readRequired, readTrust } from '../verify-options.ts';

/** Option names and the transport fact each one is; a dot reaches into an object. */
const FACT_OPTIONS = {
  'client-ip': 'clientIp',
  'client-name': 'clientName',
  helo: 'helo',
  'mail-from': 'mailFrom',
  protocol: 'protocol',
  'queue-id': 'queueId',
  receiver: 'receiver',
} as const;

export const verifyCommand: Command = {
  help: `Usage: mailverdict verify <message.eml | -> [options]

Judges a message: did it really come from the domain in its From field, and how do we know?

Transport facts (all optional; nothing is guessed when one is missing):
  --client-ip <address>     address of the SMTP client
  --client-name <name>      host name of the client
  --helo <name>             argument of HELO or EHLO
  --mail-from <address>     reverse-path; "" or "<>" is the null reverse-path
  --rcpt-to <address>       forward-path; may be repeated
  --protocol <word>         ESMTP, ESMTPS, ESMTPSA … (RFC 3848)
  --queue-id <id>           queue id of the receiving server
  --receiver <name>         authserv-id for the Authentication-Results field

For a message that was already delivered:
  --trust-received <host>   take the facts from the Received fields that this host of yours wrote: a name,
                            *. and a domain, an address, or a network; may be repeated
  --trusted-authserv-id <id>  believe Authentication-Results of this authserv-id; may be repeated

Decision:
  --require <level>         proven: the domain in From must be proven here; vouched: the word of a party that the
                            settings or the options above trust is enough too

Output:
  --json                    the whole verdict as JSON
  --include <parts>         add trace, evidence, reports, mime (separated by commas); with --json

Exit: 0 DMARC pass or none, 1 fail or permerror, 2 temperror; with --require 0 satisfied, 1 not satisfied,
2 not known; 64 wrong use, 66 no message.

Examples:
  mailverdict verify message.eml --client-ip 192.0.2.10 --helo mail.brand.example --mail-from alice@brand.example
  cat message.eml | mailverdict verify - --json
  mailverdict verify message.eml --trust-received mx.brand.example --require proven || echo refused
`,
  options: {
    ...Object.fromEntries(Object.keys(FACT_OPTIONS).map((name) => [name, { type: 'string' } as const])),
    'rcpt-to': { type: 'string', multiple: true },
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
    const core = createMailverdict(config, createLog('silent'));
    try {
      const verdict = await core.verify(message, facts, {
        include,
        require,
        ...readTrust(options),
      });
      terminal.out(options.json ? `${JSON.stringify(verdict, null, 2)}\n` : renderVerdict(verdict, terminal.style));
      return exitCode(verdict);
    } finally {
      core.resolver.close();
    }
  },
};

const readFacts = (options: Options): SmtpFacts => {
  const given = Object.entries(FACT_OPTIONS).flatMap(([option, fact]) => {
    const value = textOption(options, option);
    return value === undefined ? [] : [[fact, value] as const];
  });
  const rcptTo = textOptions(options, 'rcpt-to');
  const parsed = SmtpFacts.safeParse({ ...Object.fromEntries(given), ...(rcptTo !== undefined && { rcptTo }) });
  if (parsed.success) return parsed.data;
  const optionOf = (fact: string): string =>
    Object.entries(FACT_OPTIONS).find(([, name]) => name === fact)?.[0] ?? 'rcpt-to';
  throw new WrongUse(
    parsed.error.issues.map(({ path, message }) => `--${optionOf(String(path[0]))}: ${message}`).join('\n'),
  );
};

const exitCode = ({ dmarc, decision, author }: Verdict): number => {
  if (decision !== undefined) return exitOf(decision, author);
  return dmarc.result === 'pass' || dmarc.result === 'none'
    ? EXIT.ok
    : dmarc.result === 'temperror'
      ? EXIT.temperror
      : EXIT.fail;
};
