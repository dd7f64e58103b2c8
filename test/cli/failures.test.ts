/**
 * What a command says when a file, an address or a word is wrong: a sentence and an exit code, and
 * never an errno word or a stack.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { getSystemErrorMap } from 'node:util';
import { COMMANDS } from '../../src/cli/commands.ts';
import { listenFailure, systemReason } from '../../src/settings/system-failure.ts';
import { freePort } from '../free-port.ts';
import { runCli } from './run-cli.ts';
import { runInProcess } from './run-in-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'mailverdict-failures-'));
after(() => rmSync(folder, { recursive: true }));
const ABSENT = join(folder, 'absent');
const FOLDER = join(folder, 'folder');
mkdirSync(FOLDER);
const FILE = join(folder, 'file');
writeFileSync(FILE, 'plain text, no message at all\n');
const EMPTY = join(folder, 'empty');
writeFileSync(EMPTY, '');
const BELOW_A_FILE = join(FILE, 'below');
const MESSAGE = 'examples/aligned.eml';

type Case = {
  readonly words: readonly string[];
  readonly environment?: Record<string, string>;
  readonly code: number;
  readonly says: RegExp;
};

const REPORTS = { STORE: `sqlite:${join(folder, 'store.db')}`, REPORT_SENDER: 'reports@receiver.example' };
/** A command that reads and writes no file has a setting that names one. */
const ZONE = { DNS_ZONE: FOLDER };
const CASES: Readonly<Record<string, readonly Case[]>> = {
  verify: [
    { words: [ABSENT], code: 66, says: /absent cannot be read: there is no such file$/m },
    { words: [FOLDER], code: 66, says: /folder is a folder; mailverdict batch .*folder judges every message in it$/m },
    { words: [BELOW_A_FILE], code: 66, says: /cannot be read: a part of its path is a file, not a folder$/m },
    { words: [MESSAGE, '--dns', ABSENT], code: 66, says: /absent cannot be read: there is no such file$/m },
    { words: [MESSAGE, '--dns', FOLDER], code: 66, says: /folder cannot be read: it is a folder, not a file$/m },
    { words: [MESSAGE], environment: ZONE, code: 78, says: /DNS_ZONE: .* it is a folder, not a file$/m },
  ],
  batch: [
    { words: [ABSENT], code: 66, says: /absent cannot be read: there is no such file$/m },
    { words: [MESSAGE, ABSENT], code: 66, says: /absent cannot be read: there is no such file$/m },
    { words: [FOLDER], code: 66, says: /folder holds no message: neither a file that ends in .eml nor a Maildir/ },
    { words: [FILE], code: 66, says: /file is no message, mbox or NDJSON: it begins with none of a header field, / },
    { words: [EMPTY], code: 66, says: /empty is empty$/m },
    { words: ['-'], code: 66, says: /standard input is empty$/m },
    { words: ['-', '-'], code: 64, says: /standard input can be read once only$/m },
    { words: [MESSAGE, '--out', FOLDER], code: 74, says: /folder cannot be written: it is a folder, not a file$/m },
    { words: [MESSAGE, '--out', join(ABSENT, 'out')], code: 74, says: /cannot be written: there is no such folder$/m },
    { words: [MESSAGE, '--out', FILE], code: 64, says: /file holds a line that no batch of this version wrote; / },
    {
      words: [MESSAGE, '--include', 'evidense'],
      code: 64,
      says: /"evidense" is none of .*; did you mean evidence\?$/m,
    },
  ],
  domain: [{ words: ['brand.example'], environment: ZONE, code: 78, says: /it is a folder, not a file$/m }],
  replay: [
    { words: [ABSENT], code: 66, says: /absent cannot be read: there is no such file$/m },
    { words: [MESSAGE, FOLDER], code: 66, says: /folder cannot be read: it is a folder, not a file$/m },
    { words: [MESSAGE, FILE], code: 66, says: /file is not JSON; mailverdict verify --json/ },
  ],
  reports: [
    {
      words: ['status'],
      environment: { ...REPORTS, REPORT_DKIM_KEY: ABSENT, REPORT_DKIM_SELECTOR: 's' },
      code: 78,
      says: /REPORT_DKIM_KEY: .*absent cannot be read: there is no such file$/m,
    },
    {
      words: ['check', '--received', ABSENT],
      environment: REPORTS,
      code: 66,
      says: /absent cannot be read: there is no such file$/m,
    },
    {
      words: ['list'],
      environment: { ...REPORTS, STORE: `sqlite:${BELOW_A_FILE}` },
      code: 2,
      says: /^the store does not answer: /,
    },
  ],
  store: [
    { words: ['backup', FILE], environment: REPORTS, code: 64, says: /file is there already; give another name$/m },
    { words: ['size'], environment: { STORE: `sqlite:${BELOW_A_FILE}` }, code: 2, says: /^the store cannot do it: / },
  ],
  dns: [{ words: ['brand.example'], environment: ZONE, code: 78, says: /it is a folder, not a file$/m }],
  serve: [
    { words: [], environment: { API_KEYS: ABSENT }, code: 78, says: /absent cannot be read: there is no such file/ },
  ],
  health: [
    {
      words: [],
      environment: { PORT: String(await freePort()) },
      code: 1,
      says: /does not answer: nothing listens there$/m,
    },
  ],
  keys: [
    { words: ['list', '--file', ABSENT], code: 78, says: /absent cannot be read: there is no such file$/m },
    { words: ['list', '--file', FOLDER], code: 78, says: /folder cannot be read: it is a folder, not a file$/m },
    {
      words: ['create', 'one', '--file', join(ABSENT, 'keys')],
      code: 74,
      says: /cannot be written: there is no such folder$/m,
    },
  ],
  config: [
    {
      words: ['check'],
      environment: { MAILVERDICT_CONFIG: FOLDER },
      code: 78,
      says: /folder cannot be read: it is a folder/,
    },
    {
      words: ['check'],
      environment: { TLS_CERTIFICATE: ABSENT, TLS_KEY: FOLDER },
      code: 78,
      says: /^TLS_CERTIFICATE: .*absent cannot be read: there is no such file\nTLS_KEY: .*folder cannot be read: it is a folder/m,
    },
  ],
};

/** Every word that the system has for an error, such as ENOENT. */
const ERRNO_WORDS = [...getSystemErrorMap().values()].map(([word]) => word).filter((word) => word.startsWith('E'));

/** Commands that read no file at all. */
const WITHOUT_FILES = ['completion'];

test('every command tells a file that cannot be used in words', async (t) => {
  assert.deepEqual([...Object.keys(CASES), ...WITHOUT_FILES].toSorted(), Object.keys(COMMANDS).toSorted());
  for (const [command, cases] of Object.entries(CASES))
    for (const { words, environment, code, says } of cases)
      await t.test(`${command} ${words.join(' ').replaceAll(folder, '')}`, async () => {
        const run =
          command === 'serve'
            ? await runCli([command, ...words], undefined, environment)
            : await runInProcess([command, ...words], environment === undefined ? {} : { environment });
        const told = run.err + run.out;
        assert.equal(run.code, code, told);
        assert.match(command === 'serve' ? (JSON.parse(told) as { msg: string }).msg : run.err, says);
        for (const word of ERRNO_WORDS) assert.ok(!new RegExp(`\\b${word}\\b`).test(told), told);
        assert.doesNotMatch(told, /\n {4}at /, 'no stack');
      });
});

test('serve tells that another program has its port', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const { code, out } = await runCli(['serve'], undefined, { PORT: String(port) });
    assert.equal(code, 78);
    assert.match(
      out,
      new RegExp(`cannot listen on 127\\.0\\.0\\.1 port ${port}: something else listens there already`),
    );
  } finally {
    server.close();
  }
});

test('a wrong command or option is told with the one that was probably meant', async () => {
  const cases: [words: string[], says: string][] = [
    [['verif'], 'there is no command "verif"; did you mean verify?'],
    [['constructor'], 'there is no command "constructor"; mailverdict --help lists them'],
    [['frobnicate'], 'there is no command "frobnicate"; mailverdict --help lists them'],
    [['verify', MESSAGE, '--clientip', '192.0.2.1'], 'unknown option --clientip; did you mean --client-ip?'],
    [['verify', MESSAGE, '--client-pi=192.0.2.1'], 'unknown option --client-pi; did you mean --client-ip?'],
    [['domain', 'brand.example', '--jsno'], 'unknown option --jsno; did you mean --json?'],
    [['verify', MESSAGE, '--frobnicate'], 'unknown option --frobnicate; mailverdict verify --help lists the options'],
    [['verify', MESSAGE, '-x'], 'unknown option -x; mailverdict verify --help lists the options'],
  ];
  for (const [words, says] of cases) {
    const { code, err } = await runInProcess(words);
    assert.equal(code, 64, words.join(' '));
    assert.equal(err, `mailverdict: ${says}\n`);
  }
});

test('systemReason finds the words of the system wherever they are in the causes, and says nothing of other errors', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED', errno: -111 });
  assert.equal(systemReason(new TypeError('fetch failed', { cause: refused })), 'nothing listens there');
  assert.equal(systemReason(Object.assign(new Error(), { code: 'EROFS', errno: -30 })), 'read-only file system');
  assert.equal(systemReason(new Error('something else')), null);
  assert.equal(systemReason(Object.assign(new Error(), { code: 'ERR_INVALID_ARG_TYPE' })), null);
  assert.equal(systemReason('no error'), null);
  assert.equal(listenFailure(refused), null);
});
