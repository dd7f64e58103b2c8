import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  MTA_STS_POLICY_MAX_CHARACTERS,
  mxMatches,
  parseMtaSts,
  parseMtaStsPolicy,
  selectMtaSts,
} from '../../src/records/mta-sts.ts';

describe('parseMtaSts reads the record of RFC 8461 section 3.1', () => {
  for (const text of ['v=STSv1; id=20160831085700Z;', 'v=STSv1;id=a', 'v=STSv1 ; x=y; id=a']) {
    it(text, () => assert.equal(parseMtaSts(text).kind, 'record'));
  }
  const faulty: readonly (readonly [string, number, RegExp])[] = [
    ['v=STSv2; id=a', 0, /does not begin/],
    ['V=STSv1; id=a', 0, /does not begin/],
    ['v=STSv1;', 8, /"id" is missing/],
    ['v=STSv1; id=a-b', 12, /letters and digits/],
    [`v=STSv1; id=${'a'.repeat(33)}`, 12, /1 to 32/],
    ['v=STSv1; id', 9, /no tag/],
  ];
  for (const [text, offset, reason] of faulty) {
    it(`tells the fault of ${text.slice(0, 30)}`, () => {
      const record = parseMtaSts(text);
      assert.equal(record.kind, 'fault');
      if (record.kind !== 'fault') return;
      assert.match(record.fault.reason, reason);
      assert.equal(record.fault.offset, offset);
    });
  }
  it('lets the first of two ids count and tells the second', () => {
    const record = parseMtaSts('v=STSv1; id=a; id=b');
    assert.deepEqual(record.kind === 'record' && [record.id, record.faults.length], ['a', 1]);
  });
});

describe('selectMtaSts', () => {
  it('counts records that begin with v=STSv1;', () => {
    assert.equal(selectMtaSts(['v=STSv1', 'v=spf1']).kind, 'none');
    assert.equal(selectMtaSts(['v=STSv1; id=a', 'v=STSv1; id=b']).kind, 'several');
  });
});

const FILE = 'version: STSv1\r\nmode: enforce\r\nmx: Mail.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n';

describe('parseMtaStsPolicy reads the file of RFC 8461 section 3.2', () => {
  it('reads mode, patterns and age', () => {
    const policy = parseMtaStsPolicy(FILE);
    assert.equal(policy.kind, 'policy');
    if (policy.kind !== 'policy') return;
    assert.deepEqual(
      [policy.mode, policy.mx, policy.maxAgeSeconds, policy.faults],
      ['enforce', ['mail.example.com', '*.example.net'], 604800, []],
    );
  });
  it('takes line feeds alone, unknown fields and white space', () => {
    assert.equal(parseMtaStsPolicy('version:STSv1 \nmode:none\nx-new: 1\nmax_age : 0').kind, 'policy');
  });
  it('lets the first of repeated fields count and tells the others', () => {
    const policy = parseMtaStsPolicy(`${FILE}mode: none\n`);
    assert.deepEqual(policy.kind === 'policy' && [policy.mode, policy.faults.map(({ offset }) => offset)], [
      'enforce',
      [FILE.length],
    ]);
  });
  const faulty: readonly (readonly [string, number, RegExp])[] = [
    ['', 0, /"version" is missing/],
    ['mode: none\n', 0, /"version" is missing/],
    ['version: STSv2\n', 9, /not "STSv1"/],
    ['version: STSv1\nmode: Enforce\n', 21, /not one of/],
    ['version: STSv1\nmode: none\n', 26, /"max_age" is missing/],
    ['version: STSv1\nmode: none\nmax_age: 31557601', 35, /"max_age"/],
    ['version: STSv1\nmode: none\nmax_age: -1', 35, /"max_age"/],
    ['version: STSv1\nmode: testing\nmax_age: 1\n', 40, /"mx" is missing/],
    ['version: STSv1\nmode: testing\nmax_age: 1\nmx: a.*.b\n', 44, /"mx"/],
    ['<html>', 0, /no line/],
    ['x'.repeat(MTA_STS_POLICY_MAX_CHARACTERS + 1), MTA_STS_POLICY_MAX_CHARACTERS, /longer than/],
  ];
  for (const [text, offset, reason] of faulty) {
    it(`tells the fault of ${JSON.stringify(text.slice(0, 50))}`, () => {
      const policy = parseMtaStsPolicy(text);
      assert.equal(policy.kind, 'fault');
      if (policy.kind !== 'fault') return;
      assert.match(policy.fault.reason, reason);
      assert.equal(policy.fault.offset, offset);
    });
  }
});

describe('mxMatches follows RFC 8461 section 4.1', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['mail.example.com', 'MAIL.example.com.', true],
    ['mail.example.com', 'mail2.example.com', false],
    ['*.example.com', 'mail.example.com', true],
    ['*.example.com', 'a.mail.example.com', false],
    ['*.example.com', 'example.com', false],
    ['*.example.com', '.example.com', false],
  ];
  for (const [pattern, host, expected] of cases) {
    it(`${pattern} and ${host}`, () => assert.equal(mxMatches(pattern, host), expected));
  }
});
