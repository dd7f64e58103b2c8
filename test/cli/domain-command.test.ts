/**
 * `mailverdict domain`: several names as a table, --fail-under for pipelines, and --watch, which
 * tells what changed and nothing else.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Posture } from '../../schemas/posture/posture.ts';
import { renderPostureTable } from '../../src/cli/posture-table.ts';
import {
  MAX_INCOMPLETE_LOOKS,
  MAX_INTERVAL_SECONDS,
  MIN_INTERVAL_SECONDS,
  watchDomains,
} from '../../src/cli/watch-domains.ts';
import { CASES, GOOD } from '../posture/cases.ts';
import { assessIn, type World } from '../posture/world.ts';
import { ROOT } from './run-cli.ts';
import { runInProcess } from './run-in-process.ts';

const NARROW = { color: false, width: 80 };

test('domain of several names prints a row for each, with the first thing to do', async () => {
  const names = ['brand.example', 'quiet.example', 'shop.example', 'no name'];
  const { code, out, err } = await runInProcess(['domain', ...names], { columns: 80 });
  assert.equal(err, '');
  assert.match(out, /^Domain +Grade +SPF +DKIM +DMARC +MTA-STS +TLS-RPT$/m);
  assert.match(out, /^brand\.example +[A-F] +-all +ok +p=reject +ok +ok\n {2}→ \S/m);
  assert.match(out, /^no name\n {2}→ not assessed: /m);
  assert.equal(code, 64, 'a wrong name is told although the others are assessed');
});

test('renderPostureTable fits 80 columns, colours words and nothing else, and lets nothing from outside command', async () => {
  const rows = await Promise.all(
    CASES.slice(0, 30).map(async ({ world, domain = 'brand.example', options }) => ({
      domain,
      posture: await assessIn(world, domain, options),
    })),
  );
  const hostile = { domain: '\u001b]0;title\u0007', problem: '\u001b[31mred' };
  const plain = renderPostureTable([...rows, hostile], NARROW);
  for (const line of plain.split('\n')) assert.ok(line.length <= 80 || !line.includes(' ', 4), line);
  assert.doesNotMatch(plain, /[\u0000-\u0009\u000b-\u001f]/);
  const coloured = renderPostureTable([...rows, hostile], { ...NARROW, color: true });
  assert.equal(coloured.replace(/\u001b\[\d+m/g, ''), plain);
});

test('domain of several names and --json prints a line for each', async () => {
  const { out } = await runInProcess(['domain', 'brand.example', 'no name', '--json']);
  const [one, other] = out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual([one.index, one.domain, one.posture.domain.ascii], [0, 'brand.example', 'brand.example']);
  assert.deepEqual([other.index, other.domain], [1, 'no name']);
  assert.match(other.problem, /domain/);
  assert.equal(
    JSON.parse((await runInProcess(['domain', 'brand.example', '--json'])).out).domain.ascii,
    'brand.example',
  );
});

test('domain --fail-under exits by the grade alone', async () => {
  const { grade } = JSON.parse((await runInProcess(['domain', 'brand.example', '--json'])).out);
  assert.equal(grade.letter, 'B');
  const cases: [words: string[], code: number][] = [
    [['brand.example', '--fail-under', 'A'], 1],
    [['brand.example', '--fail-under', 'B'], 0],
    [['brand.example', '--fail-under', 'c'], 0],
    [['brand.example', 'absent.brand.example', '--fail-under', 'B'], 1],
    [['unknown.test', '--fail-under', 'F'], 2],
    [['unknown.test', 'brand.example', '--fail-under', 'A'], 1],
    [['brand.example', '--fail-under', 'G'], 64],
  ];
  for (const [words, code] of cases) {
    const run = await runInProcess(['domain', ...words]);
    assert.equal(run.code, code, `${words.join(' ')}: ${run.err}`);
  }
});

/** A watch over a list of worlds, one a look, on a clock that only its waits move. */
const watchThrough = async (worlds: readonly World[], domain = 'brand.example') => {
  let nowMs = 0;
  let look = 0;
  const told: string[] = [];
  const waits: number[] = [];
  const assess = () => assessIn(worlds[look] ?? {}, domain);
  const last = await watchDomains([{ domain, posture: await assess() }], {
    assess,
    wait: async (seconds) => {
      waits.push(seconds);
      nowMs += seconds * 1000;
      look += 1;
      return look < worlds.length;
    },
    monotonicMs: () => nowMs,
    onChange: (name, { values }) =>
      told.push(`${name}: ${values.map(({ field, after }) => `${field} ${after}`).join('; ')}`),
    onIncomplete: (name) => told.push(`${name}: incomplete`),
  });
  return { told, waits, last };
};

const NO_POLICY = { ...GOOD, '_dmarc.brand.example TXT': ['v=DMARC1; p=none'] };
const DOWN: World = { ...GOOD, '_dmarc.brand.example TXT': 'timeout' };

test('watchDomains tells a change once, and nothing while nothing changes', async () => {
  const { told, waits, last } = await watchThrough([GOOD, GOOD, NO_POLICY, NO_POLICY, GOOD]);
  assert.equal(told.length, 2);
  assert.match(told[0] ?? '', /^brand\.example: .*dmarc\.record v=DMARC1; p=none/);
  assert.match(told[1] ?? '', /dmarc\.policy reject/);
  assert.equal(new Set(waits).size, 1);
  assert.equal(last[0]?.dmarc.policy?.domain, 'reject');
});

test('watchDomains takes what DNS left open for no change until it stays so', async () => {
  const once = await watchThrough([GOOD, DOWN, DOWN, GOOD]);
  assert.deepEqual(once.told, ['brand.example: incomplete']);
  const lasting = await watchThrough([GOOD, ...Array.from({ length: MAX_INCOMPLETE_LOOKS }, () => DOWN), DOWN, GOOD]);
  assert.equal(lasting.told.length, 3);
  assert.match(lasting.told[1] ?? '', /dmarc\.state dns-failure/);
  assert.match(lasting.told[2] ?? '', /dmarc\.state valid/);
});

test('watchDomains waits until the TTL has ended, within its bounds, each domain for itself', async () => {
  const good = await assessIn(GOOD, 'brand.example');
  const ttls: Record<string, number> = { short: 0, middle: 100, long: 86_400 };
  const asked: string[] = [];
  let nowMs = 0;
  const posture = (domain: string): Posture => ({ ...good, ttlSeconds: ttls[domain] ?? 0 });
  await watchDomains(
    Object.keys(ttls).map((domain) => ({ domain, posture: posture(domain) })),
    {
      assess: async (domain) => {
        asked.push(`${domain} at ${nowMs / 1000}`);
        return posture(domain);
      },
      wait: async (seconds) => {
        nowMs += seconds * 1000;
        return nowMs <= MAX_INTERVAL_SECONDS * 1000;
      },
      monotonicMs: () => nowMs,
      onChange: () => assert.fail('nothing changed'),
      onIncomplete: () => assert.fail('DNS answered'),
    },
  );
  assert.deepEqual(asked.slice(0, 3), [`short at ${MIN_INTERVAL_SECONDS}`, 'middle at 101', 'short at 120']);
  assert.equal(asked.filter((one) => one.startsWith('long')).join(), `long at ${MAX_INTERVAL_SECONDS}`);
});

test('domain --watch prints the posture first, waits, and ends with the code of the last look', async () => {
  const waits: number[] = [];
  const wait = async (seconds: number) => waits.push(seconds) < 3;
  const { code, out, err } = await runInProcess(['domain', 'brand.example', '--watch', '--fail-under', 'A'], { wait });
  assert.deepEqual([code, err, waits.length], [1, '', 3]);
  assert.equal(out.match(/^Grade/gm)?.length, 1, 'the zone does not change, so nothing is said again');
});

test('domain --watch ends at SIGINT with an exit code, not by the signal', async (t) => {
  const CLI = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
  const child = spawn(process.execPath, [CLI, 'domain', 'brand.example', '--watch', '--fail-under', 'F'], {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', DNS_SERVERS: '127.0.0.1:9' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  let out = '';
  for await (const text of child.stdout.setEncoding('utf8')) {
    out += text;
    if (/^Zone /m.test(out)) break;
  }
  child.kill('SIGINT');
  assert.deepEqual(await once(child, 'exit'), [0, null]);
});
