import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DnsSettings } from '../../../schemas/settings/dns.ts';
import { createResolver } from '../../../src/dns/resolver.ts';
import { nameOf, text } from '../faults/replies.ts';
import { type ServedQuery, scriptedServer } from '../scripted-server.ts';

/**
 * A server whose replies never fit a datagram, with a resolver that asks it. `script` serves TCP.
 */
const overTcp = async (
  context: TestContext,
  script: (query: ServedQuery) => void,
  settings: Parameters<typeof DnsSettings.parse>[0] = {},
) => {
  const server = await scriptedServer((query) =>
    query.transport === 'udp' ? query.answer({ isTruncated: true }) : script(query),
  );
  const resolver = createResolver(
    DnsSettings.parse({
      dnsServers: [server.literal],
      dnsQuestionTimeoutMs: 20_000,
      dnsFirstTryMs: 5000,
      dnsLaterTryMs: 5000,
      dnsMaxInFlightPerDomain: 1000,
      ...(settings as object),
    }),
  );
  context.after(() => {
    resolver.close();
    return server.close();
  });
  const ask = async (name: string): Promise<string> => {
    const answer = await resolver.lookup({ name, type: 'TXT' }, performance.now() + 60_000);
    return answer.kind === 'failure'
      ? answer.failure
      : answer.kind === 'records'
        ? String(answer.records)
        : answer.kind;
  };
  const queries = () => server.queries.filter(({ transport }) => transport === 'tcp');
  return { resolver, ask, queries, connections: () => new Set(queries().map(({ clientPort }) => clientPort)).size };
};

const right = (query: ServedQuery) => query.answer(text(query, nameOf(query)));
const names = (count: number) => Array.from({ length: count }, (_, at) => `n${at}.test`);

test('tcp gets every answer of a server that answers one question per connection and closes', async (context) => {
  for (const end of ['end', 'reset'] as const) {
    const { ask, queries, connections } = await overTcp(context, (query) => {
      right(query);
      // A reset may overtake the reply; a turn later it was read.
      if (end === 'end') query.end();
      else setImmediate(query.reset);
    });
    const asked = names(60);
    assert.deepEqual(await Promise.all(asked.map(ask)), asked, end);
    assert.ok(connections() >= 1);
    // Each question a few times, not again for each answer: that would be 60 * 61 / 2.
    assert.ok(queries().length <= 4 * asked.length, `${end}: ${queries().length} queries`);
  }
});

test('tcp opens its window again when a server that closed early stops doing so', async (context) => {
  let served = 0;
  const { ask, connections } = await overTcp(context, (query) => {
    right(query);
    served++;
    if (served <= 3) query.end();
  });
  const asked = names(100);
  assert.deepEqual(await Promise.all(asked.map(ask)), asked);
  assert.equal(connections(), 4);
});

test('tcp gives up a server that takes connections and closes them without an answer', async (context) => {
  const { ask, connections } = await overTcp(context, (query) => query.end());
  assert.deepEqual(new Set(await Promise.all(names(30).map(ask))), new Set(['network']));
  assert.equal(connections(), 2);
});

test('tcp takes its questions off a connection on which two are overdue, and gets them answered on a new one', async (context) => {
  let dead: number | null = null;
  const { ask, connections } = await overTcp(
    context,
    (query) => {
      dead ??= query.clientPort;
      if (query.clientPort !== dead) right(query);
    },
    { dnsLaterTryMs: 50 },
  );
  const asked = names(10);
  assert.deepEqual(await Promise.all(asked.map(ask)), asked);
  assert.equal(connections(), 2);
});

test('tcp ends a connection after two questions that timed out one after the other', async (context) => {
  let dead: number | null = null;
  const { ask, connections } = await overTcp(
    context,
    (query) => {
      dead ??= query.clientPort;
      if (query.clientPort !== dead) right(query);
    },
    { dnsQuestionTimeoutMs: 400 },
  );
  assert.equal(await ask('one.test'), 'timeout');
  assert.equal(await ask('two.test'), 'timeout');
  assert.equal(await ask('three.test'), 'three.test');
  assert.equal(connections(), 2);
});

test('tcp keeps a connection that answers other questions between two slow ones', async (context) => {
  const { ask, connections } = await overTcp(
    context,
    (query) => {
      if (!nameOf(query).startsWith('slow')) right(query);
    },
    { dnsQuestionTimeoutMs: 400 },
  );
  for (const name of ['slow1.test', 'quick1.test', 'slow2.test', 'quick2.test'])
    assert.equal(await ask(name), name.startsWith('slow') ? 'timeout' : name);
  assert.equal(connections(), 1);
});

test('tcp fails what is in flight when the resolver is closed, and opens nothing', async (context) => {
  const { ask, resolver, queries, connections } = await overTcp(context, (query) => {
    if (nameOf(query) === 'first.test') right(query);
  });
  assert.equal(await ask('first.test'), 'first.test');
  const asked = names(5).map(ask);
  while (queries().length < 6) await new Promise(setImmediate);
  resolver.close();
  assert.deepEqual(new Set(await Promise.all(asked)), new Set(['network']));
  assert.equal(connections(), 1);
});
