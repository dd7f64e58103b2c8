import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DnsUsage, Evidence } from '../../../schemas/dns.ts';
import { reached } from '../../../schemas/limit.ts';
import { DnsSettings } from '../../../schemas/settings/dns.ts';
import { withBudget } from '../../../src/dns/budget/budget.ts';
import { budgetLimits } from '../../../src/dns/budget/limits.ts';
import type { Answer, Lookup } from '../../../src/dns/lookup.ts';
import { recorded } from '../../../src/dns/zone/recorded.ts';
import { handTime } from '../../hand-time.ts';

const limits = {
  maxQuestions: 256,
  maxMisses: 128,
  maxDomains: 64,
  maxFailures: 8,
  maxElapsedMs: 20_000,
  maxRecords: 64,
  maxTextBytes: 65_535,
};
const LATER = 1e9;

/** A clock that stands still until it is moved. */
const handClock = () => {
  let nowMs = 1000;
  return { clock: () => nowMs, advance: (ms: number) => (nowMs += ms) };
};

/**
 * Answers `hit…` from memory, `down…` with a failure, all else from the network; a passed deadline
 * reaches memory only.
 */
const scripted = (clock: () => number) => {
  const asked: string[] = [];
  const lookup: Lookup = async ({ name, type }, deadlineMs) => {
    const records: Answer = {
      kind: 'records',
      records: [[name]],
      ttlSeconds: 60,
      authenticated: false,
      source: name.startsWith('hit') ? 'cache' : 'network',
      rcode: 0,
    };
    if (name.startsWith('hit')) return records;
    if (deadlineMs <= clock()) return { kind: 'failure', failure: 'timeout', source: 'local' };
    asked.push(`${name} ${type}`);
    return name.startsWith('down') ? { kind: 'failure', failure: 'servfail', source: 'network', rcode: 2 } : records;
  };
  return { lookup, asked };
};

const failureOf = (answer: Answer) => (answer.kind === 'failure' ? answer.failure : answer.kind);
const txt = (name: string) => ({ name, type: 'TXT' as const });

test('withBudget asks an identical question once and keeps each in the ledger', async () => {
  const { clock, advance } = handClock();
  const { lookup, asked } = scripted(clock);
  const budget = withBudget(
    async (question, deadlineMs) => {
      advance(7);
      return lookup(question, deadlineMs);
    },
    limits,
    clock,
  );
  advance(5);
  await Promise.all([
    budget.lookup(txt('b.example'), LATER),
    budget.lookup(txt('B.Example.'), LATER),
    budget.lookup({ name: 'b.example', type: 'A' }, LATER),
    budget.lookup(txt('a.example'), LATER),
  ]);
  await budget.lookup(txt('b.example'), LATER);
  assert.deepEqual(asked, ['b.example TXT', 'b.example A', 'a.example TXT']);
  const evidence = budget.evidence();
  assert.deepEqual(
    evidence.map((entry) => `${entry.name} ${entry.type}`),
    ['a.example TXT', 'b.example A', 'b.example TXT'],
  );
  assert.deepEqual(evidence[2], {
    name: 'b.example',
    type: 'TXT',
    outcome: 'records',
    records: [['b.example']],
    ttlSeconds: 60,
    rcode: 0,
    authenticated: false,
    source: 'network',
    startedMs: 5,
    elapsedMs: 21,
  });
  assert.deepEqual(budget.usage(), {
    questions: { used: 3, limit: 256 },
    misses: { used: 3, limit: 128 },
    domains: { used: 2, limit: 64 },
    failures: { used: 0, limit: 8 },
    elapsedMs: { used: 21, limit: 20_000 },
    exceeded: [],
  });
});

test('withBudget refuses what is over each limit and says which', async () => {
  const cases = [
    {
      limit: 'questions',
      limits: { maxQuestions: 3 },
      names: ['hit1.a.test', 'hit2.a.test', 'hit3.a.test'],
      memory: 'limit',
    },
    { limit: 'misses', limits: { maxMisses: 2 }, names: ['n1.a.test', 'n2.a.test'], memory: 'records' },
    { limit: 'domains', limits: { maxDomains: 2 }, names: ['n1.a.test', 'n2.b.test'], memory: 'limit' },
    { limit: 'failures', limits: { maxFailures: 2 }, names: ['down1.a.test', 'down2.a.test'], memory: 'records' },
  ] as const;
  for (const given of cases) {
    const { clock } = handClock();
    const { lookup, asked } = scripted(clock);
    const budget = withBudget(lookup, { ...limits, ...given.limits }, clock);
    for (const name of given.names) assert.notEqual(failureOf(await budget.lookup(txt(name), LATER)), 'limit');
    assert.deepEqual(budget.usage().exceeded, []);
    const before = asked.length;
    const over = await budget.lookup(txt('over.c.test'), LATER);
    const limit = reached(given.limit, Object.values(given.limits)[0] ?? 0);
    assert.deepEqual(over, { kind: 'failure', failure: 'limit', limit, source: 'local' });
    assert.equal(failureOf(await budget.lookup(txt('hit-over.d.test'), LATER)), given.memory, given.limit);
    assert.equal(asked.length, before);
    assert.deepEqual(budget.usage().exceeded, [limit]);
  }
});

test('withBudget holds the limit on misses against concurrent questions', async () => {
  const { clock } = handClock();
  const { lookup, asked } = scripted(clock);
  const budget = withBudget(lookup, { ...limits, maxMisses: 5 }, clock);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => budget.lookup(txt(`n${index}.a.test`), LATER)),
  );
  assert.equal(asked.length, 5);
  assert.equal(answers.filter((answer) => failureOf(answer) === 'limit').length, 15);
  assert.equal(budget.usage().misses.used, 5);
});

test('withBudget ends the DNS phase: the deadline is cut, a cut question is the budget, memory still answers', async () => {
  const { clock, advance } = handClock();
  const deadlines: number[] = [];
  const { lookup } = scripted(clock);
  const budget = withBudget(
    async (question, deadlineMs) => {
      deadlines.push(deadlineMs);
      if (question.name !== 'slow.a.test') return lookup(question, deadlineMs);
      advance(deadlineMs - clock());
      return { kind: 'failure', failure: 'timeout', source: 'network' };
    },
    { ...limits, maxElapsedMs: 500 },
    clock,
  );
  await budget.lookup(txt('quick.a.test'), LATER);
  advance(100);
  const cut = await budget.lookup(txt('slow.a.test'), LATER);
  assert.deepEqual(cut, { kind: 'failure', failure: 'limit', limit: reached('time', 500), source: 'local' });
  assert.deepEqual(deadlines, [1500, 1500]);
  assert.equal(failureOf(await budget.lookup(txt('after.a.test'), LATER)), 'limit');
  assert.equal(failureOf(await budget.lookup(txt('hit.a.test'), LATER)), 'records');
  assert.deepEqual(budget.usage().exceeded, [reached('time', 500)]);
});

test('withBudget answers a bad name itself, and counts neither a domain nor a failure for it', async () => {
  const { clock } = handClock();
  const { lookup, asked } = scripted(clock);
  const budget = withBudget(lookup, limits, clock);
  for (const name of ['', '.', 'a..b', 'nul\0.example', `${'x'.repeat(64)}.example`, 'y'.repeat(100_000)])
    assert.equal(failureOf(await budget.lookup(txt(name), LATER)), 'badname');
  assert.deepEqual(asked, []);
  const usage = budget.usage();
  assert.deepEqual([usage.questions.used, usage.domains.used, usage.failures.used], [6, 0, 0]);
  assert.ok(budget.evidence().every((entry) => entry.name.length <= 300));
});

test('withBudget bounds its ledger however many questions come', async () => {
  const { clock } = handClock();
  const { lookup } = scripted(clock);
  const budget = withBudget(lookup, { ...limits, maxQuestions: 10 }, clock);
  for (let index = 0; index < 100; index++) await budget.lookup(txt(`hit${index}.a.test`), LATER);
  assert.equal(budget.evidence().length, 20);
  assert.equal(budget.usage().questions.used, 10);
});

test('withBudget lets a second asker leave at its own deadline', async (context) => {
  const time = handTime(context);
  let land: (answer: Answer) => void = () => {};
  const flight = new Promise<Answer>((resolve) => {
    land = resolve;
  });
  const budget = withBudget(() => flight, limits, time.clock);
  const first = budget.lookup(txt('slow.a.test'), 60_000);
  const second = budget.lookup(txt('slow.a.test'), 5);
  time.pass(5);
  assert.equal(failureOf(await second), 'timeout');
  land({ kind: 'nodata', ttlSeconds: 1, authenticated: false, source: 'network' });
  assert.equal((await first).kind, 'nodata');
  assert.equal((await budget.lookup(txt('slow.a.test'), -1)).kind, 'nodata');
});

test('withBudget in a replay comes to the same evidence and usage, in any order', async () => {
  const { clock, advance } = handClock();
  const { lookup } = scripted(clock);
  const small = { ...limits, maxQuestions: 9, maxMisses: 4, maxDomains: 5, maxFailures: 2 };
  const live = withBudget(
    async (question, deadlineMs) => {
      advance(1.234);
      return lookup(question, deadlineMs);
    },
    small,
    clock,
  );
  const names = [
    'n1.a.test',
    'hit1.b.test',
    'down1.c.test',
    'a..b',
    'n2.a.test',
    'down2.c.test',
    'n3.d.test',
    'hit2.d.test',
    'n4.e.test',
    'n5.f.test',
    'n6.f.test',
    'n7.f.test',
  ];
  for (const name of names) await live.lookup(txt(name), LATER);
  const evidence = live.evidence();
  assert.ok(live.usage().exceeded.length >= 2);

  for (const order of [names, [...names].reverse()]) {
    const replay = withBudget(recorded(evidence), small, clock, 'replay');
    await Promise.all(order.map((name) => replay.lookup(txt(name), LATER)));
    assert.deepEqual(replay.evidence(), evidence);
    assert.deepEqual(replay.usage(), live.usage());
  }
});

test('withBudget speaks the schemas of evidence and usage', async () => {
  const { clock } = handClock();
  const { lookup } = scripted(clock);
  const budget = withBudget(lookup, { ...limits, maxFailures: 1 }, clock);
  for (const name of ['n.a.test', 'down.a.test', 'over.a.test', 'hit.a.test', 'a..b'])
    await budget.lookup(txt(name), LATER);
  for (const entry of budget.evidence()) assert.deepEqual(Evidence.parse(entry), entry);
  assert.deepEqual(DnsUsage.parse(budget.usage()), budget.usage());
});

test('budgetLimits takes the limits of the settings, and the fixed ones on one answer', () => {
  assert.deepEqual(budgetLimits(DnsSettings.parse({})), limits);
});
