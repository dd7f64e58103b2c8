import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type DmarcRecord,
  isDmarcRecord,
  MAX_URIS,
  parseDmarc,
  readAsRfc7489,
  selectDmarc,
} from '../../src/records/dmarc.ts';

const recordOf = (text: string): DmarcRecord => {
  const parsed = parseDmarc(text);
  if (parsed.kind === 'fault') assert.fail(parsed.fault.reason);
  return parsed;
};

describe('parseDmarc reads the tags of RFC 9989 section 4.7', () => {
  it('fills in the defaults', () => {
    const record = recordOf('v=DMARC1; p=none');
    assert.deepEqual(
      [record.policies, record.adkim, record.aspf, record.testing, record.psd, record.fo, record.rua, record.faults],
      [{ p: 'none', sp: null, np: null }, 'relaxed', 'relaxed', false, 'u', ['0'], [], []],
    );
  });
  it('reads every tag', () => {
    const record = recordOf(
      'v=DMARC1; p=Reject; sp=quarantine; np=none; adkim=S; aspf=s; t=y; psd=n; fo=1:d:s; rua=mailto:a@Example.com; ruf=mailto:b@example.net!10m;',
    );
    assert.deepEqual(record.policies, { p: 'reject', sp: 'quarantine', np: 'none' });
    assert.deepEqual(
      [record.adkim, record.aspf, record.testing, record.psd, record.fo],
      ['strict', 'strict', true, 'n', ['1', 'd', 's']],
    );
    assert.deepEqual(
      [...record.rua, ...record.ruf].map(({ uri, mailDomain, obsoleteSize }) => [uri, mailDomain, obsoleteSize]),
      [
        ['mailto:a@Example.com', 'example.com', null],
        ['mailto:b@example.net', 'example.net', '10m'],
      ],
    );
    assert.deepEqual(record.faults, []);
  });
  it('gives the position of each address', () => {
    const text = 'v=DMARC1; rua= mailto:a@b.example , https://c.example/';
    assert.deepEqual(
      recordOf(text).rua.map(({ uri, offset }) => text.startsWith(uri, offset)),
      [true, true],
    );
  });
  it('reads a bounded number of addresses', () => {
    const rua = Array(MAX_URIS + 1)
      .fill('mailto:a@b.example')
      .join(',');
    const record = recordOf(`v=DMARC1; p=none; rua=${rua}`);
    assert.equal(record.rua.length, MAX_URIS);
    assert.match(record.faults[0]?.reason ?? '', /more than 100 URIs/);
  });

  it('keeps removed and unknown tags apart', () => {
    const record = recordOf('v=DMARC1; p=none; pct=50; ri=1; rf=afrf; zz=1');
    assert.deepEqual(
      [record.removed, record.unknown].map((tags) => tags.map((tag) => tag.name)),
      [['pct', 'ri', 'rf'], ['zz']],
    );
    assert.deepEqual(record.faults, []);
  });
});

describe('parseDmarc puts the default in the place of a faulty tag and tells it', () => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['v=DMARC1; p=rejekt', 12, /"p" is "rejekt"/],
    ['v=DMARC1; p=none; adkim=strict', 24, /"adkim"/],
    ['v=DMARC1; p=none; t=yes', 20, /"t"/],
    ['v=DMARC1; p=none; psd=x', 22, /"psd"/],
    ['v=DMARC1; p=none; fo=0:1', 21, /"fo"/],
    ['v=DMARC1; p=none; fo=d:d', 21, /"fo"/],
    ['v=DMARC1; p=none; rua=a@b.example', 22, /is no URI/],
    ['v=DMARC1; p=none; rua=mailto:nobody', 22, /no mail address/],
    ['v=DMARC1; p=none; junk', 18, /no tag/],
    ['v=DMARC1; p=none;; t=n', 17, /empty tag/],
    ['v=DMARC1; p=none; P=reject', 18, /lower case/],
    ['v=DMARC1; p=none; a-b=1', 18, /name of a tag/],
    ['v=DMARC1; p=none; zz=\xe9', 21, /printable ASCII/],
  ];
  for (const [text, offset, reason] of cases) {
    it(JSON.stringify(text), () => {
      const [fault] = recordOf(text).faults;
      assert.match(fault?.reason ?? '', reason);
      assert.equal(fault?.offset, offset);
    });
  }
});

describe('parseDmarc applies RFC 9989 section 4.10.1 to missing and invalid policies', () => {
  const monitoring = { p: 'none', sp: null, np: null };
  const cases: readonly (readonly [string, object | null])[] = [
    ['v=DMARC1', null],
    ['v=DMARC1; rua=mailto:a@b.example', monitoring],
    ['v=DMARC1; p=x; rua=mailto:a@b.example', monitoring],
    ['v=DMARC1; p=x; rua=nonsense', null],
    ['v=DMARC1; p=reject; sp=x', null],
    ['v=DMARC1; p=reject; np=x; rua=mailto:a@b.example', monitoring],
    ['v=DMARC1; t=y; p=reject', { p: 'reject', sp: null, np: null }],
  ];
  for (const [text, policies] of cases) it(text, () => assert.deepEqual(recordOf(text).policies, policies));
});

describe('parseDmarc gives up a record as a whole', () => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['v=dmarc1; p=none', 0, /does not begin/],
    ['p=none; v=DMARC1', 0, /does not begin/],
    ['v=DMARC1 p=none', 0, /does not begin/],
    ['', 0, /does not begin/],
    ['v=DMARC1; p=none; p=reject', 18, /"p" appears more than once/],
    ['v=DMARC1; p=none; zz=1; zz=1', 24, /more than once/],
  ];
  for (const [text, offset, reason] of cases) {
    it(JSON.stringify(text), () => {
      const parsed = parseDmarc(text);
      assert.equal(parsed.kind, 'fault');
      if (parsed.kind !== 'fault') return;
      assert.match(parsed.fault.reason, reason);
      assert.equal(parsed.fault.offset, offset);
    });
  }
});

describe('readAsRfc7489 reads what RFC 9989 removed', () => {
  const cases: readonly (readonly [string, number, number, number])[] = [
    ['v=DMARC1; p=none', 100, 86_400, 0],
    ['v=DMARC1; p=none; pct=0; ri=3600', 0, 3600, 0],
    ['v=DMARC1; p=none; pct=101', 100, 86_400, 1],
    ['v=DMARC1; p=none; pct=ten; ri=-1', 100, 86_400, 2],
    ['v=DMARC1; sp=none; p=none', 100, 86_400, 1],
  ];
  for (const [text, percent, reportIntervalSeconds, faults] of cases) {
    it(text, () => {
      const reading = readAsRfc7489(recordOf(text));
      assert.deepEqual(
        [reading.percent, reading.reportIntervalSeconds, reading.faults.length],
        [percent, reportIntervalSeconds, faults],
      );
    });
  }
  it('does not know np, so an invalid one harms nothing', () => {
    const record = recordOf('v=DMARC1; p=reject; np=x');
    assert.deepEqual([record.policies, readAsRfc7489(record).policies], [null, { p: 'reject', sp: null }]);
  });
});

describe('selectDmarc', () => {
  it('takes the tag name v in any case, its value in one', () => {
    assert.deepEqual(
      ['v=DMARC1', 'V = DMARC1 ;p=none', 'v=DMARC1;', 'v=DMARC10', 'v=dmarc1;', 'x'].filter(isDmarcRecord),
      ['v=DMARC1', 'V = DMARC1 ;p=none', 'v=DMARC1;'],
    );
  });
  it('tells several records from none', () => {
    assert.equal(selectDmarc(['v=spf1']).kind, 'none');
    assert.equal(selectDmarc(['v=DMARC1', 'v=DMARC1']).kind, 'several');
  });
});
