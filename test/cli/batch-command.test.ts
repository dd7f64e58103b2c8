/**
 * `mailverdict batch`: every place that messages come from, what is left out and why, the summary,
 * the progress line, and a batch that goes on.
 */
import assert from 'node:assert/strict';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { CLEAR_LINE, progressLine } from '../../src/cli/batch/progress.ts';
import { BatchSummary, MAX_COUNTED_DOMAINS } from '../../src/cli/batch/summary.ts';
import { batchCommand } from '../../src/cli/commands/batch.ts';
import { MAX_FOLDER_DEPTH, mailFiles } from '../../src/cli/messages/mail-files.ts';
import { readMessages } from '../../src/cli/messages/messages.ts';
import { example } from '../verdict/make-verifier.ts';
import { ROOT } from './run-cli.ts';
import { runInProcess } from './run-in-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'mailverdict-batch-'));
after(() => rmSync(folder, { recursive: true }));
let made = 0;
const newPath = (name: string): string => join(folder, `${++made}-${name}`);
const put = (path: string, file = 'aligned.eml'): string => {
  mkdirSync(join(path, '..'), { recursive: true });
  copyFileSync(join(ROOT, 'examples', file), path);
  return path;
};

type Line = { index: number; source: string; verdict?: { dmarc: { result: string } }; problem?: string };
const linesOf = (text: string): Line[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
/** Sources below a folder, with what came of each. */
const outcomes = (lines: Line[], below = folder): string[] =>
  lines.map(({ source, verdict, problem }) => `${source.replace(`${below}/`, '')} ${verdict?.dmarc.result ?? problem}`);

test('batch judges every .eml of a folder and of those below it, in the order of names', async () => {
  const at = newPath('exported');
  put(join(at, 'b.eml'), 'spf-fail.eml');
  put(join(at, 'a', 'INNER.EML'));
  put(join(at, '.program', 'hidden.eml'));
  writeFileSync(join(at, 'notes.txt'), 'no message');
  writeFileSync(join(at, 'c.eml'), '');
  symlinkSync(at, join(at, 'circle'));
  symlinkSync('gone', join(at, 'dangling.eml'));
  const { code, out, err } = await runInProcess(['batch', at]);
  assert.deepEqual(outcomes(linesOf(out), at), [
    'a/INNER.EML pass',
    'b.eml fail',
    `c.eml ${at}/c.eml is empty`,
    `dangling.eml ${at}/dangling.eml cannot be read: there is no such file`,
  ]);
  assert.equal(code, 1, 'two of them cannot be judged');
  assert.match(err, /^4 messages in [\d.]+ s, 2 could not be judged\n/);
});

test('batch takes cur and new of a Maildir and of the folders in it, and never tmp', async () => {
  const maildir = newPath('Maildir');
  put(join(maildir, 'new', '1.host'));
  put(join(maildir, 'cur', '2.host:2,S'), 'spf-fail.eml');
  put(join(maildir, 'tmp', '3.host'));
  put(join(maildir, '.Sent', 'cur', '4.host:2,'));
  mkdirSync(join(maildir, '.Sent', 'new'));
  put(join(maildir, '.Sent', 'tmp', '5.host'));
  const { code, out } = await runInProcess(['batch', maildir]);
  assert.equal(code, 0);
  assert.deepEqual(outcomes(linesOf(out), maildir), [
    '.Sent/cur/4.host:2, pass',
    'cur/2.host:2,S fail',
    'new/1.host pass',
  ]);
  assert.deepEqual(outcomes(linesOf((await runInProcess(['batch', join(maildir, 'cur')])).out), maildir), [
    'cur/2.host:2,S fail',
  ]);
});

test('batch tells a message, an mbox and NDJSON by what is in them, in files and on standard input alike', async () => {
  const message = example('aligned.eml');
  const mbox = Buffer.concat([
    Buffer.from('From x\n'),
    message,
    Buffer.from('\nFrom x\n'),
    example('unsigned.eml'),
    Buffer.from('\n'),
  ]);
  const facts = { clientIp: '198.51.100.200', mailFrom: 'alice@brand.example' };
  const ndjson = [
    JSON.stringify({ message: example('spf-fail.eml').toString('utf8'), smtp: facts }),
    '{"message": 1}',
    '{not json',
    '',
    JSON.stringify({ message: message.toString('base64'), encoding: 'base64' }),
  ].join('\n');
  const cases: [content: Buffer | string, results: RegExp[]][] = [
    [message, [/pass$/]],
    [mbox, [/pass$/, /none$/]],
    [ndjson, [/fail$/, /message: must be text in quotation marks/, /the line is not JSON$/, /pass$/]],
  ];
  for (const [content, results] of cases) {
    const file = newPath('input');
    writeFileSync(file, content);
    const fromFile = await runInProcess(['batch', file]);
    const piped = await runInProcess(['batch', '-'], { input: content });
    for (const { out } of [fromFile, piped]) {
      const lines = outcomes(linesOf(out));
      assert.equal(lines.length, results.length, out);
      for (const [index, line] of lines.entries()) assert.match(line, results[index] ?? /never/);
    }
    assert.equal(linesOf(piped.out)[0]?.source, '-');
  }
});

test('batch lets a line of NDJSON ask for itself, and options for the others', async () => {
  const message = example('aligned.eml').toString('base64');
  const ndjson = `${JSON.stringify({ message, encoding: 'base64', include: ['mime'] })}\n${JSON.stringify({ message, encoding: 'base64' })}\n`;
  const { out } = await runInProcess(['batch', '-', '--include', 'evidence'], { input: ndjson });
  const [one, other] = linesOf(out).map(
    ({ verdict }) => verdict as unknown as { evidence?: unknown[]; message: object },
  );
  assert.equal(one?.evidence, undefined);
  assert.ok('mime' in (one?.message ?? {}));
  assert.ok((other?.evidence?.length ?? 0) > 0);
});

test('batch goes on with the messages that its output does not have, wherever new ones came', async () => {
  const maildir = newPath('Maildir');
  const out = newPath('verdicts.ndjson');
  put(join(maildir, 'new', '2.host'));
  put(join(maildir, 'cur', '3.host:2,'), 'spf-fail.eml');
  const first = await runInProcess(['batch', maildir, '--out', out]);
  assert.equal(first.err, '', 'standard output carries no verdicts, so the summary is there');
  assert.match(first.out, /^2 messages in /);
  renameSync(join(maildir, 'new', '2.host'), join(maildir, 'cur', '2.host:2,RS'));
  put(join(maildir, 'new', '1.host'), 'unsigned.eml');
  writeFileSync(out, readFileSync(out, 'utf8').slice(0, -10));
  const second = await runInProcess(['batch', maildir, '--out', out]);
  assert.match(second.out, /^3 messages in [\d.]+ s, 1 of them judged before\n/);
  const lines = linesOf(readFileSync(out, 'utf8'));
  assert.deepEqual(
    lines.map(({ index }) => index),
    [0, 1, 2],
  );
  assert.deepEqual(outcomes(lines, maildir).toSorted(), [
    'cur/2.host:2,RS pass',
    'cur/3.host:2, fail',
    'new/1.host none',
  ]);
});

test('batch --out takes what is no regular file, such as /dev/null', async () => {
  const { code, out } = await runInProcess(['batch', 'examples/aligned.eml', '--out', '/dev/null']);
  assert.equal(code, 0);
  assert.match(out, /^1 message in /);
});

test('batch shows on a terminal how far it is, and clears that line before the summary', async () => {
  const mbox = newPath('mail.mbox');
  writeFileSync(mbox, `From x\nFrom: a@quiet.example\n\n\nFrom x\n${example('spf-fail.eml').toString('latin1')}`);
  let shown = '';
  const show = (text: string): void => {
    shown += text;
  };
  const style = { color: false, width: 80 };
  const terminal = {
    readInput: () => assert.fail('standard input is not asked for'),
    out: show,
    err: show,
    style,
    errStyle: style,
    progress: true,
    createWait: () => assert.fail('nothing is waited for'),
  };
  assert.equal(await batchCommand.run([mbox], {}, terminal), 0);
  const lines = shown.split('\n').map((line) => line.split(CLEAR_LINE).at(-1) ?? '');
  assert.deepEqual(
    lines.slice(0, 2).map((line) => JSON.parse(line).index),
    [0, 1],
    'a verdict has its line for itself',
  );
  assert.match(lines[2] ?? '', /^2 messages in /);
  assert.ok(shown.includes(`${CLEAR_LINE}[########################] 100%  2 messages, 1 failing${CLEAR_LINE}`), shown);
});

test('progressLine fits a terminal of 80 columns whatever the numbers are', () => {
  assert.equal(
    progressLine({ messages: 1, failing: 0, octets: 50, ofOctets: 200 }),
    '[######..................]  25%  1 message',
  );
  assert.equal(progressLine({ messages: 1204, failing: 3, octets: 5, ofOctets: null }), '1,204 messages, 3 failing');
  assert.match(progressLine({ messages: 2, failing: 0, octets: 300, ofOctets: 200 }), /100%/);
  assert.ok(progressLine({ messages: 1e9, failing: 1e9, octets: 1, ofOctets: 1 }).length <= 80);
});

test('readMessages reads a message only when the one before it was taken', async () => {
  const sizes = ['aligned.eml', 'spf-fail.eml', 'unsigned.eml'].map((file) => example(file).length);
  const names = ['aligned.eml', 'spf-fail.eml', 'unsigned.eml'].map((file) => put(newPath(file), file));
  let octets = 0;
  const found = readMessages({
    names,
    standardInput: () => assert.fail(),
    maxMessageBytes: 1_000_000,
    onOctets: (more) => {
      octets += more;
    },
  });
  let expected = 0;
  for (const size of sizes) {
    await found.next();
    expected += size;
    assert.equal(octets, expected);
  }
  assert.equal((await found.next()).done, true);
});

test('batch reports a message over MAX_MESSAGE_BYTES in place of its verdict', async () => {
  const at = newPath('large');
  put(join(at, 'a.eml'));
  writeFileSync(join(at, 'b.eml'), `From: a@brand.example\r\n\r\n${'x'.repeat(3000)}`);
  const { out } = await runInProcess(['batch', at], { environment: { MAX_MESSAGE_BYTES: '2048' } });
  assert.match(out, /"problem":"the message has more than 2048 octets \(MAX_MESSAGE_BYTES\)"/);
});

test(`mailFiles goes ${MAX_FOLDER_DEPTH} folders deep and tells the one that is deeper`, async () => {
  const top = newPath('deep');
  let at = top;
  for (let depth = 0; depth <= MAX_FOLDER_DEPTH; depth++) {
    put(join(at, 'm.eml'));
    at = join(at, 'd');
  }
  put(join(at, 'too-deep.eml'));
  const kinds: string[] = [];
  for await (const { kind } of mailFiles(top)) kinds.push(kind);
  assert.equal(kinds.filter((kind) => kind === 'file').length, MAX_FOLDER_DEPTH + 1);
  assert.equal(kinds.filter((kind) => kind === 'failed').length, 1);
});

const STYLE = { color: false, width: 80 };
const judged = (domain: string | null, result: 'pass' | 'fail'): Parameters<BatchSummary['add']>[0] =>
  ({
    index: 0,
    source: '-',
    verdict: {
      author: { domain },
      dmarc: { result },
      spf: { result: 'none' },
      dkim: result === 'pass' ? [{ result: 'fail' }, { result: 'pass' }] : [],
      disposition: { action: 'accept', wouldBe: result === 'pass' ? 'accept' : 'reject' },
    },
  }) as unknown as Parameters<BatchSummary['add']>[0];

test('BatchSummary counts results, what enforcement would do, and who fails most', () => {
  const summary = new BatchSummary();
  for (let index = 0; index < 1200; index++) summary.add(judged('good.example', 'pass'));
  for (let index = 0; index < 12; index++) summary.add(judged(`bad${index}.example`, 'fail'));
  summary.add(judged('bad7.example', 'fail'));
  summary.add(judged('\u001b[31m.example', 'pass'));
  summary.add({ index: 0, source: '-', problem: 'the line is not JSON' });
  const text = summary.render(STYLE, 2000, 0);
  assert.equal(
    text,
    `1,215 messages in 2.0 s (608 a second), 1 could not be judged

DMARC        pass 1,201, fail 13
SPF          none 1,214
DKIM         none 13, pass 1,201
Disposition  accept 1,214
if enforced  accept 1,201, reject 13

Fail DMARC most, by the domain in From
  2 of 2  bad7.example
  1 of 1  bad0.example
  1 of 1  bad1.example
  1 of 1  bad10.example
  1 of 1  bad11.example
  1 of 1  bad2.example
  1 of 1  bad3.example
  1 of 1  bad4.example
  1 of 1  bad5.example
  1 of 1  bad6.example
  2 of other domains
`,
  );
});

test(`BatchSummary counts ${MAX_COUNTED_DOMAINS} domains by name and the others together`, () => {
  const summary = new BatchSummary();
  for (let index = 0; index <= MAX_COUNTED_DOMAINS; index++) summary.add(judged(`d${index}.example`, 'fail'));
  const others = new Intl.NumberFormat('en').format(MAX_COUNTED_DOMAINS + 1 - 10);
  assert.match(summary.render(STYLE, 0, 0), new RegExp(`^ +${others} of other domains$`, 'm'));
});
