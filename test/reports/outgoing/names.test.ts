import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { endSecondsOf, receiverOf, reportIdOf, reportNames } from '../../../src/reports/outgoing/names.ts';
import { readVerp, verpSender } from '../../../src/reports/sending/verp.ts';

const SENDER = 'reports@mx.rcpt.example';
const IDENTITY = {
  policyDomain: 'sender.example',
  record: 'v=DMARC1; p=reject; rua=mailto:dmarc@sender.example',
  beginSeconds: Date.UTC(2028, 1, 29) / 1000,
  periodSeconds: 86_400,
  sequence: 1,
  reportSender: SENDER,
  storeId: 'store-1',
};

test('reportIdOf is the same for the same report, and small letters and digits only', () => {
  assert.equal(reportIdOf(IDENTITY), reportIdOf({ ...IDENTITY }));
  assert.match(reportIdOf(IDENTITY), /^20280229x[0-9a-z]{16}$/);
});

test('reportIdOf leaves room for a bounce address', () => {
  const sent = { reportId: reportIdOf(IDENTITY), address: 'dmarc@sender.example' };
  const sender = 'dmarc-reports-noreply@mx.rcpt.example';
  const from = verpSender(sender, sent, Buffer.alloc(32));
  assert.deepEqual(readVerp(from, sender)?.reportIds.includes(sent.reportId), true);
});

test('reportIdOf differs with everything that makes another report', () => {
  const others = [
    { policyDomain: 'other.example' },
    { record: 'v=DMARC1; p=none; rua=mailto:dmarc@sender.example' },
    { beginSeconds: IDENTITY.beginSeconds + 3600 },
    { periodSeconds: 3600 },
    { sequence: 2 },
    { reportSender: 'reports@mx2.rcpt.example' },
    { storeId: 'store-2' },
  ].map((over) => reportIdOf({ ...IDENTITY, ...over }));
  assert.equal(new Set([reportIdOf(IDENTITY), ...others]).size, others.length + 1);
});

test('reportNames names file, subject and message after the period and both domains', () => {
  const reportId = reportIdOf(IDENTITY);
  assert.deepEqual(reportNames({ ...IDENTITY, reportId }, SENDER), {
    fileName: `mx.rcpt.example!sender.example!1835395200!1835481599!${reportId}.xml.gz`,
    subject: ['Report Domain: sender.example', 'Submitter: mx.rcpt.example', `Report-ID: <${reportId}>`],
    messageId: `<${reportId}@mx.rcpt.example>`,
  });
});

test('endSecondsOf is the last second of the period: the next begins right after it', () => {
  const next = { ...IDENTITY, beginSeconds: IDENTITY.beginSeconds + IDENTITY.periodSeconds };
  assert.equal(endSecondsOf(IDENTITY) + 1, next.beginSeconds);
});

test('receiverOf writes an internationalized domain in A-labels', () => {
  assert.equal(receiverOf('berichte@Bücher.example'), 'xn--bcher-kva.example');
});

test('reportNames keeps the grammar of each name, whatever the domains are', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (policyDomain, sender) => {
      const { fileName, subject, messageId } = reportNames(
        { ...IDENTITY, policyDomain, reportId: 'a1' },
        `r@${sender}`,
      );
      assert.match(fileName, /^[a-z0-9._-]*![a-z0-9._-]*!\d+!\d+!a1\.xml\.gz$/);
      assert.match(subject.join(' '), /^Report Domain: [a-z0-9._-]* Submitter: [a-z0-9._-]* Report-ID: <a1>$/);
      assert.match(messageId, /^<a1@[a-z0-9._-]*>$/);
    }),
  );
});
