import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomNumbers } from '../../../src/dns/transport/random.ts';
import { parseServer, type Server, withHealth } from '../../../src/dns/transport/servers.ts';

test('parseServer reads IP literals with an optional port', () => {
  const cases: [string, Server][] = [
    ['192.0.2.1', { address: '192.0.2.1', port: 53, family: 4, isLoopback: false }],
    ['192.0.2.1:5353', { address: '192.0.2.1', port: 5353, family: 4, isLoopback: false }],
    ['127.0.0.53', { address: '127.0.0.53', port: 53, family: 4, isLoopback: true }],
    ['2001:db8::1', { address: '2001:db8::1', port: 53, family: 6, isLoopback: false }],
    ['[::1]:54', { address: '::1', port: 54, family: 6, isLoopback: true }],
    ['[2001:db8::1]', { address: '2001:db8::1', port: 53, family: 6, isLoopback: false }],
    ['fe80::1%eth0', { address: 'fe80::1%eth0', port: 53, family: 6, isLoopback: false }],
  ];
  for (const [text, server] of cases) assert.deepEqual(parseServer(text), server, text);
});

test('parseServer refuses names and what is no port', () => {
  for (const text of [
    '',
    'dns.example',
    'localhost',
    '192.0.2.1:0',
    '192.0.2.1:65536',
    '192.0.2.1:',
    '192.0.2',
    '[192.0.2.1',
    '::1:99999',
    'udp://1.1.1.1',
  ])
    assert.equal(parseServer(text), null, text);
});

const servers = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].flatMap((text) => parseServer(text) ?? []);
const [one, two, three] = servers as [Server, Server, Server];

const health = (all: readonly Server[]) => {
  let nowMs = 0;
  let state = 1;
  const random = randomNumbers((bytes) => {
    for (const index of bytes.keys()) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      bytes[index] = state >>> 16;
    }
  });
  const held = withHealth(all, 5000, () => nowMs, random);
  return { ...held, advance: (ms: number) => (nowMs += ms) };
};

test('withHealth puts healthy servers in random order', () => {
  const { order } = health(servers);
  const first = { [one.address]: 0, [two.address]: 0, [three.address]: 0 };
  for (let asked = 0; asked < 600; asked++) {
    const picked = order();
    assert.deepEqual(new Set(picked), new Set(servers));
    first[picked[0]?.address ?? ''] = (first[picked[0]?.address ?? ''] ?? 0) + 1;
  }
  for (const count of Object.values(first)) assert.ok(count > 130, JSON.stringify(first));
});

test('withHealth puts failed servers last, the longest ago before the others', () => {
  const { order, failed, advance } = health(servers);
  failed(two);
  advance(10);
  failed(one);
  for (let asked = 0; asked < 20; asked++) assert.deepEqual(order(), [three, two, one]);
  advance(1);
  failed(two);
  assert.deepEqual(order(), [three, one, two]);
});

test('withHealth tries a failed server again after the pause, by one question at a time', () => {
  const { order, failed, succeeded, advance } = health([one, two]);
  failed(two);
  advance(4999);
  assert.deepEqual(order(), [one, two]);
  advance(1);
  assert.deepEqual(order(), [two, one]);
  assert.deepEqual(order(), [one, two]);
  advance(5000);
  assert.deepEqual(order(), [two, one]);
  succeeded(two);
  const firsts = new Set(Array.from({ length: 40 }, () => order()[0]));
  assert.deepEqual(firsts, new Set([one, two]));
});

test('withHealth with one server always has it', () => {
  const { order, failed } = health([one]);
  failed(one);
  assert.deepEqual(order(), [one]);
});

test('randomNumbers draws evenly below any count, and renews its pool', () => {
  let fills = 0;
  const random = randomNumbers((bytes) => {
    fills++;
    crypto.getRandomValues(bytes);
  });
  const counts = [0, 0, 0, 0, 0];
  for (let drawn = 0; drawn < 10_000; drawn++) {
    const number = random.below(5);
    counts[number] = (counts[number] ?? 0) + 1;
  }
  assert.ok(
    counts.every((count) => count > 1700 && count < 2300),
    JSON.stringify(counts),
  );
  assert.equal(fills, 5);
  for (let drawn = 0; drawn < 100; drawn++) assert.equal(random.below(1), 0);
});

test('randomNumbers leaves out the numbers that would favour low results', () => {
  const values = [65_535, 7];
  const random = randomNumbers((bytes) => {
    const numbers = new Uint16Array(bytes.buffer);
    for (const index of numbers.keys()) numbers[index] = values[index % 2] ?? 0;
  });
  assert.equal(random.below(5), 2);
  assert.equal(random.uint16(), 65_535);
});
