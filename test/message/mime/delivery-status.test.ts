/** readDeliveryStatus: RFC 3464 and RFC 6522; nothing is guessed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isDeliveryStatus,
  MAX_REPORT_BYTES,
  MAX_REPORTED_RECIPIENTS,
  readDeliveryStatus,
} from '../../../src/message/mime/delivery-status.ts';
import { partsOf } from './parts-of.ts';

const TOP = 'Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\nSorry.\n';
const REPORT = '--b\nContent-Type: message/delivery-status\n\n';

const statusOf = async (text: string) => {
  const { parts } = await partsOf(text);
  const [root] = parts;
  assert.ok(root !== undefined && isDeliveryStatus(root));
  return readDeliveryStatus(parts);
};

const reported = (report: string) =>
  statusOf(`${TOP}${REPORT}${report}\n--b\nContent-Type: message/rfc822\n\nAction: failed\n--b--`);

test('readDeliveryStatus tells each recipient with its fate', async () => {
  const { recipients, isComplete } = await reported(
    'Reporting-MTA: dns; mx.brand.example\nAction: expanded\n\nFinal-Recipient: rfc822; a@x.example\nAction: FAILED\nStatus: 5.1.1 (no such user)\nDiagnostic-Code: smtp; 550\n 5.1.1\n\n\nFinal-Recipient: RFC822;b@y.example\nAction: delayed\nStatus: 4.4.1\n',
  );
  assert.deepEqual(recipients, [
    { finalRecipient: 'a@x.example', action: 'failed', status: '5.1.1' },
    { finalRecipient: 'b@y.example', action: 'delayed', status: '4.4.1' },
  ]);
  assert.equal(isComplete, true);
});

const FIELDS: readonly (readonly [
  of: string,
  group: string,
  recipient: string | null,
  action: string | null,
  status: string | null,
])[] = [
  ['nothing', 'X: y', null, null, null],
  ['an unknown action', 'Action: bounced', null, null, null],
  ['an action with more', 'Action: failed (really)', null, null, null],
  ['a repeated field', 'Action: failed\nAction: delivered', null, null, null],
  ['an address without a type', 'Final-Recipient: a@x.example', null, null, null],
  ['an empty address', 'Final-Recipient: rfc822;', null, null, null],
  ['an address of another type', 'Final-Recipient: x400; /c=de/', '/c=de/', null, null],
  ['controls in an address', 'Final-Recipient: rfc822; a\x1b[0m@x.example', 'a\ufffd[0m@x.example', null, null],
  ['a folded address', 'Final-Recipient: rfc822;\n a@x.example', 'a@x.example', null, null],
  ['a status of success', 'Status: 2.0.0', null, null, '2.0.0'],
  ['a status that is none', 'Status: 3.0.0', null, null, null],
  ['a status with leading zeros', 'Status: 5.01.1', null, null, null],
  ['a status that is too long', 'Status: 5.1.1000', null, null, null],
  ['a status with text', 'Status: 5.1.1x', null, null, null],
];
for (const [of, group, finalRecipient, action, status] of FIELDS)
  test(`readDeliveryStatus tells of ${of} what is certain`, async () => {
    const { recipients } = await reported(`Reporting-MTA: dns; x\n\n${group}\n`);
    assert.deepEqual(recipients, [{ finalRecipient, action, status }]);
  });

const GROUP = '\nFinal-Recipient: rfc822; a@x.example\nAction: failed\nStatus: 5.0.0\n';

test('readDeliveryStatus tells so many recipients and no more', async () => {
  for (const count of [MAX_REPORTED_RECIPIENTS, MAX_REPORTED_RECIPIENTS + 1]) {
    const { recipients, isComplete } = await reported(`Reporting-MTA: dns; x\n${GROUP.repeat(count)}`);
    assert.deepEqual([recipients.length, isComplete], [MAX_REPORTED_RECIPIENTS, count === MAX_REPORTED_RECIPIENTS]);
  }
});

test('readDeliveryStatus reads so many octets and tells no recipient that they cut', async () => {
  const filler = (octets: number) => `X: ${'y'.repeat(octets - 4)}\n`;
  const first = filler(MAX_REPORT_BYTES - GROUP.length * 2);
  const whole = await reported(`${first}${GROUP}${GROUP.slice(0, -1)}`);
  assert.deepEqual([whole.recipients.length, whole.isComplete], [2, true]);
  const cut = await reported(`${first}xx${GROUP}${GROUP}`.replace('xx', 'X:\n'));
  assert.deepEqual([cut.recipients.length, cut.isComplete], [1, false]);
});

const MISSING: readonly (readonly [of: string, text: string])[] = [
  ['no second part', TOP],
  ['a second part of another type', `${TOP}--b\nContent-Type: text/plain\n\nX: y${GROUP}`],
  [
    'the report as the first part',
    `Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n${REPORT}X: y\n${GROUP}`,
  ],
  [
    'a report in an encoding that is not read',
    `${TOP}--b\nContent-Type: message/delivery-status\nContent-Transfer-Encoding: quoted-printable\n\nX: y\n${GROUP}`,
  ],
  ['no boundary', 'Content-Type: multipart/report; report-type=delivery-status\n\nx'],
];
for (const [of, text] of MISSING)
  test(`readDeliveryStatus tells nothing of ${of}`, async () =>
    assert.deepEqual(await statusOf(text), { recipients: [], isComplete: false }));

test('readDeliveryStatus reads a report in base64 (RFC 6533)', async () => {
  const report = Buffer.from(
    `Reporting-MTA: dns; x\n\nFinal-Recipient: utf-8; \u00fc@x.example\nAction: failed\n`,
  ).toString('base64');
  const { recipients } = await statusOf(
    `${TOP}--b\nContent-Type: message/global-delivery-status\nContent-Transfer-Encoding: base64\n\n${report}\n--b--`,
  );
  assert.deepEqual(recipients, [{ finalRecipient: 'ü@x.example', action: 'failed', status: null }]);
});

test('isDeliveryStatus is false for other reports', async () => {
  for (const type of [
    'multipart/report; report-type=disposition-notification',
    'multipart/report',
    'multipart/mixed; report-type=delivery-status',
  ]) {
    const [root] = (await partsOf(`Content-Type: ${type}; boundary=b\n\n`)).parts;
    assert.equal(root !== undefined && isDeliveryStatus(root), false);
  }
});
