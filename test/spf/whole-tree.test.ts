import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SpfTraceRecord, type SpfTraceTerm } from '../../schemas/spf.ts';
import { type CheckHostResult, checkHost } from '../../src/spf/check-host.ts';
import { type MemoryZone, memoryLookup } from './memory-zone.ts';

type CheckHostOptions = Parameters<typeof checkHost>[1];

const input = {
  ip: '192.0.2.1',
  domain: 'a.example',
  sender: 'user@a.example',
  helo: 'mail.a.example',
  receiver: 'mx.example',
};

const check = (
  zone: MemoryZone,
  parts: Partial<CheckHostOptions> = {},
  asked: string[] = [],
): Promise<CheckHostResult> =>
  checkHost(input, { lookup: memoryLookup(zone, asked), deadlineMs: Number.POSITIVE_INFINITY, whole: true, ...parts });

const decision = ({ result, reason, matched, lookups, voids, explanation }: CheckHostResult) => ({
  result,
  reason,
  matched,
  lookups,
  voids,
  explanation,
});

const allTerms = (record: SpfTraceRecord): SpfTraceTerm[] =>
  record.terms.flatMap((term) => [term, ...(term.record === undefined ? [] : allTerms(term.record))]);

const txt = (text: string) => ({ TXT: [text] });

/** a.example includes 14 domains of two lookups each: 43 lookups in all, past the limit of 10. */
const wide: MemoryZone = {
  'a.example': txt(`v=spf1 ${Array.from({ length: 14 }, (_, index) => `include:i${index}.example`).join(' ')} mx -all`),
  ...Object.fromEntries(
    Array.from({ length: 14 }, (_, index) => [
      `i${index}.example`,
      { ...txt('v=spf1 a a:h.example -all'), A: ['10.0.0.1'] },
    ]),
  ),
  'h.example': { A: ['10.0.0.2'] },
};

describe('checkHost with whole', () => {
  it('reads on past the limit and leaves the result as it was', async () => {
    const [short, whole] = [await check(wide, { whole: false }), await check(wide)];
    assert.deepEqual(decision(whole), decision(short));
    assert.equal(whole.result, 'permerror');
    assert.deepEqual(whole.tree, { lookups: 43, voids: 1, complete: true });
    assert.equal(short.tree, null);
    const terms = allTerms(whole.trace);
    assert.equal(terms.filter(({ name }) => name === 'a').length, 28);
    assert.ok(terms.every(({ answers, lookups }) => lookups === 0 || answers.length > 0));
    assert.deepEqual(
      terms.filter(({ limit }) => limit !== undefined).map(({ text, limit }) => [text, limit]),
      [['a', 'lookups']],
    );
  });

  it('reads on past the match, and marks what was not reached', async () => {
    const whole = await check({
      'a.example': txt('v=spf1 ip4:192.0.2.1 include:b.example redirect=c.example'),
      'b.example': txt('v=spf1 a:gone.example -all'),
      'c.example': txt('v=spf1 -all'),
    });
    assert.deepEqual([whole.result, whole.lookups.used], ['pass', 0]);
    assert.deepEqual(
      allTerms(whole.trace).map(({ text, outcome }) => [text, outcome]),
      [
        ['ip4:192.0.2.1', 'match'],
        ['include:b.example', 'not-reached'],
        ['a:gone.example', 'not-reached'],
        ['-all', 'not-reached'],
        ['redirect=c.example', 'not-reached'],
        ['-all', 'not-reached'],
      ],
    );
    assert.equal(whole.trace.terms[1]?.record?.result, null);
    assert.deepEqual(whole.tree, { lookups: 3, voids: 1, complete: true });
  });

  it('reads the terms beside a faulty one', async () => {
    const whole = await check({
      'a.example': txt('v=spf1 include:b.example foo -all'),
      'b.example': txt('v=spf1 -all'),
    });
    assert.equal(whole.result, 'permerror');
    assert.deepEqual(
      whole.trace.terms.map(({ outcome, record }) => [outcome, record?.text]),
      [
        ['not-reached', 'v=spf1 -all'],
        ['error', undefined],
        ['not-reached', undefined],
      ],
    );
  });

  it('tells a loop as such and does not follow it again', async () => {
    const whole = await check({
      'a.example': txt('v=spf1 ip4:192.0.2.1 include:b.example -all'),
      'b.example': txt('v=spf1 include:A.example -all'),
    });
    const loop = allTerms(whole.trace).find((term) => term.loop);
    assert.equal(loop?.text, 'include:A.example');
    assert.match(loop?.reason ?? '', /loop/);
    assert.deepEqual(loop?.record?.terms, []);
    assert.equal(whole.result, 'pass');
  });

  it('asks at most as many extra questions as its limit says, and tells where it stopped', async () => {
    const asked: string[] = [];
    const whole = await check(wide, { limits: { extraQuestions: 7 } }, asked);
    const without: string[] = [];
    await check(wide, { whole: false }, without);
    assert.equal(asked.length - without.length, 7);
    assert.equal(whole.tree?.complete, false);
    assert.ok(allTerms(whole.trace).some(({ limit }) => limit === 'questions'));
  });

  it('goes at most as deep as its limit says', async () => {
    const chain = Object.fromEntries(
      Array.from({ length: 30 }, (_, index) => [`c${index}.example`, txt(`v=spf1 include:c${index + 1}.example -all`)]),
    );
    const whole = await check({ ...chain, 'a.example': txt('v=spf1 ip4:192.0.2.1 include:c0.example -all') });
    const deepest = allTerms(whole.trace).find(({ limit }) => limit === 'nesting');
    assert.equal(deepest?.text, 'include:c20.example');
    assert.equal(whole.tree?.complete, false);
    assert.equal(whole.result, 'pass');
  });

  it('answers for a tree of thousands of terms within its bounds', async () => {
    const many = (name: string) => Array.from({ length: 1000 }, (_, index) => `${name}:n${index}.example`).join(' ');
    const asked: string[] = [];
    const zone = { 'a.example': txt(`v=spf1 ip4:192.0.2.1 ${many('include')} ${many('a')} ${many('mx')} -all`) };
    const whole = await check(zone, {}, asked);
    assert.equal(whole.result, 'pass');
    assert.ok(asked.length <= 1 + 128, String(asked.length));
    assert.equal(whole.trace.terms.length, 2000);
    assert.equal(whole.trace.omittedTerms, 1002);
    assert.equal(whole.tree?.complete, false);
  });

  it('keeps the deciding term in a trace that is full', async () => {
    const whole = await check(
      { 'a.example': txt('v=spf1 ip4:10.0.0.1 ip4:10.0.0.2 -all') },
      { limits: { traceTerms: 1 } },
    );
    assert.deepEqual(
      whole.trace.terms.map(({ text, decided }) => [text, decided]),
      [
        ['ip4:10.0.0.1', false],
        ['-all', true],
      ],
    );
    assert.equal(whole.trace.omittedTerms, 1);
  });

  it('shows at most 50 values of an answer, each cut after 500 characters, and uses all of them', async () => {
    const others = Array.from({ length: 60 }, (_, index) => `10.0.0.${index}`);
    const { result, trace } = await check({
      'a.example': { TXT: ['v=spf1 include:b.example a -all'], A: [...others, '192.0.2.1'] },
      'b.example': txt(`v=spf1 ${'ip4:10.0.0.1 '.repeat(100)}`),
    });
    assert.equal(result, 'pass');
    assert.deepEqual(
      trace.terms.map(({ answers }) => answers.map(({ values }) => [values.length, values[0]?.length])),
      [[[1, 500]], [[50, 8]], []],
    );
  });

  it('gives a trace that follows its schema', async () => {
    const { trace } = await check(wide);
    assert.deepEqual(SpfTraceRecord.parse(trace), trace);
  });
});
