import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { z } from 'zod';
import type { RecordType } from '../../schemas/dns.ts';
import { DnsSettings } from '../../schemas/settings/dns.ts';
import type { Answer, Lookup } from '../../src/dns/lookup.ts';
import { createResolver, type QuestionEvent } from '../../src/dns/resolver.ts';
import { freePort } from '../free-port.ts';
import { handTime } from '../hand-time.ts';
import { CATALOGUE } from './faults/catalogue.ts';
import { changed, nameOf, text } from './faults/replies.ts';
import { type ScriptedServer, type ServedQuery, scriptedServer, soa } from './scripted-server.ts';

type ResolverDependencies = NonNullable<Parameters<typeof createResolver>[1]>;

const FAR_MS = 60_000;

const answering = (query: ServedQuery) => query.answer(text(query, 'right'));
const silent = () => {};

/** Tries that a silent server lets run out soon; the question itself waits on. */
const IMPATIENT = { dnsFirstTryMs: 60, dnsLaterTryMs: 120 };

/** A server that ends with the test. */
const serverFor = async (context: TestContext, script: (query: ServedQuery) => unknown): Promise<ScriptedServer> => {
  const server = await scriptedServer(script);
  context.after(() => server.close());
  return server;
};

/**
 * A resolver that ends with the test. It waits longer for a server than any machine stands still:
 * a test in which time runs out moves it by hand.
 */
const resolverFor = (
  context: TestContext,
  servers: readonly (ScriptedServer | string)[],
  settings: z.input<typeof DnsSettings> = {},
  parts: ResolverDependencies = {},
) => {
  const resolver = createResolver(
    DnsSettings.parse({
      dnsServers: servers.map((server) => (typeof server === 'string' ? server : server.literal)),
      dnsQuestionTimeoutMs: 30_000,
      dnsFirstTryMs: 10_000,
      dnsLaterTryMs: 10_000,
      ...settings,
    }),
    parts,
  );
  context.after(() => resolver.close());
  const clock = parts.clock ?? (() => performance.now());
  const ask = (name: string, type: RecordType = 'TXT') => resolver.lookup({ name, type }, clock() + FAR_MS);
  return { ...resolver, ask };
};

/** "right" for the right records, else the kind or the failure. */
const told = (answer: Answer): string =>
  answer.kind === 'failure' ? answer.failure : answer.kind === 'records' ? String(answer.records) : answer.kind;

/** A port of the loopback on which nobody listens. */
const closedPort = async (): Promise<string> => `127.0.0.1:${await freePort()}`;

/** What the healthy server holds. */
const rightZone: Lookup = async () => ({
  kind: 'records',
  records: [['right']],
  ttlSeconds: 60,
  authenticated: false,
  source: 'zone',
});
/** A limit of ours is no fault of a server: another one would give the same. */
const FAILURES = CATALOGUE.filter(({ outcome }) => !['right', 'nodata', 'nxdomain', 'limit'].includes(outcome));

/**
 * A zero picks the second of two healthy servers first; the numbers behind it differ, as ids must.
 */
const countUp = (bytes: Uint8Array) => {
  const numbers = new Uint16Array(bytes.buffer);
  for (const index of numbers.keys()) numbers[index] = index;
};

test('createResolver gets the answer from a second server when the first one fails, whatever its fault', async (context) => {
  const left = [...FAILURES];
  const play = async (): Promise<void> => {
    for (let fault = left.pop(); fault !== undefined; fault = left.pop()) {
      const { what, script } = fault;
      const bad = await serverFor(context, (query) => script(query, rightZone));
      const good = await serverFor(context, answering);
      const resolver = resolverFor(context, [good, bad], IMPATIENT, { fillRandom: countUp });
      assert.equal(told(await resolver.ask('a.example')), 'right', what);
      assert.ok(good.queries.length > 0, what);
    }
  };
  await Promise.all(Array.from({ length: 16 }, play));
});

test('createResolver fails over at once from a closed port', async (context) => {
  const closed = await closedPort();
  const alone = resolverFor(context, [closed]);
  assert.equal(told(await alone.ask('a.test')), 'network');
  const good = await serverFor(context, answering);
  const both = resolverFor(context, [good, closed], {}, { fillRandom: (bytes) => bytes.fill(0) });
  assert.equal(told(await both.ask('a.test')), 'right');
});

test('createResolver hears of a closed port for each of many questions on one socket', async (context) => {
  // Timers that would outlast the test: only the error can end them.
  const resolver = resolverFor(context, [await closedPort()], { dnsUdpSockets: 1 });
  for (const count of [2, 3, 20]) {
    const answers = await Promise.all(Array.from({ length: count }, (_, at) => resolver.ask(`n${at}.of${count}.test`)));
    assert.deepEqual(new Set(answers.map(told)), new Set(['network']), String(count));
  }
});

test('createResolver fails with network when it has no server', async (context) => {
  const resolver = resolverFor(context, [], {}, { systemServers: () => ['not an address'] });
  assert.equal(told(await resolver.ask('a.test')), 'network');
});

test('createResolver takes the system servers when the settings name none', async (context) => {
  const server = await serverFor(context, answering);
  const resolver = resolverFor(context, [], {}, { systemServers: () => [server.literal] });
  assert.equal(told(await resolver.ask('a.test')), 'right');
});

test('createResolver never takes an answer by what it was not asked', async (context) => {
  // Each lie comes before the truth; the question waits on.
  const server = await serverFor(context, (query) => {
    query.send(changed(query, 0, (octet) => octet ^ 1));
    query.answer({ ...text(query, 'wrong'), questions: [{ name: 'other.test', type: 16 }] });
    query.answer({ ...text(query, 'wrong'), questions: [] });
    query.send(Buffer.from('garbage'));
    query.send(Buffer.alloc(0));
    query.answer({
      answers: [...text(query, 'right').answers, { name: 'evil.test', type: 'TXT', ttlSeconds: 1, data: ['evil'] }],
    });
  });
  const resolver = resolverFor(context, [server]);
  assert.equal(told(await resolver.ask('a.test')), 'right');
});

test('createResolver asks in lower case and takes the question back in any case', async (context) => {
  const server = await serverFor(context, (query) => {
    const [question] = query.message.questions;
    assert.equal(question?.name, 'mixed.test');
    query.answer({
      questions: [{ name: 'mIxEd.TeSt', type: 16 }],
      answers: [{ name: 'MIXED.test', type: 'TXT', ttlSeconds: 9, data: ['right'] }],
    });
  });
  const resolver = resolverFor(context, [server]);
  assert.equal(told(await resolver.ask('MiXed.TEST.')), 'right');
});

test('createResolver sends names with any byte that DNS allows', async (context) => {
  const names = [
    'bob+tag._spf.test',
    'a=b!._spf.test',
    '"quoted local"._spf.test',
    'back\\slash.test',
    `${'x'.repeat(63)}.test`,
  ];
  const server = await serverFor(context, answering);
  const resolver = resolverFor(context, [server]);
  for (const name of names) assert.equal(told(await resolver.ask(name)), 'right', name);
  assert.deepEqual(
    server.queries.map((query) => query.message.questions[0]?.name),
    names,
  );
});

test('createResolver answers bad and special names without a query', async (context) => {
  const server = await serverFor(context, answering);
  const resolver = resolverFor(context, [server]);
  for (const name of ['', '.', 'a..test', 'nul\0.test', 'zwj\u200d.test', `${'x'.repeat(64)}.test`, 'y.'.repeat(128)])
    assert.equal(told(await resolver.ask(name)), 'badname', name);
  for (const name of [
    'localhost',
    'a.localhost',
    'x.onion',
    '10.2.0.192.in-addr.arpa',
    '1.0.8.b.d.0.1.0.0.2.ip6.arpa',
    'nas.home.arpa',
    'db.internal',
  ])
    assert.equal(told(await resolver.ask(name)), 'nxdomain', name);
  assert.equal(server.queries.length, 0);
  const open = resolverFor(context, [server], { dnsRefuseInternalNames: 'no' });
  for (const name of ['db.internal', '10.2.0.192.in-addr.arpa']) assert.equal(told(await open.ask(name)), 'right');
  assert.equal(told(await open.ask('a.localhost')), 'nxdomain');
});

test('createResolver goes to TCP for what does not fit, and over one connection', async (context) => {
  const long = Array.from({ length: 40 }, (_, at) => `${at}:${'x'.repeat(200)}`);
  const server = await serverFor(context, (query) =>
    query.transport === 'tcp' ? query.answer(text(query, ...long)) : query.answer({ isTruncated: true }),
  );
  const resolver = resolverFor(context, [server]);
  const answers = await Promise.all(Array.from({ length: 20 }, (_, at) => resolver.ask(`n${at}.test`)));
  for (const answer of answers) assert.equal(answer.kind === 'records' && answer.records.length, 40);
  const overTcp = server.queries.filter((query) => query.transport === 'tcp');
  assert.equal(overTcp.length, 20);
  assert.equal(new Set(overTcp.map((query) => query.clientPort)).size, 1);
});

test('createResolver reads TCP messages however they are cut, and out of order', async (context) => {
  const waiting: ServedQuery[] = [];
  const server = await serverFor(context, (query) => {
    if (query.transport === 'udp') return query.answer({ isTruncated: true });
    waiting.push(query);
    if (waiting.length === 3)
      for (const held of waiting.reverse()) held.answer(text(held, held.message.questions[0]?.name ?? ''));
  });
  const resolver = resolverFor(context, [server]);
  const names = ['a.test', 'b.test', 'c.test'];
  const answers = await Promise.all(names.map((name) => resolver.ask(name)));
  assert.deepEqual(answers.map(told), names);
});

test('createResolver asks once more on a new connection when the server closed the old one meanwhile', async (context) => {
  const server = await serverFor(context, (query) => {
    if (query.transport === 'udp') query.answer({ isTruncated: true });
    else if (query.index === 1) query.reset();
    else answering(query);
  });
  const resolver = resolverFor(context, [server]);
  assert.equal(told(await resolver.ask('a.test')), 'right');
  assert.equal(told(await resolver.ask('b.test')), 'right');
  assert.equal(server.queries.filter((query) => query.transport === 'tcp').length, 3);
});

test('createResolver closes an idle TCP connection', async (context) => {
  const server = await serverFor(context, (query) =>
    query.transport === 'udp' ? query.answer({ isTruncated: true }) : answering(query),
  );
  const resolver = resolverFor(context, [server], {}, { limits: { tcpIdleMs: 100 } });
  await resolver.ask('a.test');
  await server.queries.find((query) => query.transport === 'tcp')?.closed;
  await resolver.ask('b.test');
  const ports = server.queries.filter((query) => query.transport === 'tcp').map((query) => query.clientPort);
  assert.equal(new Set(ports).size, 2);
});

test('createResolver asks without EDNS a server that does not know it', async (context) => {
  const server = await serverFor(context, (query) =>
    query.message.edns === null ? answering(query) : query.answer({ rcode: 1, edns: null }),
  );
  const resolver = resolverFor(context, [server]);
  assert.equal(told(await resolver.ask('a.test')), 'right');
  assert.deepEqual(
    server.queries.map((query) => query.message.edns?.payloadBytes),
    [1232, undefined],
  );
});

test('createResolver asks without EDNS over TCP too', async (context) => {
  const server = await serverFor(context, (query) => {
    if (query.message.edns !== null) query.answer({ rcode: 1, edns: null });
    else if (query.transport === 'udp') query.answer({ isTruncated: true });
    else answering(query);
  });
  assert.equal(told(await resolverFor(context, [server]).ask('a.test')), 'right');
});

test('createResolver tells its UDP size and takes a reply up to it', async (context) => {
  const server = await serverFor(context, (query) =>
    query.answer(text(query, ...Array<string>(5).fill('x'.repeat(220)))),
  );
  const resolver = resolverFor(context, [server], { dnsUdpPayloadBytes: 4096 });
  assert.equal((await resolver.ask('a.test')).kind, 'records');
  assert.equal(server.queries[0]?.message.edns?.payloadBytes, 4096);
});

test('createResolver tries three times and takes a late answer to the first try', async (context) => {
  const asked: ServedQuery[] = [];
  const server = await serverFor(context, (query) => {
    asked.push(query);
    if (asked.length === 3 && asked[0] !== undefined) answering(asked[0]);
  });
  const resolver = resolverFor(context, [server], IMPATIENT);
  assert.equal(told(await resolver.ask('a.test')), 'right');
  assert.equal(server.queries.length, 3);
  const ids = server.queries.map((query) => query.message.id);
  assert.ok(new Set(ids).size > 1);
});

test('createResolver keeps to its tries at one server', async (context) => {
  const server = await serverFor(context, silent);
  const time = handTime(context);
  const settings = { dnsFirstTryMs: 60, dnsQuestionTimeoutMs: 400 };
  const resolver = resolverFor(context, [server], settings, { clock: time.clock, limits: { triesPerServer: 1 } });
  const asked = resolver.ask('a.test');
  while (server.queries.length === 0) await nextTurn();
  assert.equal(told(await time.passUntil(asked, 20)), 'timeout');
  assert.equal(server.queries.length, 1);
});

/** What the time passes while the event loop stands still, for a waiter with so much patience. */
const BLOCKED: readonly { what: string; settings: z.input<typeof DnsSettings>; patienceMs: number; passMs: number }[] =
  [
    { what: 'past a try', settings: { dnsFirstTryMs: 100 }, patienceMs: FAR_MS, passMs: 200 },
    {
      what: "past a question's last moment",
      settings: { dnsQuestionTimeoutMs: 100, dnsFirstTryMs: 500 },
      patienceMs: FAR_MS,
      passMs: 200,
    },
    { what: "past a waiter's deadline", settings: {}, patienceMs: 50, passMs: 200 },
  ];

for (const { what, settings, patienceMs, passMs } of BLOCKED)
  test(`createResolver takes an answer that lay in the socket while the event loop was blocked ${what}`, async (context) => {
    const server = await serverFor(context, answering);
    const time = handTime(context);
    // One socket: what is sent on it arrives in order.
    const resolver = resolverFor(context, [server], { dnsUdpSockets: 1, ...settings }, { clock: time.clock });
    const asked = resolver.lookup({ name: 'a.test', type: 'TXT' }, time.clock() + patienceMs);
    while (server.queries.length === 0) await nextTurn();
    // The server has answered in this turn, and nobody has read it yet.
    time.pass(passMs);
    assert.equal(told(await asked), 'right');
    assert.equal(told(await resolver.ask('next.test')), 'right');
    assert.deepEqual(server.queries.map(nameOf), ['a.test', 'next.test'], 'there was no further try');
  });

test('createResolver loses none of 1,000 questions in flight', async (context) => {
  const server = await serverFor(context, answering);
  const resolver = resolverFor(context, [server], { dnsMaxInFlightPerDomain: 1000 });
  const answers = await Promise.all(Array.from({ length: 1000 }, (_, at) => resolver.ask(`n${at}.test`)));
  assert.equal(answers.filter((answer) => told(answer) === 'right').length, 1000);
  // Random sockets: what an off-path forger would have to guess beside the id.
  assert.ok(new Set(server.queries.map((query) => query.clientPort)).size > 50);
});

test('createResolver sends one packet for 20 identical questions', async (context) => {
  const server = await serverFor(context, (query) => setImmediate(() => answering(query)));
  const resolver = resolverFor(context, [server]);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, at) => resolver.ask(at % 2 === 0 ? 'a.test' : 'A.Test.')),
  );
  assert.ok(answers.every((answer) => told(answer) === 'right'));
  assert.equal(server.queries.length, 1);
  assert.equal(resolver.cacheStats().shared, 19);
});

test('createResolver spreads questions over healthy servers', async (context) => {
  const servers = [await serverFor(context, answering), await serverFor(context, answering)];
  const resolver = resolverFor(context, servers);
  for (let at = 0; at < 60; at++) await resolver.ask(`n${at}.test`);
  for (const server of servers) assert.ok(server.queries.length > 10);
});

test('createResolver goes to the healthy server first once the other has failed', async (context) => {
  // Its first try is over as soon as it was heard.
  const bad = await serverFor(context, () => time.pass(1000));
  const good = await serverFor(context, answering);
  const time = handTime(context);
  const resolver = resolverFor(context, [bad, good], { dnsFirstTryMs: 1000 }, { clock: time.clock });
  for (let at = 0; at < 40; at++) assert.equal(told(await resolver.ask(`n${at}.test`)), 'right');
  assert.equal(bad.queries.length, 1);
});

test('createResolver retires UDP sockets by use and by age', async (context) => {
  const server = await serverFor(context, answering);
  const byUse = resolverFor(context, [server], { dnsUdpSockets: 1 }, { limits: { questionsPerUdpSocket: 5 } });
  for (let at = 0; at < 15; at++) await byUse.ask(`use${at}.test`);
  assert.equal(new Set(server.queries.map((query) => query.clientPort)).size, 3);
  let nowMs = 0;
  const aged = await serverFor(context, answering);
  const byAge = resolverFor(
    context,
    [aged],
    { dnsUdpSockets: 1 },
    { clock: () => nowMs, limits: { udpSocketAgeSeconds: 10 } },
  );
  for (let at = 0; at < 4; at++) {
    await byAge.lookup({ name: `age${at}.test`, type: 'TXT' }, Number.POSITIVE_INFINITY);
    nowMs += 6000;
  }
  assert.equal(new Set(aged.queries.map((query) => query.clientPort)).size, 2);
});

test('createResolver trusts the AD bit of the loopback', async (context) => {
  const server = await serverFor(context, (query) => query.answer({ ...text(query, 'right'), authenticData: true }));
  const answer = await resolverFor(context, [server]).ask('a.test');
  assert.equal(answer.kind === 'records' && answer.authenticated, true);
  assert.equal(server.queries[0]?.message.authenticData, true);
});

test('createResolver tells each question to its hook, with a name fit for a log', async (context) => {
  const events: QuestionEvent[] = [];
  const server = await serverFor(context, (query) =>
    query.message.questions[0]?.name === 'gone.test'
      ? query.answer({ rcode: 3, authorities: [soa('test', 60, 60)] })
      : query.answer({ rcode: 5 }),
  );
  const resolver = resolverFor(context, [server], {}, { onQuestion: (event) => events.push(event) });
  for (const name of ['gone.test', 'gone.test', 'a.test', 'x\n.test']) await resolver.ask(name);
  assert.deepEqual(
    events.map(({ elapsedMs, ...event }) => ({ ...event, isTimed: elapsedMs >= 0 })),
    [
      { name: 'gone.test', type: 'TXT', outcome: 'nxdomain', source: 'network', isTimed: true },
      { name: 'gone.test', type: 'TXT', outcome: 'nxdomain', source: 'cache', isTimed: true },
      { name: 'a.test', type: 'TXT', outcome: 'failure', source: 'network', failure: 'refused', isTimed: true },
      { name: 'x\\010.test', type: 'TXT', outcome: 'failure', source: 'local', failure: 'badname', isTimed: true },
    ],
  );
});

test('createResolver counts and flushes its cache', async (context) => {
  const server = await serverFor(context, answering);
  const resolver = resolverFor(context, [server]);
  for (const name of ['a.test', 'a.test', 'b.test']) await resolver.ask(name);
  const { hits, misses, records, inFlight, waiting } = resolver.cacheStats();
  assert.deepEqual(
    { hits, misses, entries: records.entries, inFlight, waiting },
    { hits: 1, misses: 2, entries: 2, inFlight: 0, waiting: 0 },
  );
  assert.equal(resolver.flush('A.test.'), 1);
  await resolver.ask('a.test');
  assert.equal(server.queries.length, 3);
  assert.equal(resolver.flush(), 2);
});

test('createResolver fails what is in flight when it is closed, and works on afterwards', async (context) => {
  const server = await serverFor(context, (query) => {
    if (query.index > 0) answering(query);
  });
  const resolver = resolverFor(context, [server]);
  const asked = resolver.ask('a.test');
  while (server.queries.length === 0) await nextTurn();
  resolver.close();
  assert.equal(told(await asked), 'network');
  assert.equal(told(await resolver.ask('b.test')), 'right');
});

test('createResolver sends nothing to the next server when it is closed', async (context) => {
  const answersWarm = (query: ServedQuery) => {
    if (query.message.questions[0]?.name.startsWith('warm')) answering(query);
  };
  const servers = [await serverFor(context, answersWarm), await serverFor(context, answersWarm)];
  const resolver = resolverFor(context, servers);
  const queries = () => servers.flatMap((server) => server.queries).length;
  for (let at = 0; at < 20; at++) await resolver.ask(`warm${at}.test`);
  const asked = Array.from({ length: 20 }, (_, at) => resolver.ask(`n${at}.test`));
  while (queries() < 40) await nextTurn();
  resolver.close();
  assert.deepEqual(new Set((await Promise.all(asked)).map(told)), new Set(['network']));
  assert.equal(queries(), 40);
});
