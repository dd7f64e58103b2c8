/**
 * How a message is treated: skipped clients, overrides by listener and recipient domain, dry run.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SmtpFacts } from '../../schemas/smtp.ts';
import { createTreatment, type Daemon, type EnforcementSettings } from '../../src/pipeline/enforcement.ts';
import { makeSettings } from './make-settings.ts';

type Treatment = ReturnType<ReturnType<typeof createTreatment>>;

const STRANGER: SmtpFacts = { clientIp: '192.0.2.10', rcptTo: ['bob@rcpt.example'] };
const SUBMITTER: SmtpFacts = { ...STRANGER, auth: { identity: 'bob' } };
const LOCAL: SmtpFacts = { ...STRANGER, clientIp: '127.0.0.1' };

const CASES: [
  title: string,
  settings: Partial<EnforcementSettings>,
  facts: SmtpFacts,
  expected: Treatment,
  daemon?: Daemon,
][] = [
  ['a stranger as the verdict says', {}, STRANGER, { kind: 'evaluate', enforcements: ['as-verdict'] }],
  ['everybody by a log line in a dry run', { dryRun: true }, STRANGER, { kind: 'evaluate', enforcements: ['dry-run'] }],
  ['an authenticated client with a stamp', {}, SUBMITTER, { kind: 'stamp-authenticated' }],
  [
    'an authenticated client not at all',
    { authenticatedSenders: 'ignore' },
    SUBMITTER,
    { kind: 'ignore', reason: 'authenticated' },
  ],
  [
    'an authenticated client like any other',
    { authenticatedSenders: 'enforce' },
    SUBMITTER,
    { kind: 'evaluate', enforcements: ['as-verdict'] },
  ],
  ['a local client without enforcing', {}, LOCAL, { kind: 'evaluate', enforcements: ['off'] }],
  ['a local client not at all', { localSenders: 'ignore' }, LOCAL, { kind: 'ignore', reason: 'local-network' }],
  [
    'a local client like any other',
    { localSenders: 'enforce' },
    LOCAL,
    { kind: 'evaluate', enforcements: ['as-verdict'] },
  ],
  [
    'an IPv4-mapped local client as local',
    {},
    { ...LOCAL, clientIp: '::ffff:127.0.0.1' },
    { kind: 'evaluate', enforcements: ['off'] },
  ],
  [
    'a network of IPv6',
    { localNetworks: ['2001:db8::/32'] },
    { ...LOCAL, clientIp: '2001:db8::5' },
    { kind: 'evaluate', enforcements: ['off'] },
  ],
  [
    'a recipient domain by its own setting',
    { enforceDomains: ['rcpt.example=on'] },
    STRANGER,
    { kind: 'evaluate', enforcements: ['on'] },
  ],
  [
    'a recipient domain whatever its spelling',
    { enforceDomains: ['RCPT.example.=off'] },
    { ...STRANGER, rcptTo: ['bob@Rcpt.Example'] },
    { kind: 'evaluate', enforcements: ['off'] },
  ],
  [
    'several recipients each by its own',
    { enforceDomains: ['a.example=on', 'b.example=off'] },
    { ...STRANGER, rcptTo: ['x@a.example', 'x@b.example', 'y@b.example', 'x@c.example'] },
    { kind: 'evaluate', enforcements: ['on', 'off', 'as-verdict'] },
  ],
  [
    'a listener by its name',
    { enforceDaemons: ['mx.rcpt.example=dry-run'] },
    { ...STRANGER, daemonName: 'mx.rcpt.example' },
    { kind: 'evaluate', enforcements: ['dry-run'] },
  ],
  [
    'a listener by its port',
    { enforceDaemons: ['10025=off'] },
    STRANGER,
    { kind: 'evaluate', enforcements: ['off'] },
    { port: '10025' },
  ],
  [
    'a recipient domain before its listener',
    { enforceDaemons: ['mta=off'], enforceDomains: ['rcpt.example=on'] },
    STRANGER,
    { kind: 'evaluate', enforcements: ['on'] },
    { name: 'MTA' },
  ],
  [
    'unknown recipients by the general setting',
    {},
    { clientIp: '192.0.2.10' },
    { kind: 'evaluate', enforcements: ['as-verdict'] },
  ],
];

for (const [title, settings, facts, expected, daemon] of CASES) {
  test(`createTreatment treats ${title}`, () => {
    assert.deepEqual(createTreatment(makeSettings(settings))(facts, daemon), expected);
  });
}
