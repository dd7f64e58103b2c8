import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RULES } from '../../../src/posture/rules/findings.ts';
import { CASES } from '../cases.ts';
import { assessIn, codesOf } from '../world.ts';

for (const { title, world, domain = 'brand.example', options = {}, has, not = [] } of CASES)
  test(`assess finds what there is to find: ${title}`, async () => {
    const codes = codesOf(await assessIn(world, domain, options));
    for (const code of has) assert.ok(codes.includes(code), `${code} is missing in ${codes.join(' ')}`);
    for (const code of not) assert.ok(!codes.includes(code), `${code} is out of place in ${codes.join(' ')}`);
  });

test('RULES have codes of their own, and each one is found in a case', () => {
  const codes = RULES.map(({ code }) => code);
  assert.equal(new Set(codes).size, codes.length);
  const found = new Set(CASES.flatMap(({ has }) => has));
  assert.deepEqual(
    codes.filter((code) => !found.has(code)),
    [],
  );
  assert.deepEqual(
    [...found].filter((code) => !codes.includes(code)),
    [],
  );
});

test('RULES name a standard and tell in one sentence what they are about', () => {
  for (const { code, section, about } of RULES) {
    assert.match(code, /^[a-z0-9]+(?:-[a-z0-9]+)+$/);
    assert.match(section, /^(?:RFC \d{4}|draft-[a-z-]+) (?:section|appendix) /, code);
    assert.ok(about.length > 20 && !about.endsWith('.'), code);
  }
});

test('collectFindings tells errors first, then warnings, advice, facts and what is good', async () => {
  const order = ['error', 'warning', 'advice', 'info', 'good'];
  for (const { world, domain = 'brand.example', options } of CASES.slice(0, 20)) {
    const places = (await assessIn(world, domain, options)).findings.map(({ severity }) => order.indexOf(severity));
    assert.deepEqual(
      places,
      places.toSorted((one, other) => one - other),
    );
  }
});
