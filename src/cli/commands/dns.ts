/**
 * `mailverdict dns`: one question to the resolver of the service, with all that its answer says.
 * Exit 0: an answer, also a negative one; 2: a failure.
 */
import { type RecordData, RecordType } from '../../../schemas/dns.ts';
import { causeText } from '../../dns/failure.ts';
import type { Answer } from '../../dns/lookup.ts';
import { createMailverdict } from '../../service/core.ts';
import { createLog } from '../../telemetry/log.ts';
import { type Command, EXIT, WrongUse } from '../command.ts';
import { loadConfig } from '../load-settings.ts';
import { paint, plain, type Style } from '../terminal.ts';

export const dnsCommand: Command = {
  help: `Usage: mailverdict dns <name> [type] [--json]

Asks one DNS question as the service would, and tells the answer: records, TTL,
RCODE, whether DNSSEC vouches for it (AD) and whence it is. The type is TXT by
default, else one of
  ${RecordType.options.join(', ')}

  --json      the answer as JSON

Exit: 0 an answer, "no such record" too; 2 a failure; 64 wrong use.

Examples:
  mailverdict dns _dmarc.brand.example
  mailverdict dns brand.example MX
`,
  options: { json: { type: 'boolean' } },
  run: async (positionals, options, terminal) => {
    const [name, typeName = 'TXT', ...more] = positionals;
    if (name === undefined || more.length > 0) throw new WrongUse('give a name and a type');
    const type = RecordType.safeParse(typeName.toUpperCase());
    if (!type.success) throw new WrongUse(`the type must be one of ${RecordType.options.join(', ')}`);
    const config = loadConfig();
    const core = createMailverdict(config, createLog('silent'));
    try {
      const startedMs = performance.now();
      const answer = await core.lookup({ name, type: type.data }, startedMs + config.dnsQuestionTimeoutMs);
      const elapsedMs = Math.round((performance.now() - startedMs) * 10) / 10;
      const servers = core.resolver.servers.map(({ address, port }) =>
        address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
      );
      if (options.json) {
        terminal.out(`${JSON.stringify({ name, type: type.data, ...answer, elapsedMs, servers }, null, 2)}\n`);
      } else terminal.out(renderAnswer(answer, { elapsedMs, servers }, terminal.style));
      return answer.kind === 'failure' ? EXIT.temperror : EXIT.ok;
    } finally {
      core.resolver.close();
    }
  },
};

/** The answer for people: the records, then what is known about them. */
const renderAnswer = (answer: Answer, asked: { elapsedMs: number; servers: string[] }, style: Style): string => {
  const facts = [
    ...(answer.kind === 'failure' ? [] : [`TTL ${answer.ttlSeconds} s`]),
    ...(answer.rcode === undefined ? [] : [`RCODE ${rcodeName(answer.rcode)}`]),
    ...(answer.kind === 'failure' ? [] : [answer.authenticated ? 'AD: DNSSEC vouches for it' : 'no AD']),
    `${whence(answer, asked.servers)}, ${asked.elapsedMs} ms`,
  ];
  return `${[...answerLines(answer, style), paint(style, 'grey', facts.join('; '))].join('\n')}\n`;
};

const answerLines = (answer: Answer, style: Style): string[] => {
  switch (answer.kind) {
    case 'records':
      return answer.records.map((record) => plain(recordText(record)));
    case 'nodata':
      return ['the name exists and has no such record (NODATA)'];
    case 'nxdomain':
      return ['the name does not exist (NXDOMAIN)'];
    case 'failure':
      return [paint(style, 'red', `no answer: ${causeText(answer)}`)];
    default:
      return answer satisfies never;
  }
};

const recordText = (record: RecordData): string => {
  if (typeof record === 'string') return record;
  if (Array.isArray(record)) return record.map((text) => JSON.stringify(text)).join(' ');
  return Object.values(record)
    .map((value) => (value === '' ? '.' : String(value)))
    .join(' ');
};

const whence = ({ source }: Answer, servers: string[]): string => {
  switch (source) {
    case 'network':
      return `from ${servers.join(' or ')}`;
    case 'cache':
      return 'cached from an earlier question';
    case 'stale':
      return 'cached past its TTL';
    case 'zone':
      return 'from the local zone file';
    case 'overlay':
      return 'from records given with the question';
    case 'local':
      return 'decided without asking';
    default:
      return source satisfies never;
  }
};

/** Names of RFC 1035 section 4.1.1 and the IANA registry of RCODEs. */
const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];
const rcodeName = (rcode: number): string => RCODES[rcode] ?? String(rcode);
