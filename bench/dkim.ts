/**
 * Signature verification against mailauth and against the floor, in pairs within one run: `node
 * bench/dkim.ts [--json] [--seconds n]`. Each message is signed RSA-2048 relaxed/relaxed; keys are
 * in memory on both sides; parsing the message is part of the work on both sides. The floor is what
 * cryptography alone costs here and now: one RSA verification and one SHA-256 over the message.
 * Refuses to print when either side's word is not `pass`; exits 1 when a ratio falls below its
 * target.
 */
import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { createKeyCache } from '../src/dkim/key.ts';
import { verifyMessage } from '../src/dkim/verify-message.ts';
import type { Answer, Lookup } from '../src/dns/lookup.ts';
import { readMessage } from '../src/message/message.ts';

const require = createRequire(import.meta.url);
const { dkimSign } = require('mailauth/lib/dkim/sign.js');
const { dkimVerify } = require('mailauth/lib/dkim/verify.js');

const { values } = parseArgs({ options: { json: { type: 'boolean' }, seconds: { type: 'string', default: '3' } } });

/** Message sizes, and how many times as fast as mailauth each has to be. */
const SIZES = [
  { name: '3 kB', bytes: 3_000, target: 3 },
  { name: '30 kB', bytes: 30_000, target: 3 },
  { name: '1 MB', bytes: 1_000_000, target: 2 },
];
const ROUNDS = 9;

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
const record = `v=DKIM1; k=rsa; p=${publicKey.export({ type: 'spki', format: 'der' }).toString('base64')}`;

const makeMessage = async (bytes: number): Promise<Buffer> => {
  const header = [
    'Received: from mail.brand.example (mail.brand.example [192.0.2.10])',
    '\tby mx.receiver.example with ESMTPS id 4bXk2Q1Zz9; Thu, 01 Jan 2026 00:00:00 +0000',
    'From: Alice <alice@brand.example>',
    'To: Bob <bob@receiver.example>',
    'Subject: The figures of the last quarter',
    'Date: Thu, 01 Jan 2026 00:00:00 +0000',
    'Message-ID: <7c0d5f3e@brand.example>',
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=utf-8',
  ].join('\r\n');
  const line = 'The quick brown fox jumps over the lazy dog, and nobody minds it at all.\r\n';
  const body = line.repeat(Math.max(1, Math.round((bytes - 1200) / line.length)));
  const signatureData = [{ signingDomain: 'brand.example', selector: 's1', privateKey: pem }];
  const { signatures } = await dkimSign(`${header}\r\n\r\n${body}`, {
    canonicalization: 'relaxed/relaxed',
    signatureData,
  });
  return Buffer.from(`${signatures}${header}\r\n\r\n${body}`);
};

const answer: Answer = {
  kind: 'records',
  source: 'cache',
  records: [[record]],
  ttlSeconds: 300,
  authenticated: false,
};
const lookup: Lookup = async () => answer;
const resolver = async () => [[record]];
const keys = createKeyCache();
const settings = {
  strict: true,
  underscoreSelectors: false,
  maxSignatures: 10,
  minRsaBits: 1024,
  clockSkewSeconds: 300,
};

const ours = async (bytes: Buffer): Promise<string | undefined> => {
  const message = readMessage(bytes);
  if (message.kind !== 'message') return message.kind;
  const parts = { lookup, deadlineMs: Infinity, nowSeconds: Date.now() / 1000, settings, keys };
  return (await verifyMessage(message, parts)).signatures[0]?.result;
};
const theirs = async (bytes: Buffer): Promise<string> =>
  (await dkimVerify(bytes, { resolver, strict: true })).results[0].status.result;

const key = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' }));
const signed = Buffer.alloc(1200, 'a');
const signature = sign('sha256', signed, privateKey);
const floor = async (bytes: Buffer): Promise<string> => {
  createHash('sha256').update(bytes).digest('base64');
  return verify('sha256', signed, key, signature) ? 'pass' : 'fail';
};

/** Microseconds for one message: the mean of a stretch of work. */
const measure = async (
  work: (bytes: Buffer) => Promise<unknown>,
  message: Buffer,
  seconds: number,
): Promise<number> => {
  const start = performance.now();
  let count = 0;
  while (performance.now() - start < seconds * 1000) {
    await work(message);
    count++;
  }
  return ((performance.now() - start) * 1000) / count;
};

const median = (numbers: number[]): number => numbers.toSorted((one, other) => one - other)[numbers.length >> 1] ?? NaN;

const rows = [];
for (const size of SIZES) {
  const message = await makeMessage(size.bytes);
  const words = [await ours(message), await theirs(message)];
  if (words.some((word) => word !== 'pass'))
    throw new Error(`${size.name}: the words are ${words.join(' and ')}, not pass`);
  const seconds = Number(values.seconds) / (ROUNDS * 3);
  for (const work of [ours, theirs, floor]) await measure(work, message, seconds);
  const pairs: { ours: number; theirs: number; floor: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    pairs.push({
      ours: await measure(ours, message, seconds),
      theirs: await measure(theirs, message, seconds),
      floor: await measure(floor, message, seconds),
    });
  }
  rows.push({
    size: size.name,
    oursMicroseconds: median(pairs.map((pair) => pair.ours)),
    mailauthMicroseconds: median(pairs.map((pair) => pair.theirs)),
    floorMicroseconds: median(pairs.map((pair) => pair.floor)),
    ratio: median(pairs.map((pair) => pair.theirs / pair.ours)),
    target: size.target,
    overFloor: median(pairs.map((pair) => pair.ours / pair.floor)),
  });
}

if (values.json) {
  console.log(JSON.stringify(rows, null, 2));
} else {
  console.log('| message | ours µs | mailauth µs | times as fast | wanted | floor µs | ours over floor |');
  console.log('|---|---|---|---|---|---|---|');
  for (const row of rows) {
    const numbers = [row.oursMicroseconds, row.mailauthMicroseconds].map((value) => value.toFixed(0));
    const floorText = row.floorMicroseconds.toFixed(0);
    console.log(
      `| ${row.size} | ${numbers.join(' | ')} | ${row.ratio.toFixed(1)} | ${row.target} | ${floorText} | ${row.overFloor.toFixed(2)} |`,
    );
  }
}
if (rows.some((row) => row.ratio < row.target)) process.exitCode = 1;
