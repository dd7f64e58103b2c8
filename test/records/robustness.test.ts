import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatIp, parseIp6 } from '../../src/ip/address.ts';
import { parseBimi, parseBimiSelector } from '../../src/records/bimi.ts';
import { parseDkimKey } from '../../src/records/dkim-key.ts';
import { parseDmarc, readAsRfc7489 } from '../../src/records/dmarc.ts';
import type { Fault } from '../../src/records/fault.ts';
import { parseMtaSts, parseMtaStsPolicy } from '../../src/records/mta-sts.ts';
import { parseSpf } from '../../src/records/spf.ts';
import { parseTlsRpt } from '../../src/records/tls-rpt.ts';

// Pieces of records beside arbitrary bytes, so that texts come near to being right.
const PIECES = [
  ...[
    'v=spf1',
    'v=DMARC1',
    'v=DKIM1',
    'v=BIMI1',
    'v=STSv1',
    'v=TLSRPTv1',
    'version: STSv1',
    '\r\n',
    ';',
    '=',
    ' ',
    ':',
    '/',
    '//',
    '%{',
    '}',
  ],
  ...[
    'a',
    'mx',
    'include:',
    'exists:',
    'redirect=',
    'ip4:',
    'ip6:',
    '::',
    '1.2.3.4',
    'x.example',
    '%{ir}',
    '24',
    '-all',
  ],
  ...[
    'p=',
    'reject',
    'rua=',
    'mailto:a@b.example',
    ',',
    '!10m',
    'fo=0:d',
    'k=rsa',
    'l=https://a.example',
    'id=1',
    's=x',
    'mode: none',
    'max_age: 1',
  ],
];

const record = fc
  .array(
    fc.oneof(
      fc.constantFrom(...PIECES),
      fc.integer({ min: 0, max: 255 }).map((byte) => String.fromCharCode(byte)),
    ),
    { maxLength: 40 },
  )
  .map((pieces) => pieces.join(''));

const parsers: Readonly<Record<string, (text: string) => { kind: string; fault?: Fault; faults?: readonly Fault[] }>> =
  {
    parseSpf,
    parseDmarc,
    parseDkimKey,
    parseMtaSts,
    parseMtaStsPolicy,
    parseTlsRpt,
    parseBimi,
    parseBimiSelector,
  };

describe('Every parser of records', () => {
  for (const [name, parse] of Object.entries(parsers)) {
    it(`${name} answers any text, with positions within it`, () => {
      fc.assert(
        fc.property(record, (text) => {
          const parsed = parse(text);
          for (const { offset, reason } of [...(parsed.fault ? [parsed.fault] : []), ...(parsed.faults ?? [])]) {
            assert.ok(offset >= 0 && offset <= text.length, `${offset} in ${text.length}`);
            assert.match(reason, /^[\x20-\x7e]+$/);
          }
        }),
        { numRuns: 300, seed: 1 },
      );
    });
  }

  it('parseSpf gives each term the position at which its text stands', () => {
    fc.assert(
      fc.property(record, (text) => {
        for (const term of parseSpf(`v=spf1 ${text}`).terms) {
          assert.equal(`v=spf1 ${text}`.slice(term.offset, term.offset + term.text.length), term.text);
        }
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it('parseDmarc gives each tag the position at which its value stands', () => {
    fc.assert(
      fc.property(record, (text) => {
        const whole = `v=DMARC1;${text}`;
        const parsed = parseDmarc(whole);
        for (const { value, valueOffset } of parsed.tags)
          assert.equal(whole.slice(valueOffset, valueOffset + value.length), value);
        if (parsed.kind === 'record') readAsRfc7489(parsed);
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});

describe('parseIp6 and formatIp', () => {
  it('read back what they write', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.ipV6(), (bytes, text) => {
        assert.deepEqual(parseIp6(formatIp({ family: 6, bytes })), { family: 6, bytes });
        assert.notEqual(parseIp6(text), null);
      }),
      { numRuns: 300, seed: 1 },
    );
  });
});
