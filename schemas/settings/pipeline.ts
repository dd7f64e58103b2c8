/**
 * Settings of the mail servers' faces: milter, Postfix policy service, hooks. Environment names are
 * the keys in upper snake case: `milterListen` is `MILTER_LISTEN`. Reads nothing; what a word means
 * for one message is decided in src/pipeline/enforcement.ts.
 */
import { z } from 'zod';
import { choice, list, text, toggle, wholeNumber } from './setting.ts';

/**
 * Where to listen, in the words of Postfix (`inet:host:port`, `unix:/path`) and of Sendmail
 * (`inet:port@host`, `local:/path`).
 */
const ListenAddress = z
  .string()
  .max(300)
  .regex(
    /^(?:inet6?:\d{1,5}@[A-Za-z0-9.:[\]-]+|inet:(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):\d{1,5}|(?:unix|local):\/.+)$/,
    'must be inet:port@host, inet:host:port or unix:/absolute/path',
  )
  .refine(
    (address) => address.startsWith('unix:') || address.startsWith('local:') || listenPort(address) <= 65535,
    'must have a port from 0 to 65535',
  );

const listenPort = (address: string): number =>
  Number(/^inet6?:(\d+)@/.exec(address)?.[1] ?? /:(\d+)$/.exec(address)?.[1]);

/** An address or a network in CIDR notation. */
const Network = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
  error: 'must be an address or a network such as 192.0.2.0/24 or 2001:db8::/32',
});

/** `name=word`: what is done with mail for one recipient domain or from one listener. */
const Enforcement = z
  .string()
  .max(300)
  .regex(/^[^=\s,]{1,255}=(?:on|off|dry-run)$/, 'must be name=on, name=off or name=dry-run');

export const PipelineSettings = z.object({
  milterListen: list({
    item: ListenAddress,
    max: 16,
    unit: 'addresses',
    about: 'where the milter listens, as in inet:8891@127.0.0.1 or unix:/run/mailverdict/milter.sock; empty: no milter',
  }),
  policyListen: list({
    item: ListenAddress,
    max: 16,
    unit: 'addresses',
    about: 'where the Postfix policy service listens, as in inet:8892@127.0.0.1; empty: none',
  }),
  socketMode: z
    .string()
    .regex(/^0?[0-7]{3}$/, 'must be three octal digits')
    .default('0660')
    .describe('mode of the unix sockets; only who may write to one may speak to it')
    .meta({ unit: 'octal mode' }),
  socketGroup: text({
    default: '',
    maxLength: 64,
    unit: 'group name or number',
    about: "group of the unix sockets; empty: the process's own",
  }),
  pipelineNetworks: list({
    item: Network,
    default: ['127.0.0.0/8', '::1'],
    max: 1000,
    unit: 'networks',
    about: 'mail servers that may connect over TCP; the protocols know no other proof of identity',
  }),
  dryRun: toggle({
    default: false,
    about: 'change no message and refuse none; only log what would have been done',
  }),
  enforceDomains: list({
    item: Enforcement,
    max: 10000,
    unit: 'domain=on|off|dry-run',
    about:
      'recipient domains for which the published policy is enforced, is not, or is only logged, whatever ENFORCE says',
  }),
  enforceDaemons: list({
    item: Enforcement,
    max: 100,
    unit: 'daemon=on|off|dry-run',
    about: "the same by the mail server's listener: the {daemon_name} or {daemon_port} that it tells",
  }),
  authenticatedSenders: choice({
    words: ['stamp', 'ignore', 'enforce'],
    default: 'stamp',
    about:
      'mail of clients that logged in with SMTP AUTH: stamp it with auth=pass and evaluate nothing, leave it untouched, or treat it like any other',
  }),
  localNetworks: list({
    item: Network,
    default: ['127.0.0.0/8', '::1'],
    max: 1000,
    unit: 'networks',
    about: "clients that are one's own",
  }),
  localSenders: choice({
    words: ['stamp', 'ignore', 'enforce'],
    default: 'stamp',
    about:
      'mail of clients in LOCAL_NETWORKS: evaluate and stamp it but refuse none, leave it untouched, or treat it like any other',
  }),
  quarantine: choice({
    words: ['header', 'hold'],
    default: 'header',
    about:
      'what quarantine means: deliver with an X-Mailverdict-Quarantine field, or put into the hold queue of the mail server',
  }),
  failureMode: choice({
    words: ['tempfail', 'accept'],
    default: 'tempfail',
    about: 'what a message gets that cannot be evaluated because of a fault, an exceeded time or a full service',
  }),
  oversizedMessages: choice({
    words: ['accept', 'reject', 'tempfail'],
    default: 'accept',
    about:
      'what a message gets that is larger than MAX_MESSAGE_BYTES, or whose header block passes a limit of its own (MAX_HEADER_BYTES, MAX_HEADER_FIELDS, 50,000 lines); accepted ones lose forged fields and are stamped "none"',
  }),
  removeAuthservIds: list({
    item: z.string().max(255),
    max: 100,
    unit: 'authserv-ids',
    about:
      'further authserv-ids whose fields are removed from incoming mail (RFC 8601 section 5); AUTHSERV_ID always is',
  }),
  addReceivedSpf: toggle({
    default: false,
    about: 'add a Received-SPF field beside Authentication-Results (RFC 7208 section 9.1)',
  }),
  pipelineMaxTotalBytes: wholeNumber({
    default: 536870912,
    min: 65536,
    max: 68719476736,
    unit: 'bytes',
    about: 'bytes of all messages held at one time, assembling one included; beyond it FAILURE_MODE decides',
  }),
  pipelineMaxConnections: wholeNumber({
    default: 1000,
    min: 1,
    max: 100000,
    unit: 'connections',
    about: 'connections of each face at one time',
  }),
  pipelineMaxPeerConnections: wholeNumber({
    default: 500,
    min: 1,
    max: 100000,
    unit: 'connections',
    about: 'connections of one address at one time, over TCP',
  }),
  pipelineMaxEvaluations: wholeNumber({
    default: 200,
    min: 1,
    max: 10000,
    unit: 'evaluations',
    about: 'messages evaluated at one time; beyond it FAILURE_MODE decides',
  }),
  pipelineEvaluationMs: wholeNumber({
    default: 25000,
    min: 100,
    max: 240000,
    unit: 'ms',
    about: 'time for one message, after which FAILURE_MODE decides; the sending client waits as long',
  }),
  pipelineIdleMs: wholeNumber({
    default: 7210000,
    min: 1000,
    max: 86400000,
    unit: 'ms',
    about: 'silence after which a connection is closed; a mail server keeps one open as long as its own client stays',
  }),
  policySpfFail: choice({
    words: ['prepend', 'reject'],
    default: 'prepend',
    about:
      'SPF fail at RCPT time: add Received-SPF, or reject. Rejecting here also rejects forwarded mail that DKIM would have proved',
  }),
  policySpfPermerror: choice({
    words: ['prepend', 'reject'],
    default: 'prepend',
    about: 'SPF permerror at RCPT time (RFC 7208 section 8.7)',
  }),
  policySpfTemperror: choice({
    words: ['prepend', 'defer'],
    default: 'prepend',
    about: 'SPF temperror at RCPT time (RFC 7208 section 8.6)',
  }),
});
export type PipelineSettings = z.infer<typeof PipelineSettings>;
