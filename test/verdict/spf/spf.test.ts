/** SPF of a verdict: which evaluator counts, and what is told where the two differ. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_MACROS } from '../../../src/verdict/spf/resolver.ts';
import { memoryLookup } from '../../spf/memory-zone.ts';
import { makeVerifier } from '../make-verifier.ts';

const MESSAGE = Buffer.from('From: a@a.example\r\n\r\nhello\r\n');
/**
 * After expansion the target has one label: RFC 7208 section 4.8 asks for it all the same, mailauth
 * does not.
 */
const LOOKUP = memoryLookup({
  'a.example': { TXT: ['v=spf1 a:%{h} -all'] },
  localhost: { A: ['192.0.2.1'] },
});
const FACTS = { clientIp: '192.0.2.1', helo: 'localhost', mailFrom: 'a@a.example' };

test('checkSpf takes the result of check_host(), and of mailauth in the lenient mode', async () => {
  for (const [strict, result] of [
    [true, 'pass'],
    [false, 'permerror'],
  ] as const) {
    const { spf } = await makeVerifier({ strict }, LOOKUP)(MESSAGE, FACTS);
    assert.equal(spf.result, result);
    assert.equal(spf.mailFrom?.domain, 'a.example');
    assert.equal(spf.mailFrom?.record, 'v=spf1 a:%{h} -all');
    assert.equal(spf.mailFrom?.lookups.limit, 10);
  }
});

test('checkSpf gives mailauth no record of more macros than it may expand', async () => {
  for (const [macros, reason] of [
    [MAX_MACROS, /does not permit|no record|cannot/],
    [MAX_MACROS + 1, /more than 256 macros/],
  ] as const) {
    const lookup = memoryLookup({ 'a.example': { TXT: [`v=spf1 exists:${'%{d}'.repeat(macros)}.a.example -all`] } });
    const { spf } = await makeVerifier({ strict: false }, lookup)(MESSAGE, FACTS);
    assert.equal(spf.result, macros > MAX_MACROS ? 'permerror' : 'fail');
    assert.match(spf.mailFrom?.reason ?? '', reason);
  }
});

test('traceSpf tells when the evaluator that does not count comes to another result', async () => {
  for (const [strict, told] of [
    [true, /is pass by check_host\(\), which counts, and fail by mailauth/],
    [false, /is permerror by mailauth, which counts, and pass by check_host\(\)/],
  ] as const) {
    const { findings, spf } = await makeVerifier({ strict }, LOOKUP)(MESSAGE, FACTS, { include: ['trace'] });
    const [finding] = findings.filter(({ code }) => code === 'spf-evaluators-differ');
    assert.match(finding?.message ?? '', told);
    assert.equal(spf.mailFrom?.trace?.result, 'pass');
  }
});

test('checkSpf tells a question without an answer as temperror in both modes (RFC 7208 section 4.4)', async () => {
  for (const strict of [true, false]) {
    const verify = makeVerifier({ strict }, async (question, deadlineMs) =>
      question.type === 'A' ? { kind: 'failure', failure: 'timeout', source: 'network' } : LOOKUP(question, deadlineMs),
    );
    const { spf } = await verify(MESSAGE, { ...FACTS, helo: 'mail.a.example' });
    assert.equal(spf.result, 'temperror');
    assert.match(spf.mailFrom?.reason ?? '', /temporary failure left SPF of a\.example unknown/);
  }
});

test('checkSpf tells no explanation that is not US-ASCII, in either mode (RFC 7208 section 6.2)', async () => {
  const lookup = memoryLookup({
    'a.example': { TXT: ['v=spf1 exp=why.a.example -all'] },
    'why.a.example': { TXT: ['%{l} is not ours'] },
    'b.example': { TXT: ['v=spf1 exp=why.b.example -all'] },
    'why.b.example': { TXT: ['not \u00fcs'] },
  });
  for (const strict of [true, false]) {
    const explain = async (mailFrom: string) =>
      (await makeVerifier({ strict }, lookup)(MESSAGE, { ...FACTS, helo: 'mx.c.example', mailFrom })).spf.mailFrom;
    assert.equal((await explain('joe@a.example'))?.explanation, 'joe is not ours');
    for (const mailFrom of ['j\u00f6rg@a.example', 'joe@b.example']) {
      const check = await explain(mailFrom);
      assert.deepEqual([check?.result, check?.explanation], ['fail', undefined], `${mailFrom}, strict ${strict}`);
    }
  }
});
