/**
 * `mailverdict dns`: an answer with all that is known of it. Names of the examples' zone are
 * answered locally.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCli } from './run-cli.ts';

test('dns tells records, TTL, RCODE, AD and whence the answer is', async (t) => {
  const cases: [words: string[], code: number, out: RegExp][] = [
    [
      ['brand.example', 'MX'],
      0,
      /^10 mail\.brand\.example\nTTL 3600 s; RCODE NOERROR; no AD; from the local zone file, [\d.]+ ms\n$/,
    ],
    [['BRAND.example.', 'mx'], 0, /^10 mail\.brand\.example\n/],
    [['_dmarc.brand.example'], 0, /^"v=DMARC1;.*\nTTL /],
    [['nothing-here.brand.example', 'A'], 0, /^the name does not exist \(NXDOMAIN\)\nTTL .*RCODE NXDOMAIN/],
    [['brand.example', 'TLSA'], 0, /^the name exists and has no such record \(NODATA\)\n/],
    [['elsewhere.test', 'A'], 2, /^no answer: a DNS failure \(network\)\nfrom 127\.0\.0\.1:9, /],
    [['a..b', 'A'], 2, /^no answer: a DNS failure \(badname\)\ndecided without asking, /],
  ];
  for (const [words, code, out] of cases) {
    await t.test(words.join(' '), async () => {
      const run = await runCli(['dns', ...words]);
      assert.equal(run.code, code, run.err);
      assert.match(run.out, out);
    });
  }
});

test('dns --json gives the answer as it is', async () => {
  const answer = JSON.parse((await runCli(['dns', 'brand.example', 'MX', '--json'])).out);
  assert.equal(answer.kind, 'records');
  assert.deepEqual(answer.records, [{ priority: 10, exchange: 'mail.brand.example' }]);
  assert.equal(answer.source, 'zone');
  assert.deepEqual(answer.servers, ['127.0.0.1:9']);
});

test('dns tells wrong use', async () => {
  for (const words of [[], ['brand.example', 'MX', 'more'], ['brand.example', 'SRV']]) {
    const run = await runCli(['dns', ...words]);
    assert.equal(run.code, 64, words.join(' '));
    assert.match(run.err, /^mailverdict: \S/);
  }
});
