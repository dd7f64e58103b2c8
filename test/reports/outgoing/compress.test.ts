import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { compressReport } from '../../../src/reports/outgoing/compress.ts';
import { streamed } from './make-report.ts';

const compressed = async (texts: Iterable<string>): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of compressReport(streamed(texts))) chunks.push(chunk);
  return Buffer.concat(chunks);
};

test('compressReport makes gzip whose header tells neither time nor machine', async () => {
  const octets = await compressed(['<feedback>', 'Söhne', '</feedback>']);
  assert.equal(gunzipSync(octets).toString(), '<feedback>Söhne</feedback>');
  assert.deepEqual([...octets.subarray(0, 10)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
});

test('compressReport makes the same octets of the same text', async () => {
  const texts = Array.from({ length: 1000 }, (_, at) => `<count>${at * 7919}</count>`.repeat(20));
  assert.deepEqual(await compressed(texts), await compressed(texts));
});

test('compressReport fails with what the text fails with', async () => {
  const failing = function* () {
    yield '<feedback>';
    throw new Error('the store went away');
  };
  await assert.rejects(compressed(failing()), /the store went away/);
});

test('compressReport stops reading when nobody wants the rest', async () => {
  let isEnded = false;
  const endless = function* () {
    try {
      for (let at = 0; ; at += 1) yield `${Math.sin(at)}`.repeat(1000);
    } finally {
      isEnded = true;
    }
  };
  for await (const _ of compressReport(streamed(endless()))) break;
  await new Promise(setImmediate);
  assert.equal(isEnded, true);
});
