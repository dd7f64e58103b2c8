/**
 * `mailverdict completion`: the scripts are tried in the shells that are there, and always hold
 * every command.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { COMMANDS } from '../../src/cli/commands.ts';
import { runCli } from './run-cli.ts';

const scriptFor = async (shell: string): Promise<string> => {
  const { code, out, err } = await runCli(['completion', shell]);
  assert.equal(code, 0, err);
  return out;
};

test('completion knows every command with its words and options, in each shell', async (t) => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    await t.test(shell, async () => {
      const script = await scriptFor(shell);
      for (const [name, { load }] of Object.entries(COMMANDS)) {
        const { words = [], options } = await load();
        for (const word of [name, ...words, ...Object.keys(options)])
          assert.ok(script.includes(word), `${name}: ${word}`);
      }
    });
  }
});

test('completion for bash completes as a user types', async (t) => {
  const script = await scriptFor('bash');
  const complete = (...words: string[]): string[] => {
    const line = words.map((word) => `'${word}'`).join(' ');
    const { stdout, stderr, status } = spawnSync(
      'bash',
      [
        '--norc',
        '-c',
        `${script}\nCOMP_WORDS=(${line}) COMP_CWORD=${words.length - 1}\n_mailverdict\nprintf '%s\\n' "\${COMPREPLY[@]}"`,
      ],
      { encoding: 'utf8' },
    );
    assert.equal(status, 0, stderr);
    return stdout.split('\n').filter((word) => word !== '');
  };
  const cases: [words: string[], expected: string[]][] = [
    [['mailverdict', 'ver'], ['verify']],
    [['mailverdict', 'keys', 're'], ['revoke']],
    [
      ['mailverdict', 'completion', ''],
      ['bash', 'zsh', 'fish', '--help'],
    ],
    [
      ['mailverdict', 'verify', '--client'],
      ['--client-ip', '--client-name', '--client-name-check'],
    ],
    [['mailverdict', 'nothing', ''], []],
  ];
  for (const [words, expected] of cases) {
    await t.test(words.join(' '), () => assert.deepEqual(complete(...words), expected));
  }
});

test('completion for another shell is wrong use', async () => {
  assert.equal((await runCli(['completion', 'tcsh'])).code, 64);
  assert.equal((await runCli(['completion'])).code, 64);
});
