/** findForwarder through the door: when TRUSTED_FORWARDERS explains a DMARC failure, and when not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import type { Lookup } from '../../../src/dns/lookup.ts';
import { example, exampleLookup, makeVerifier } from '../make-verifier.ts';

const FORWARDER = { clientIp: '203.0.113.40', helo: 'mx.alumni.example', mailFrom: 'alice@brand.example' };
const HANDED_ON =
  'Received: from host.stranger.example (host.stranger.example [198.51.100.200]) by mx.alumni.example with ESMTPS id 1; Mon, 3 Feb 2025 10:00:00 +0000';

const judge = async (
  trustedForwarders: string[],
  {
    facts = FORWARDER,
    received = HANDED_ON,
    lookup = exampleLookup,
  }: { facts?: SmtpFacts; received?: string; lookup?: Lookup } = {},
) => {
  const message = Buffer.concat([Buffer.from(received === '' ? '' : `${received}\r\n`), example('spf-fail.eml')]);
  return makeVerifier({ enforce: true, trustedForwarders }, lookup)(message, facts);
};

for (const entry of ['alumni.example', 'mx.alumni.example', '203.0.113.40', '203.0.113.0/24'])
  test(`findForwarder accepts what the forwarder ${entry} hands on, and records why`, async () => {
    const { disposition, author, headers, dmarc } = await judge([entry]);
    assert.equal(dmarc.result, 'fail');
    assert.equal(disposition.action, 'accept');
    assert.equal(disposition.override?.type, 'trusted_forwarder');
    assert.equal(author.level, 'vouched');
    assert.deepEqual(
      author.by.map(({ kind, by, where }) => ({ kind, by, where })),
      [{ kind: 'forwarder', by: 'mx.alumni.example', where: 'iprev' }],
    );
    assert.match(headers.authenticationResults, /policy\.override=trusted_forwarder/);
  });

test('findForwarder accepts a return-path that the forwarder wrote', async () => {
  const facts = { ...FORWARDER, mailFrom: 'srs0=hash=xy=brand.example=alice@alumni.example' };
  assert.equal((await judge(['alumni.example'], { facts })).disposition.override?.type, 'trusted_forwarder');
});

const refused: readonly (readonly [what: string, entries: string[], over: Parameters<typeof judge>[1]])[] = [
  ['a host that only ends alike', ['umni.example'], {}],
  ['another host', ['lists.example'], {}],
  [
    'a client whose name does not confirm it',
    ['alumni.example', '198.51.100.9'],
    { facts: { ...FORWARDER, clientIp: '198.51.100.9' } },
  ],
  ['a HELO name of the forwarder', ['alumni.example'], { facts: { ...FORWARDER, clientIp: '198.51.100.200' } }],
  ['a message that began at the forwarder', ['alumni.example'], { received: '' }],
  [
    'a message that a user of the forwarder submitted',
    ['alumni.example'],
    { received: HANDED_ON.replace('ESMTPS', 'ESMTPSA') },
  ],
  [
    'a client that sends for a third domain',
    ['alumni.example'],
    {
      facts: { ...FORWARDER, mailFrom: 'a@third.example' },
      lookup: async (question, deadlineMs) =>
        question.name === 'third.example' && question.type === 'TXT'
          ? {
              kind: 'records',
              records: [['v=spf1 ip4:203.0.113.40 -all']],
              ttlSeconds: 60,
              authenticated: false,
              source: 'network',
            }
          : exampleLookup(question, deadlineMs),
    },
  ],
];

for (const [what, entries, over] of refused)
  test(`findForwarder does not excuse ${what}`, async () => {
    const { disposition, author } = await judge(entries, over);
    assert.equal(disposition.action, 'reject');
    assert.equal(author.level, 'contradicted');
  });

test('findOpenOverride defers a message while the name of the client cannot be looked up', async () => {
  const lookup: Lookup = async (question, deadlineMs) =>
    question.type === 'PTR'
      ? { kind: 'failure', failure: 'timeout', source: 'network' }
      : exampleLookup(question, deadlineMs);
  const { disposition } = await judge(['alumni.example'], { lookup });
  assert.equal(disposition.action, 'tempfail');
  assert.equal((await judge([], { lookup })).disposition.action, 'reject');
});
