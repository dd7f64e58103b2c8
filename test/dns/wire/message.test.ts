import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMessage } from '../../../src/dns/wire/message.ts';
import { encodeQuery } from '../../../src/dns/wire/query.ts';
import { fuzzDecoder } from '../fuzz.ts';
import { messageFrom, seeded } from '../random-message.ts';
import { record, replyTo } from '../scripted-server.ts';
import { encodeMessage } from './message-writer.ts';

test('decodeMessage reads what encodeMessage wrote', () => {
  for (let seed = 0; seed < 2000; seed++) {
    const message = messageFrom(seeded(seed));
    assert.deepEqual(decodeMessage(encodeMessage(message)), message, `seed ${seed}`);
  }
});

test('decodeMessage refuses every message that is cut short', () => {
  for (let seed = 0; seed < 40; seed++) {
    const bytes = encodeMessage(messageFrom(seeded(seed)));
    for (let length = 0; length < bytes.length; length++)
      assert.equal(decodeMessage(bytes.subarray(0, length)), null, `seed ${seed}, ${length} octets`);
  }
});

test('decodeMessage agrees with another decoder on messages changed at random', () => {
  // Seeds that once found a difference stay: TLSA without data, a class with the bit of multicast
  // DNS, data of another class longer than RDLENGTH.
  for (const seed of [7087, 8739, 11_269, 16_917, 141_937, 187_047])
    assert.deepEqual(fuzzDecoder(seed, 1).disagreements, []);
  const report = fuzzDecoder(1_000_000, 5000);
  assert.deepEqual(report.disagreements, []);
  assert.ok(report.bothRead > 1500);
});

const header = (counts: [number, number, number, number]) => {
  const bytes = Buffer.alloc(12);
  bytes.writeUInt16BE(0x8180, 2);
  for (const [index, count] of counts.entries()) bytes.writeUInt16BE(count, 4 + index * 2);
  return bytes;
};

test('decodeMessage refuses names that break the rules of compression and length', () => {
  const question = (name: number[]) => Buffer.concat([header([1, 0, 0, 0]), Buffer.from(name), Buffer.of(0, 1, 0, 1)]);
  const label = (length: number) => [length, ...Array<number>(length).fill(0x61)];
  const cases: [string, Buffer][] = [
    ['pointer to itself', question([0xc0, 12])],
    ['pointer forward', question([0xc0, 40])],
    ['pointer to the pointer before it', question([1, 0x61, 0xc0, 12])],
    ['pointer past the end', question([0xff, 0xff])],
    ['label type 01', question([0x41, 0x61, 0])],
    ['label type 10', question([0x81, 0x61, 0])],
    ['name of 256 octets', question([...label(63), ...label(63), ...label(63), ...label(62), 0])],
    ['label past the end', Buffer.concat([header([1, 0, 0, 0]), Buffer.of(63, 0x61)])],
    ['no end', Buffer.concat([header([1, 0, 0, 0]), Buffer.of(1, 0x61)])],
    ['11 octets', Buffer.alloc(11)],
    ['65536 octets', Buffer.alloc(65_536)],
  ];
  for (const [what, bytes] of cases) assert.equal(decodeMessage(bytes), null, what);
  const longest = question([...label(63), ...label(63), ...label(63), ...label(61), 0]);
  assert.equal(decodeMessage(longest)?.questions[0]?.name.length, 253);
});

test('decodeMessage refuses records whose data does not fill RDLENGTH exactly', () => {
  const answer = (type: number, rdata: number[], length = rdata.length) =>
    Buffer.concat([
      header([0, 1, 0, 0]),
      Buffer.of(0, 0, type, 0, 1, 0, 0, 0, 9, length >> 8, length & 0xff, ...rdata),
    ]);
  const cases: [string, Buffer][] = [
    ['A of 3', answer(1, [1, 2, 3])],
    ['A of 5', answer(1, [1, 2, 3, 4, 5])],
    ['AAAA of 4', answer(28, [1, 2, 3, 4])],
    ['TXT of none', answer(16, [])],
    ['TXT string past RDLENGTH', answer(16, [5, 0x61], 2)],
    ['TXT string past RDLENGTH but not the message', answer(16, [2, 0x61, 0x62], 2)],
    ['MX without a host', answer(15, [0, 1])],
    ['MX with octets behind', answer(15, [0, 1, 0, 0])],
    ['TLSA without data', answer(52, [3, 1, 1])],
    ['SOA cut short', answer(6, [0, 0, 0, 0, 0, 1])],
    ['CNAME that points into its own data', answer(5, [0xc0, 23])],
    ['RDLENGTH past the end', answer(1, [1, 2, 3, 4], 400)],
  ];
  for (const [what, bytes] of cases) assert.equal(decodeMessage(bytes), null, what);
});

test('decodeMessage refuses two OPT records and one that is not at the root', () => {
  const opt = [0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0];
  const one = Buffer.concat([header([0, 0, 0, 1]), Buffer.from(opt)]);
  assert.equal(decodeMessage(one)?.edns?.payloadBytes, 1232);
  assert.equal(decodeMessage(Buffer.concat([header([0, 0, 0, 2]), Buffer.from([...opt, ...opt])])), null);
  assert.equal(decodeMessage(Buffer.concat([header([0, 0, 0, 1]), Buffer.from([1, 0x61, ...opt])])), null);
});

test('decodeMessage escapes what could be taken for another name', () => {
  const bytes = Buffer.concat([
    header([1, 0, 0, 0]),
    Buffer.from([3, 0x61, 0x2e, 0x62, 2, 0, 0xff, 4, 0x54, 0x65, 0x53, 0x74, 0, 0, 1, 0, 1]),
  ]);
  assert.equal(decodeMessage(bytes)?.questions[0]?.name, 'a\\046b.\\000\\255.TeSt');
});

/** Octets that count how often one of them is looked at. */
const countingReads = (octets: Buffer): { bytes: Buffer; reads: () => number } => {
  let reads = 0;
  const bytes = new Proxy(octets, {
    get: (target, key) => {
      if (typeof key === 'string' && /^[0-9]/.test(key)) reads += 1;
      const value = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { bytes, reads: () => reads };
};

test('decodeMessage reads the octets of 64 KiB of pointers no more than once on average', () => {
  // 127 labels once, then thousands of records whose owner and data point at them.
  const name = Buffer.concat([...Array<Buffer>(127).fill(Buffer.of(1, 0x61)), Buffer.of(0)]);
  const pointer = Buffer.of(0xc0, 12);
  const cname = Buffer.concat([pointer, Buffer.of(0, 5, 0, 1, 0, 0, 0, 9, 0, 2), pointer]);
  const count = Math.floor((65_535 - 12 - name.length - 4) / cname.length);
  const bomb = Buffer.concat([
    header([1, count, 0, 0]),
    name,
    Buffer.of(0, 5, 0, 1),
    ...Array<Buffer>(count).fill(cname),
  ]);
  // A pointer to the pointer before it, and so on through half of the message; every record behind
  // them starts at the last one.
  const links = Array.from({ length: 7500 }, (_, at) => pointerTo(at === 0 ? 12 : 19 + (at - 1) * 2));
  const question = Buffer.of(1, 0x61, 0, 0, 1, 0, 1);
  const hop = Buffer.concat([
    pointerTo(19 + (links.length - 1) * 2),
    Buffer.of(0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4),
  ]);
  const chain = Buffer.concat([header([1, 3000, 0, 0]), question, ...links, ...Array<Buffer>(3000).fill(hop)]);
  const whole = countingReads(bomb);
  assert.equal(decodeMessage(whole.bytes)?.answers.length, count);
  const refused = countingReads(chain);
  assert.equal(decodeMessage(refused.bytes), null);
  for (const { reads, bytes } of [whole, refused])
    assert.ok(reads() <= bytes.length, `${reads()} reads of ${bytes.length} octets`);
});

test('decodeMessage follows at most 127 pointers for one name', () => {
  const chained = (links: number) =>
    Buffer.concat([
      header([1, 1, 0, 0]),
      Buffer.of(1, 0x61, 0, 0, 1, 0, 1),
      // The links are the data of a record of an unknown type; the last one is the owner of the
      // next record.
      Buffer.of(0, 0xff, 0, 0, 1, 0, 0, 0, 9, ((links * 2) >> 8) & 0xff, (links * 2) & 0xff),
      ...Array.from({ length: links }, (_, at) => pointerTo(at === 0 ? 12 : 30 + (at - 1) * 2)),
      pointerTo(30 + (links - 1) * 2),
      Buffer.of(0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 1, 2, 3, 4),
    ]).fill(2, 7, 8);
  assert.equal(decodeMessage(chained(126))?.answers[1]?.name, 'a');
  assert.equal(decodeMessage(chained(127)), null);
});

const pointerTo = (at: number) => Buffer.of(0xc0 | ((at >> 8) & 0x3f), at & 0xff);

test('encodeMessage refuses what cannot be written', () => {
  const query = decodeMessage(encodeQuery('a.example', 'A', 1232));
  assert.ok(query);
  const answers = [
    record({ name: 'a..b', type: 'A', data: '192.0.2.1' }),
    record({ name: `${'x'.repeat(64)}.example`, type: 'A', data: '192.0.2.1' }),
    record({ name: 'a.example', type: 'A', data: 'x' }),
    record({ name: 'a.example', type: 'TXT', data: ['x'.repeat(256)] }),
    record({ name: 'a.example', type: 'TXT', data: Array<string>(300).fill('x'.repeat(255)) }),
  ];
  for (const answer of answers) assert.throws(() => encodeMessage(replyTo(query, { answers: [answer] })), RangeError);
});

test('encodeQuery asks as a stub does: RD and AD, EDNS0 with its size, no DO', () => {
  assert.deepEqual(decodeMessage(encodeQuery('_dmarc.brand.example', 'TXT', 1232)), {
    id: 0,
    isResponse: false,
    opcode: 0,
    isAuthoritative: false,
    isTruncated: false,
    recursionDesired: true,
    recursionAvailable: false,
    authenticData: true,
    checkingDisabled: false,
    rcode: 0,
    questions: [{ name: '_dmarc.brand.example', type: 16 }],
    answers: [],
    authorities: [],
    additionals: [],
    edns: { payloadBytes: 1232, version: 0, dnssecOk: false },
  });
  assert.equal(decodeMessage(encodeQuery('brand.example', 'TXT', null))?.edns, null);
});

test('encodeQuery writes what encodeMessage makes of the same question', () => {
  const names = [
    'a',
    'example',
    'sel._domainkey.brand.example',
    'x'.repeat(63),
    'bob+tag=1. s p .test',
    `${'a.'.repeat(126)}b`,
  ];
  for (const name of names)
    for (const payloadBytes of [null, 512, 4096]) {
      const bytes = encodeQuery(name, 'AAAA', payloadBytes);
      const message = decodeMessage(bytes);
      assert.equal(message?.questions[0]?.name, name);
      assert.equal(message.edns?.payloadBytes ?? null, payloadBytes);
      assert.deepEqual(encodeMessage(message), bytes);
    }
});
