/** Reports that come back: which are believed, and what follows. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeBounce } from '../../../src/reports/sending/bounces.ts';
import { readVerp, verpSender } from '../../../src/reports/sending/verp.ts';
import { HOUR, OWN, type Scene, withScene } from './make-sender.ts';

const SETTINGS = { reportSender: `reports@${OWN}`, reportMaxBounces: 3, reportSuppressDays: 30 };
const ID = '20260101xabcdef0123456789abcdef01';

const notification = (action: string, status: string): Buffer =>
  Buffer.from(
    [
      'From: MAILER-DAEMON@relay.test',
      'Content-Type: multipart/report; report-type=delivery-status; boundary=b',
      '',
      '--b',
      '',
      'It did not arrive.',
      '--b',
      'Content-Type: message/delivery-status',
      '',
      'Reporting-MTA: dns; relay.test',
      '',
      'Final-Recipient: rfc822; somebody-else@forwarded.test',
      `Action: ${action}`,
      `Status: ${status}`,
      '',
      '--b--',
      '',
    ].join('\r\n'),
  );
const FAILED = notification('failed', '5.1.1');

const partsOf = ({ store, clock }: Scene): Parameters<typeof takeBounce>[0] => ({
  outgoing: store.outgoing,
  suppressions: store.suppressions,
  notes: store.notes,
  settings: SETTINGS,
  nowSeconds: () => clock.now,
});

/** Sends reports to one address. @returns the addresses they were sent from */
const sendReports = async (scene: Scene, ids: readonly string[]): Promise<string[]> => {
  scene.world['_dmarc.brand.example'] = ['v=DMARC1; p=none; rua=mailto:Dmarc@brand.example'];
  for (const id of ids) await scene.addReport(id);
  await scene.sender.sendDue();
  return scene.sink.received.map(({ from }) => from);
};

test('takeBounce tells report and address, and suppresses the address at REPORT_MAX_BOUNCES', () =>
  withScene({}, async (scene) => {
    const ids = [1, 2, 3].map((at) => `${ID}${at}`);
    const froms = await sendReports(scene, ids);
    const outcomes = [];
    for (const from of froms) outcomes.push(await takeBounce(partsOf(scene), from, FAILED));
    assert.deepEqual(
      outcomes,
      ids.map((reportId, at) => ({
        kind: 'bounced',
        reportId,
        address: 'Dmarc@brand.example',
        status: '5.1.1',
        isSuppressed: at === 2,
      })),
    );
    const { store, clock } = scene;
    assert.deepEqual(await store.suppressions.find('dmarc@brand.example', clock.now), {
      target: 'dmarc@brand.example',
      reason: '3 reports came back, the last one with: 5.1.1',
      untilSeconds: clock.now + 30 * 24 * HOUR,
    });
  }));

test('takeBounce counts a report once, however often it comes back, and forgets old bounces', () =>
  withScene({}, async (scene) => {
    const [first = '', second = '', third = ''] = await sendReports(scene, [`${ID}1`, `${ID}2`, `${ID}3`]);
    const suppresses = async (from: string): Promise<boolean> => {
      const outcome = await takeBounce(partsOf(scene), from.toUpperCase(), FAILED);
      return outcome.kind === 'bounced' && outcome.isSuppressed;
    };
    assert.deepEqual(
      [await suppresses(first), await suppresses(first), await suppresses(first)],
      [false, false, false],
    );
    scene.clock.now += 31 * 24 * HOUR;
    assert.deepEqual([await suppresses(second), await suppresses(third)], [false, false]);
  }));

for (const [title, message] of [
  ['a delay', notification('delayed', '4.4.1')],
  ['a delivery', notification('delivered', '2.0.0')],
  ['an answer of somebody absent', Buffer.from('Subject: away\r\nAuto-Submitted: auto-replied\r\n\r\nI am away.\r\n')],
  [
    'a notification without its second part',
    Buffer.from('Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b--\r\n'),
  ],
  ['nothing', Buffer.alloc(0)],
] as const)
  test(`takeBounce counts ${title} for nothing`, () =>
    withScene({}, async (scene) => {
      const [from = ''] = await sendReports(scene, [ID]);
      assert.deepEqual(await takeBounce(partsOf(scene), from, message), { kind: 'no-failure' });
    }));

test('takeBounce believes no tag but its own', () =>
  withScene({}, async (scene) => {
    const parts = partsOf(scene);
    const early = verpSender(SETTINGS.reportSender, { reportId: ID, address: 'a@brand.example' }, Buffer.alloc(32));
    assert.deepEqual(await takeBounce(parts, early, FAILED), { kind: 'not-ours' });
    const [from = ''] = await sendReports(scene, [ID]);
    const tag = from.slice(from.lastIndexOf('-') + 1, from.lastIndexOf('@'));
    for (const recipient of [
      `reports@${OWN}`,
      from.replace(
        tag,
        tag.replace(/./, (first) => (first === 'a' ? 'b' : 'a')),
      ),
      from.replace(tag, tag.slice(1)),
      from.replace(tag, ''),
      from.replace(`+${ID}`, `+${ID}9`),
      from.replace(OWN, 'other.example'),
      from.replace('reports+', 'report+'),
      `reports+@${OWN}`,
      `reports+-@${OWN}`,
      '',
    ])
      assert.deepEqual(await takeBounce(parts, recipient, FAILED), { kind: 'not-ours' }, recipient);
  }));

test('verpSender has a tag for each address and key, and falls back to the sender where no local-part has room', () => {
  const key = Buffer.alloc(32, 1);
  const address = (sender: string, reportId: string, to = 'a@brand.example', by = key) =>
    verpSender(sender, { reportId, address: to }, by);
  const all = [
    address(`reports@${OWN}`, ID),
    address(`reports@${OWN}`, `${ID}2`),
    address(`reports@${OWN}`, ID, 'b@brand.example'),
    address(`reports@${OWN}`, ID, 'a@brand.example', Buffer.alloc(32, 2)),
  ];
  assert.equal(new Set(all).size, 4);
  for (const one of all) assert.ok(one.lastIndexOf('@') <= 64 && readVerp(one, `reports@${OWN}`) !== null, one);
  assert.equal(address(`reports@${OWN}`, ID, 'A@Brand.example'), all[0]);
  for (const id of ['Upper', 'at@other.example', 'two words', 'x'.repeat(50), 'new\nline'])
    assert.equal(address(`reports@${OWN}`, id), `reports@${OWN}`);
});
