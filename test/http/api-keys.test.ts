/** API keys and their file. */
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type ApiKey,
  findKey,
  formatKeys,
  hashKey,
  KEY_ROLES,
  MAX_KEYS,
  makeKey,
  parseKeys,
  readKeys,
} from '../../src/http/api-keys.ts';

const HASH = `sha256:${'0a'.repeat(32)}`;

test('makeKey gives 256 random bits behind a prefix that scanners know', () => {
  const key = makeKey();
  assert.match(key, /^mv_[A-Za-z0-9_-]{43}$/);
  assert.notEqual(makeKey(), key);
  assert.equal(
    makeKey((size) => Buffer.alloc(size)),
    `mv_${Buffer.alloc(32).toString('base64url')}`,
  );
});

test('findKey finds the key itself and nothing like it', () => {
  const keys: ApiKey[] = ['one', 'two', 'three'].map((name) => ({
    name,
    hash: hashKey(`mv_${name}`),
    createdOn: '2026-11-22',
    role: 'client',
  }));
  assert.equal(findKey(keys, 'mv_one')?.name, 'one');
  assert.equal(findKey(keys, 'mv_three')?.name, 'three');
  for (const wrong of ['', 'mv_', 'mv_One', 'mv_one ', 'one', hashKey('mv_one').toString('hex'), 'm'.repeat(257)]) {
    assert.equal(findKey(keys, wrong), null, JSON.stringify(wrong.slice(0, 20)));
  }
  assert.equal(findKey([], 'mv_one'), null);
});

test('parseKeys reads what formatKeys writes', () => {
  const name = fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/);
  const key = fc.record({
    name,
    role: fc.constantFrom(...KEY_ROLES),
    hash: fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes)),
  });
  fc.assert(
    fc.property(fc.uniqueArray(key, { maxLength: 20, selector: (one) => one.name }), (made) => {
      const keys = made.map((one) => ({ ...one, createdOn: '2026-11-22' }));
      assert.deepEqual(parseKeys(formatKeys(keys), 'keys'), { kind: 'keys', keys });
    }),
  );
});

test('parseKeys tells every line that cannot be read', () => {
  const text = [
    '# a comment',
    '',
    `good ${HASH} 2026-11-22`,
    `bad/name ${HASH} 2026-11-22`,
    `good ${HASH} 2026-11-22`,
    'short sha256:0a 2026-11-22',
    'plain mv_this-is-a-key-itself 2026-11-22',
    `undated ${HASH}`,
    `late ${HASH} 2026-11-22 more`,
    `long ${HASH} 2026-11-22 operator more`,
  ].join('\r\n');
  assert.deepEqual(parseKeys(text, 'keys'), {
    kind: 'mistakes',
    mistakes: [
      'keys, line 4: the name must be letters, digits, dots, hyphens, underscores',
      'keys, line 5: the name good is used twice',
      'keys, line 6: the hash must be sha256: and 64 hex digits',
      'keys, line 7: the hash must be sha256: and 64 hex digits',
      'keys, line 8: the day must be as in 2026-11-22',
      'keys, line 9: the line must end with the role client or operator',
      'keys, line 10: the line must end with the role client or operator',
    ],
  });
});

test('parseKeys takes a line without a role for that of a client', () => {
  const outcome = parseKeys(`old ${HASH} 2026-11-22\nnew ${HASH} 2026-11-22 operator\n`, 'keys');
  assert.deepEqual(outcome.kind === 'keys' && outcome.keys.map(({ role }) => role), ['client', 'operator']);
});

test('parseKeys tells an empty file from one of which all keys are revoked', () => {
  for (const text of ['', ' \n\n']) assert.deepEqual(parseKeys(text, 'keys'), { kind: 'empty' });
  assert.deepEqual(parseKeys(formatKeys([]), 'keys'), { kind: 'keys', keys: [] });
});

test('parseKeys takes as many keys as each request can be compared with', () => {
  const lines = (count: number) =>
    Array.from({ length: count }, (_, index) => `k${index} ${HASH} 2026-11-22`).join('\n');
  assert.equal(parseKeys(lines(MAX_KEYS), 'keys').kind, 'keys');
  assert.deepEqual(parseKeys(lines(MAX_KEYS + 1), 'keys'), {
    kind: 'mistakes',
    mistakes: ['keys holds 1001 keys; the most is 1000'],
  });
});

test('readKeys tells a file that is missing or too large', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mailverdict-keys-'));
  const missing = join(folder, 'missing');
  assert.deepEqual(readKeys(missing), {
    kind: 'mistakes',
    mistakes: [`${missing} cannot be read: there is no such file`],
  });
  const large = join(folder, 'large');
  writeFileSync(large, '#'.repeat(262_145));
  assert.deepEqual(readKeys(large), { kind: 'mistakes', mistakes: [`${large} is too large`] });
});
