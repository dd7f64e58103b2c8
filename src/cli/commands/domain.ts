/**
 * `mailverdict domain`: what a domain publishes, whether receivers will accept it, and what to
 * mend. Exit 0: nothing is broken; 1: an error was found; 2: DNS left it open.
 */
import { PostureRequest } from '../../../schemas/requests/domain.ts';
import { createMailverdict } from '../../service/core.ts';
import { createLog } from '../../telemetry/log.ts';
import { type Command, EXIT, type Options, textOption, WrongUse } from '../command.ts';
import { loadConfig } from '../load-settings.ts';
import { renderPosture } from '../render/posture.ts';

/** Option names and the member of the request each one is. */
const MEMBERS = { 'client-ip': 'clientIp', 'mail-from': 'mailFrom', helo: 'helo', probe: 'probe' } as const;

export const domainCommand: Command = {
  help: `Usage: mailverdict domain <name> [options]

Assesses a domain: SPF, DMARC, DKIM keys, mail hosts, TLS and DNS, what matters most first,
with the record to publish where one can be written.

  --selectors <names>       DKIM selectors, separated by commas; else those of well-known senders are tried
  --client-ip <address>     would this host pass SPF?
  --mail-from <address>     envelope sender for SPF macros
  --helo <name>             HELO name for SPF macros
  --probe smtp              look at STARTTLS of each mail host; DOMAIN_PROBE must allow it
  --json                    the whole posture as JSON

Exit: 0 nothing is broken, 1 an error was found, 2 DNS left something open, 64 wrong use.

Examples:
  mailverdict domain brand.example
  mailverdict domain brand.example --selectors rsa,ed --client-ip 192.0.2.10
`,
  options: {
    selectors: { type: 'string' },
    ...Object.fromEntries(Object.keys(MEMBERS).map((name) => [name, { type: 'string' } as const])),
    json: { type: 'boolean' },
  },
  run: async (positionals, options, terminal) => {
    const [name, ...more] = positionals;
    if (name === undefined || more.length > 0) throw new WrongUse('give one domain name');
    const request = readRequest(options);
    const core = createMailverdict(loadConfig(), createLog('silent'));
    try {
      const outcome = await core.assess(name, request);
      if (outcome.kind === 'refused')
        throw new WrongUse(outcome.errors.map(({ path, message }) => `${path} ${message}`).join('\n'));
      const { posture } = outcome;
      terminal.out(options.json ? `${JSON.stringify(posture, null, 2)}\n` : renderPosture(posture, terminal.style));
      if (posture.findings.some(({ severity }) => severity === 'error')) return EXIT.fail;
      return posture.dns.failures.used > 0 ? EXIT.temperror : EXIT.ok;
    } finally {
      core.resolver.close();
    }
  },
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
