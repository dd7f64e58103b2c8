/**
 * A temporary failure never becomes a rejection, also where it keeps an override from being known.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lookup } from '../../../src/dns/lookup.ts';
import { example, exampleLookup, makeVerifier } from '../make-verifier.ts';

const SETTINGS = { enforce: true, arcTrustedSealers: ['lists.example'], allowDomains: ['mailer.example'] };

const failing =
  (fails: (name: string) => boolean): Lookup =>
  async (question, deadlineMs) =>
    fails(question.name)
      ? { kind: 'failure', failure: 'servfail', source: 'zone' }
      : exampleLookup(question, deadlineMs);

const unaligned = { helo: 'm1.mailer.example', mailFrom: 'bounce@mailer.example' };
const cases: [title: string, bytes: Buffer, clientIp: string, fails: RegExp][] = [
  ['the key of a trusted sealer', example('mailing-list.eml'), '203.0.113.77', /^arc\._domainkey\.lists\.example$/],
  ['the key of an allowed domain', example('unaligned.eml'), '198.51.100.77', /_domainkey\.mailer\.example$/],
  [
    'SPF of an allowed domain',
    Buffer.from(
      example('unaligned.eml')
        .toString('latin1')
        .replace(/^Subject: /m, 'Subject: x'),
      'latin1',
    ),
    '198.51.100.5',
    /^mailer\.example$/,
  ],
];
for (const [title, bytes, clientIp, fails] of cases) {
  test(`verify refuses for now where a failure keeps ${title} from being known`, async () => {
    const verify = makeVerifier(
      SETTINGS,
      failing((name) => fails.test(name)),
    );
    const { disposition } = await verify(bytes, { clientIp, ...unaligned });
    assert.equal(disposition.action, 'tempfail', disposition.reason);
    assert.equal(disposition.smtpReply?.code, 451);
  });
}
