import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_SELECTOR_FIELD, parseBimi, parseBimiSelector, selectBimi } from '../../src/records/bimi.ts';

describe('parseBimi reads an assertion record', () => {
  const cases: readonly (readonly [string, string | null, string | null, string, boolean])[] = [
    ['v=BIMI1; l=https://a.example/l.svg', 'https://a.example/l.svg', null, 'brand', false],
    [
      'v=BIMI1; l=https://a.example/l.svg; a=https://a.example/v.pem; avp=Personal',
      'https://a.example/l.svg',
      'https://a.example/v.pem',
      'personal',
      false,
    ],
    ['v=BIMI1; l=;', null, null, 'brand', true],
    ['v=BIMI1; l=; a=;', null, null, 'brand', true],
    ['v=BIMI1; l=; a=https://a.example/v.pem', null, 'https://a.example/v.pem', 'brand', false],
  ];
  for (const [text, location, authority, preference, declined] of cases) {
    it(text, () => {
      const record = parseBimi(text);
      assert.equal(record.kind, 'record');
      if (record.kind !== 'record') return;
      assert.deepEqual(
        [record.location, record.authority, record.preference, record.declined, record.faults],
        [location, authority, preference, declined, []],
      );
    });
  }
  it('tells an unknown preference and takes the default', () => {
    const record = parseBimi('v=BIMI1; l=; avp=x');
    assert.deepEqual(record.kind === 'record' && [record.preference, record.faults[0]?.offset], ['brand', 17]);
  });
  const faulty: readonly (readonly [string, number, RegExp])[] = [
    ['v=BIMI2; l=', 0, /does not begin/],
    ['l=; v=BIMI1', 0, /does not begin/],
    ['v=BIMI1', 7, /"l" is missing/],
    ['v=BIMI1; l=http://a.example/l.svg', 11, /not an https/],
    ['v=BIMI1; l=https://', 11, /not an https/],
    ['v=BIMI1; l=; a=ftp://a', 15, /not an https/],
    ['v=BIMI1; l=; l=', 13, /more than once/],
  ];
  for (const [text, offset, reason] of faulty) {
    it(`tells the fault of ${text}`, () => {
      const record = parseBimi(text);
      assert.equal(record.kind, 'fault');
      if (record.kind !== 'fault') return;
      assert.match(record.fault.reason, reason);
      assert.equal(record.fault.offset, offset);
    });
  }
});

describe('parseBimiSelector reads the BIMI-Selector field', () => {
  for (const [value, selector] of [
    ['v=BIMI1; s=Brand', 'brand'],
    [' v = BIMI1 ; s = a.b_c-d;', 'a.b_c-d'],
  ] as const) {
    it(value, () => assert.deepEqual(parseBimiSelector(value), { kind: 'selector', selector }));
  }
  it('reads a field of the largest size', () =>
    assert.equal(parseBimiSelector('v=BIMI1; s=a'.padEnd(MAX_SELECTOR_FIELD, ' ')).kind, 'selector'));
  for (const value of [
    's=brand',
    's=brand; v=BIMI1',
    'v=BIMI1',
    'v=BIMI1; s=',
    'v=BIMI1; s=a..b',
    'v=BIMI1; s=a b',
    'v=BIMI1; s=a; s=b',
    `v=BIMI1; s=${'a'.repeat(64)}`,
    `v=BIMI1; s=${'a.'.repeat(100)}a`,
    'v=BIMI1; s=a'.padEnd(MAX_SELECTOR_FIELD + 1, ';'),
  ]) {
    it(`refuses ${value.slice(0, 40)}`, () => assert.equal(parseBimiSelector(value).kind, 'fault'));
  }
});

describe('selectBimi', () => {
  it('counts BIMI records', () => {
    assert.equal(selectBimi(['v=spf1']).kind, 'none');
    assert.equal(selectBimi(['v=BIMI1; l=', 'x']).kind, 'one');
  });
});
