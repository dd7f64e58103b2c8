import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseTlsRpt, selectTlsRpt } from '../../src/records/tls-rpt.ts';

describe('parseTlsRpt reads the record of RFC 8460 section 3', () => {
  it('reads addresses of several rua fields with their positions', () => {
    const text = 'v=TLSRPTv1; rua=mailto:a@b.example, https://c.example/r; x=y; rua=https://d.example';
    const record = parseTlsRpt(text);
    assert.equal(record.kind, 'record');
    if (record.kind !== 'record') return;
    assert.deepEqual(
      record.rua.map(({ uri, scheme }) => [uri, scheme]),
      [
        ['mailto:a@b.example', 'mailto'],
        ['https://c.example/r', 'https'],
        ['https://d.example', 'https'],
      ],
    );
    assert.ok(record.rua.every(({ uri, offset }) => text.startsWith(uri, offset)));
  });
  it('keeps good addresses beside a bad one and tells it', () => {
    const record = parseTlsRpt('v=TLSRPTv1; rua=http://b.example, mailto:a@b.example');
    assert.deepEqual(record.kind === 'record' && [record.rua.length, record.faults[0]?.offset], [1, 16]);
  });
  const faulty: readonly (readonly [string, number, RegExp])[] = [
    ['v=TLSRPTv2; rua=mailto:a@b.example', 0, /does not begin/],
    ['v=tlsrptv1; rua=mailto:a@b.example', 0, /does not begin/],
    ['v=TLSRPTv1;', 11, /"rua" is missing/],
    ['v=TLSRPTv1; rua=', 16, /neither/],
    ['v=TLSRPTv1; rua=mailto:a', 16, /neither/],
    ['v=TLSRPTv1; rua', 12, /no tag/],
  ];
  for (const [text, offset, reason] of faulty) {
    it(`tells the fault of ${text}`, () => {
      const record = parseTlsRpt(text);
      assert.equal(record.kind, 'fault');
      if (record.kind !== 'fault') return;
      assert.match(record.fault.reason, reason);
      assert.equal(record.fault.offset, offset);
    });
  }
});

describe('selectTlsRpt', () => {
  it('counts records that begin with v=TLSRPTv1;', () => {
    assert.equal(selectTlsRpt(['v=spf1', 'v=TLSRPTv1']).kind, 'none');
    assert.equal(selectTlsRpt(['v=spf1', 'v=TLSRPTv1;rua=x']).kind, 'one');
  });
});
