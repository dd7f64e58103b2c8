import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderPosture } from '../../src/cli/render/posture.ts';
import { CASES, GOOD } from '../posture/cases.ts';
import { assessIn } from '../posture/world.ts';

const PLAIN = { color: false, width: 100 };

test('renderPosture tells the answer first, then findings with the records to publish, then each part', async () => {
  const world = { ...GOOD, 'brand.example TXT': ['v=spf1 mx ptr ?all'] };
  const text = renderPosture(await assessIn(world, 'brand.example', { clientIp: '11.0.0.25' }), PLAIN);
  assert.match(text, /^brand\.example: it sends mail, with/);
  for (const part of [
    /^Grade +[A-F]/m,
    /publish: brand\.example\. TXT "v=spf1 mx \?all"/,
    /^SPF +valid/m,
    /^SPF sender +pass/m,
    /^DMARC +valid/m,
    /^MX +ok +10 mx1/m,
    /^ +2 +ptr$/m,
  ])
    assert.match(text, part);
  assert.ok(text.endsWith('\n'));
});

test('renderPosture writes no colour without being asked, and none but colour when it is', async () => {
  for (const { world, domain = 'brand.example', options } of CASES) {
    const posture = await assessIn(world, domain, options);
    assert.doesNotMatch(renderPosture(posture, PLAIN), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    const coloured = renderPosture(posture, { color: true, width: 100 });
    assert.match(coloured, /\u001b\[/);
    assert.equal(coloured.replace(/\u001b\[\d+m/g, ''), renderPosture(posture, PLAIN));
  }
});

test('renderPosture lets nothing from DNS command the terminal', async () => {
  const world = {
    ...GOOD,
    '_dmarc.brand.example TXT': ['v=DMARC1; p=reject; \u001b]0;owned\u0007=1'],
    'brand.example TXT': ['v=spf1 a:\u001b[2J.example ~all'],
  };
  assert.doesNotMatch(renderPosture(await assessIn(world, 'brand.example'), PLAIN), /[\u001b\u0007]/);
});

test('renderPosture tells what unpublished records would change', async () => {
  const overlay = [{ name: 'brand.example', type: 'TXT' as const, records: ['v=spf1 +all'] }];
  const text = renderPosture(await assessIn(GOOD, 'brand.example', { overlay }), PLAIN);
  assert.match(text, /^What the unpublished records would change$/m);
  assert.match(text, /comes: the SPF record passes every host/);
  const narrow = renderPosture(await assessIn(GOOD, 'brand.example', { overlay }), { color: false, width: 80 });
  const changes = narrow.slice(narrow.indexOf('What the unpublished'));
  for (const line of changes.split('\n')) assert.ok(line.length <= 80, line);
});
