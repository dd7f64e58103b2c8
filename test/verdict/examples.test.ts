/**
 * Every example, end to end: the words its table promises, the schema, the size, and the replay
 * without DNS.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXAMPLES } from '../../examples/cases.ts';
import { ReplayedVerdict } from '../../schemas/requests/replay.ts';
import { Verdict } from '../../schemas/verdict.ts';
import { readAuthenticationResults } from '../../src/message/authentication-results.ts';
import { createReplayer } from '../../src/verdict/replay.ts';
import { example, makeVerifier, PARTS } from './make-verifier.ts';

const verify = makeVerifier();

for (const { file, smtp, expect } of EXAMPLES) {
  test(`verify gives ${file} the words of its table`, async () => {
    const verdict = await verify(example(file), smtp);
    assert.equal(verdict.spf.result, expect.spf);
    assert.deepEqual(
      verdict.dkim.map(({ result }) => result),
      expect.dkim,
    );
    assert.equal(verdict.arc.result, expect.arc);
    assert.equal(verdict.dmarc.result, expect.dmarc);
    assert.equal(verdict.dmarc.rfc9989.policy?.applies ?? null, expect.policy);
    assert.equal(verdict.author.authenticated, expect.dmarc === 'pass');
  });

  test(`verify gives ${file} a verdict that keeps to its schema, with every field described`, async () => {
    const verdict = JSON.parse(JSON.stringify(await verify(example(file), smtp, { include: ['trace', 'evidence'] })));
    // Parsing leaves out what the schema does not know, so equality proves that nothing is
    // undocumented.
    assert.deepEqual(Verdict.parse(verdict), verdict);
  });

  test(`Authentication-Results of ${file} reads back to the same results`, async () => {
    const verdict = await verify(example(file), smtp);
    const text = verdict.headers.authenticationResults;
    for (const line of text.split('\r\n')) assert.ok(line.length <= 78, line);
    const read = readAuthenticationResults(text.slice(text.indexOf(':') + 1).replaceAll('\r\n', ''));
    assert.equal(read.kind, 'results');
    assert.equal(read.authservId, 'mx.receiver.example');
    const words = (method: string) => read.results.filter((one) => one.method === method).map(({ result }) => result);
    assert.deepEqual(
      words('spf'),
      [verdict.spf.mailFrom, verdict.spf.helo].flatMap((check) => check?.result ?? []),
    );
    assert.deepEqual(words('dkim'), verdict.dkim.length === 0 ? ['none'] : verdict.dkim.map(({ result }) => result));
    assert.deepEqual(words('dmarc'), [verdict.dmarc.result]);
    assert.deepEqual(words('arc'), [verdict.arc.result]);
  });

  test(`replay of ${file} gives the same verdict without a lookup`, async () => {
    const verdict = await verify(example(file), smtp, { include: ['trace', 'evidence'] });
    const stored = ReplayedVerdict.parse(JSON.parse(JSON.stringify(verdict)));
    const replayed = await createReplayer(PARTS)(example(file), stored);
    assert.deepEqual(replayed.differences, []);
    assert.equal(replayed.same, true);
  });
}
