/**
 * A message put together from what the milter tells: every octet as it was sent, and never more
 * memory than allowed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemory } from '../../../src/message/memory.ts';
import { Transaction } from '../../../src/pipeline/milter/transaction.ts';

type Dependencies = ConstructorParameters<typeof Transaction>[0];

const begin = (over: Partial<Dependencies> = {}) =>
  new Transaction(
    {
      limits: { maxMessageBytes: 1_000_000, maxFields: 100 },
      memory: createMemory(10_000_000),
      ownIds: ['mx.rcpt.example'],
      leadingSpace: true,
      rawBody: false,
      ...over,
    },
    { mailFrom: '<>', mailParameters: [] },
  );

const octetsOf = async (fields: [string, string][], body: string[], over: Partial<Dependencies> = {}) => {
  const transaction = begin(over);
  for (const [name, value] of fields) transaction.addField(name, value);
  for (const chunk of body) transaction.addBody(Buffer.from(chunk, 'latin1'));
  const { octets, exactness } = await transaction.content();
  return { octets: typeof octets === 'string' ? octets : octets.toString('latin1'), exactness };
};

const WHITE_SPACE: [sent: string, value: string, valueWithout: string, without: string][] = [
  ['X: v', ' v', 'v', 'X: v'],
  ['X:v', 'v', 'v', 'X: v'],
  ['X:  v', '  v', ' v', 'X:  v'],
  ['X:\tv', '\tv', '\tv', 'X:\tv'],
  ['X:\r\n\tv', '\n\tv', '\n\tv', 'X:\r\n\tv'],
  ['X: \r\n v', ' \n v', '\n v', 'X:\r\n v'],
  ['X: a\r\n b', ' a\n b', 'a\n b', 'X: a\r\n b'],
  ['X:', '', '', 'X:'],
  ['X:  ', '  ', ' ', 'X:  '],
  ['X: v ', ' v ', 'v ', 'X: v '],
  ['X: \xe9\xff', ' \xe9\xff', '\xe9\xff', 'X: \xe9\xff'],
  ['X: a\r\n b', ' a\r\n b', 'a\r\n b', 'X: a\r\n b'],
];

for (const [sent, value, valueWithout, without] of WHITE_SPACE) {
  test(`Transaction gives back ${JSON.stringify(sent)} from ${JSON.stringify(value)}`, async () => {
    assert.deepEqual(await octetsOf([['X', value]], []), { octets: `${sent}\r\n\r\n`, exactness: 'exact' });
  });
  test(`Transaction makes ${JSON.stringify(without)} of ${JSON.stringify(valueWithout)} without HDR_LEADSPC, and says that it is a guess`, async () => {
    assert.deepEqual(await octetsOf([['X', valueWithout]], [], { leadingSpace: false }), {
      octets: `${without}\r\n\r\n`,
      exactness: 'white-space-unknown',
    });
  });
}

test('Transaction joins body chunks wherever they are cut, NUL and bare line ends included', async () => {
  const { octets } = await octetsOf([['A', ' b']], ['one\r', '\ntwo\n', 'thr\xc3', '\xa9e\0', '']);
  assert.equal(octets, 'A: b\r\n\r\none\r\ntwo\nthr\xc3\xa9e\0');
});

test('Transaction drops everything once the message is too large, and wants no more body', async () => {
  const memory = createMemory(10_000);
  const transaction = begin({ memory, limits: { maxMessageBytes: 120, maxFields: 100 } });
  transaction.addField('Authentication-Results', ' mx.rcpt.example; none');
  assert.equal(transaction.addBody(Buffer.alloc(60)), true);
  assert.equal(transaction.addBody(Buffer.alloc(60)), false);
  assert.equal(memory.held, 0);
  transaction.addField('Authentication-Results', ' mx.rcpt.example; none');
  assert.deepEqual(await transaction.content(), {
    octets: 'over-size',
    exactness: 'exact',
    forged: [
      { name: 'Authentication-Results', occurrence: 2 },
      { name: 'Authentication-Results', occurrence: 1 },
    ],
    restored: [],
    forgedIncomplete: false,
  });
});

test('Transaction calls a message with more fields than allowed too large', async () => {
  const fields = Array.from({ length: 101 }, (): [string, string] => ['X', ' v']);
  assert.equal((await octetsOf(fields.slice(1), [])).octets.length, 100 * 6 + 2);
  assert.equal((await octetsOf(fields, [])).octets, 'over-size');
});

test('Transaction tells when there are more forged fields than are kept', async () => {
  const transaction = begin();
  for (let count = 0; count < 101; count++) transaction.addField('X-Mailverdict-X', ' v');
  const { octets, forgedIncomplete } = await transaction.content();
  assert.deepEqual([octets, forgedIncomplete], ['over-size', true]);
});

test('Transaction tells when all messages need too much memory, and releases its share', async () => {
  const memory = createMemory(4096);
  const first = begin({ memory });
  assert.equal(first.addBody(Buffer.alloc(3000)), true);
  const second = begin({ memory });
  assert.equal(second.addBody(Buffer.alloc(3000)), false);
  assert.equal((await second.content()).octets, 'service-full');
  first.release();
  assert.equal(memory.held, 0);
  assert.equal(begin({ memory }).addBody(Buffer.alloc(3000)), true);
});

test('Transaction counts the pieces and the whole while it puts them together', async () => {
  const memory = createMemory(4096);
  const fits = begin({ memory });
  fits.addBody(Buffer.alloc(2000));
  assert.equal((await fits.content()).octets.length, 2002);
  assert.equal(memory.held, 2002);
  fits.release();
  const tooMuch = begin({ memory });
  tooMuch.addBody(Buffer.alloc(2100));
  assert.equal((await tooMuch.content()).octets, 'service-full');
  assert.equal(memory.held, 0);
});

test('Transaction gives back what it holds when it is released while it puts the message together', async () => {
  const memory = createMemory(10_000_000);
  for (const rawBody of [false, true]) {
    const transaction = begin({ memory, rawBody, limits: { maxMessageBytes: 4_000_000, maxFields: 10 } });
    transaction.addRecipient('<a@rcpt.example>');
    transaction.addField('From', ' a@sender.example');
    transaction.addBody(Buffer.alloc(3_000_000));
    const content = transaction.content();
    transaction.release();
    await content;
    assert.equal(memory.held, 0);
  }
});

test('Transaction counts recipients, and keeps 1,000 of them', () => {
  const memory = createMemory(500_000);
  const transaction = begin({ memory });
  for (let count = 0; count < 1_001; count++) transaction.addRecipient(`<r${count}@rcpt.example>`);
  assert.equal(transaction.recipients.length, 1_000);
  assert.equal(memory.held >= 1_000 * 18, true);
  transaction.release();
  assert.equal(memory.held, 0);
  const small = begin({ memory: createMemory(1_000) });
  for (let count = 0; count < 100; count++) small.addRecipient('<r@rcpt.example>');
  assert.equal(small.recipients.length < 20, true);
});

test('Transaction holds a body of small pieces in memory of its size', () => {
  const memory = createMemory(10_000_000);
  const transaction = begin({ memory });
  for (let count = 0; count < 100_000; count++) transaction.addBody(Buffer.from('x'));
  assert.equal(memory.held >= 100_000 && memory.held <= 400_000, true);
  transaction.release();
});

test('Transaction takes a raw message in the body as the message, when its peer is known to send one', async () => {
  const raw = 'From: \xe9 <a@x.example>\r\nAuthentication-Results: mx.rcpt.example; dkim=pass\r\n\r\nHello\r\n';
  const over = { leadingSpace: false, rawBody: true };
  const transaction = begin(over);
  transaction.addField('From', '');
  transaction.addField('Authentication-Results', 'mx.rcpt.example; dkim=pass');
  transaction.addBody(Buffer.from(raw.slice(0, 3), 'latin1'));
  transaction.addBody(Buffer.from(raw.slice(3), 'latin1'));
  const content = await transaction.content();
  assert.equal(content.octets.toString('latin1'), raw);
  assert.equal(content.exactness, 'exact');
  assert.deepEqual(content.forged, [{ name: 'Authentication-Results', occurrence: 1 }]);
  assert.equal((await octetsOf([['From', 'a']], ['Hello\r\n'], over)).octets, 'From: a\r\n\r\nHello\r\n');
});
