/**
 * The command line as people use it: the same verdict, exit codes for scripts, wrong use told in a
 * sentence.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Verdict } from '../../schemas/verdict.ts';
import { ROOT, type Run, runCli as runProcess } from './run-cli.ts';
import { runInProcess } from './run-in-process.ts';

const runCli = (words: string[], input: Buffer | string = '', environment: Record<string, string> = {}): Promise<Run> =>
  runInProcess(words, { input, environment });

const folder = mkdtempSync(join(tmpdir(), 'mailverdict-'));
after(() => rmSync(folder, { recursive: true }));
const facts = (clientIp: string, helo: string, mailFrom: string): string[] => [
  '--client-ip',
  clientIp,
  '--helo',
  helo,
  '--mail-from',
  mailFrom,
];
const BRAND = facts('192.0.2.10', 'mail.brand.example', 'alice@brand.example');
const STRANGER = facts('198.51.100.200', 'host.stranger.example', 'alice@brand.example');

test('verify exits with 0 for pass and none, 1 for fail, 2 for temperror, 64 for wrong use, 66 without a message', async () => {
  const cases: [words: string[], code: number][] = [
    [['verify', 'examples/aligned.eml', ...BRAND], 0],
    [['verify', 'examples/unsigned.eml', ...facts('192.0.2.60', 'mail.quiet.example', 'bob@quiet.example')], 0],
    [['verify', 'examples/spf-fail.eml', ...STRANGER], 1],
    [['verify', 'examples/aligned.eml', '--client-ip', 'nonsense'], 64],
    [['verify', 'examples/aligned.eml', '--client-up', '192.0.2.1'], 64],
    [['verify'], 64],
    [['verify', 'a', 'b'], 64],
    [['verfiy'], 64],
    [[], 64],
    [['verify', 'no-such-file.eml'], 66],
    [['verify', '--help'], 0],
    [['--version'], 0],
  ];
  for (const [words, code] of cases) {
    const run = await runCli(words);
    assert.equal(run.code, code, `${words.join(' ')}: ${run.err}`);
    if (code >= 64 && words.length > 0) assert.match(run.err, /^mailverdict: \S/);
  }
  const unknown = Buffer.from('From: a@elsewhere.test\r\n\r\n');
  assert.equal((await runCli(['verify', '-'], unknown)).code, 2, 'no server answers, so the result is not known');
});

test('verify --require exits with 0 when the author is known that well, 1 when not, 2 when it is not known', async () => {
  const cases: [words: string[], code: number][] = [
    [['examples/aligned.eml', ...BRAND, '--require', 'proven'], 0],
    [['examples/unsigned.eml', '--require', 'vouched'], 1],
    [['examples/aligned.eml', '--require', 'sure'], 64],
  ];
  for (const [words, code] of cases) assert.equal((await runCli(['verify', ...words])).code, code, words.join(' '));
  const unknown = Buffer.from('From: a@elsewhere.test\r\n\r\n');
  assert.equal((await runCli(['verify', '-', '--require', 'vouched'], unknown)).code, 2);
  const { code, out } = await runCli(['verify', 'examples/unsigned.eml', '--require', 'proven']);
  assert.equal(code, 1, 'DMARC none alone is 0');
  assert.match(out, /^Required {5}fail {7}proven is required, and the author is not known that well$/m);
});

test('batch --require tells of all messages, those of an earlier run among them', async () => {
  const mbox = join(folder, 'required.mbox');
  const out = join(folder, 'required.ndjson');
  const put = (...files: string[]) =>
    writeFileSync(
      mbox,
      files.map((file) => `From x\n${readFileSync(join(ROOT, 'examples', file), 'latin1')}\n`).join(''),
      'latin1',
    );
  const batch = async (...words: string[]) => (await runCli(['batch', mbox, ...words])).code;
  put('aligned.eml');
  assert.equal(await batch('--require', 'proven'), 0);
  put('unsigned.eml', 'aligned.eml');
  assert.equal(await batch('--out', out), 0);
  assert.equal(await batch('--out', out, '--require', 'proven'), 1, 'the first run asked for nothing');
  writeFileSync(mbox, 'From x\nFrom: a@elsewhere.test\n\n\n');
  assert.equal(await batch('--require', 'vouched'), 2);
  assert.equal(await batch('--require', 'sure'), 64);
});

test('verify tells a wrong option by its name', async () => {
  assert.match(
    (await runCli(['verify', 'examples/aligned.eml', '--client-ip', 'x'])).err,
    /--client-ip: must be an IPv4 or IPv6 address/,
  );
});

test('verify --json gives the verdict of its schema, from a file and from standard input alike', async () => {
  const file = Verdict.parse(
    JSON.parse((await runProcess(['verify', 'examples/aligned.eml', ...BRAND, '--json'])).out),
  );
  const piped = Verdict.parse(
    JSON.parse(
      (await runProcess(['verify', '-', ...BRAND, '--json'], readFileSync(join(ROOT, 'examples/aligned.eml')))).out,
    ),
  );
  assert.equal(file.message.sha256, piped.message.sha256);
  assert.equal(file.dmarc.result, 'pass');
});

test('verify writes aligned text without colour where there is no terminal, and no escape sequence of a message', async () => {
  const hostile = Buffer.from('From: a@brand.example\r\nSubject: \u001b[31mred\u001b]0;title\u0007 \u202eflip\r\n\r\n');
  const { out } = await runCli(['verify', '-', ...STRANGER], hostile);
  assert.doesNotMatch(out, /[\u0000-\u0009\u000b-\u001f\u202e]/);
  assert.match(out, /^No: nothing in this message proves that it comes from brand\.example, and brand\.example asks\n/);
  assert.match(out, /^SPF {10}fail {7}brand\.example does not permit 198\.51\.100\.200$/m);
  assert.match(out, /^DMARC {8}fail/m);
});

test('replay gives the verdict again without a server, and tells when it differs', async () => {
  const verdict = join(folder, 'verdict.json');
  writeFileSync(
    verdict,
    (await runCli(['verify', 'examples/aligned.eml', ...BRAND, '--json', '--include', 'trace,evidence'])).out,
  );
  const same = await runCli(['replay', 'examples/aligned.eml', verdict], undefined, { DNS_ZONE: '' });
  assert.equal(same.code, 0, same.err);
  assert.match(same.out, /^same:/);
  const message = readFileSync(join(ROOT, 'examples/aligned.eml'), 'base64');
  const both = join(folder, 'case.json');
  const write = (text: string): void =>
    writeFileSync(
      both,
      JSON.stringify({ message: text, encoding: 'base64', verdict: JSON.parse(readFileSync(verdict, 'utf8')) }),
    );
  write(message);
  const inOne = await runCli(['replay', both], undefined, { DNS_ZONE: '' });
  assert.deepEqual([inOne.code, inOne.out], [0, same.out], inOne.err);
  write(message.slice(4));
  assert.equal((await runCli(['replay', both])).code, 64, 'a damaged message is another one');
  const altered = JSON.parse(readFileSync(verdict, 'utf8'));
  altered.dmarc.result = 'fail';
  writeFileSync(verdict, JSON.stringify(altered));
  const differs = await runCli(['replay', 'examples/aligned.eml', verdict]);
  assert.equal(differs.code, 1);
  assert.match(differs.out, /dmarc\.result: "fail" → "pass"/);
  assert.equal((await runCli(['replay', 'examples/unsigned.eml', verdict])).code, 64);
});

test('batch writes a line for each message, and goes on where it was cut off', async () => {
  const mbox = join(folder, 'mail.mbox');
  const out = join(folder, 'out.ndjson');
  const messages = ['aligned.eml', 'unsigned.eml', 'spf-only.eml'].map((file) =>
    readFileSync(join(ROOT, 'examples', file), 'latin1'),
  );
  writeFileSync(mbox, messages.map((message) => `From x Mon Feb  3 09:00:00 2025\n${message}\n`).join(''), 'latin1');
  const whole = await runCli(['batch', mbox, '--out', out]);
  assert.equal(whole.code, 0, whole.err);
  const lines = readFileSync(out, 'utf8').trimEnd().split('\n');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).verdict.message.from[0]),
    ['alice@brand.example', 'bob@quiet.example', 'orders@shop.example'],
  );
  writeFileSync(out, `${lines[0]}\n${lines[1]?.slice(0, 40)}`);
  const resumed = await runCli(['batch', mbox, '--out', out]);
  assert.match(resumed.out, /^3 messages in [\d.]+ s, 1 of them judged before$/m);
  assert.deepEqual(
    readFileSync(out, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).index),
    [0, 1, 2],
  );
  assert.doesNotMatch(whole.err + whole.out, /\u001b/);
});

test('a wrong setting is told by its name, all mistakes at once, with exit 78', async () => {
  const run = await runCli(['verify', 'examples/aligned.eml'], undefined, { PORT: 'x', MAX_SIGNATURES: '0' });
  assert.equal(run.code, 78);
  assert.match(run.err, /PORT: /);
  assert.match(run.err, /MAX_SIGNATURES: /);
});
