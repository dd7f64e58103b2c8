import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DnsSettings } from '../../../schemas/settings/dns.ts';
import { createResolver } from '../../../src/dns/resolver.ts';
import { randomNumbers } from '../../../src/dns/transport/random.ts';
import { parseServer } from '../../../src/dns/transport/servers.ts';
import { tcp } from '../../../src/dns/transport/tcp.ts';
import { decodeMessage } from '../../../src/dns/wire/message.ts';
import { encodeQuery } from '../../../src/dns/wire/query.ts';
import { nameOf, text } from '../faults/replies.ts';
import { type ServedQuery, scriptedServer } from '../scripted-server.ts';

/**
 * A server whose replies never fit a datagram, with a resolver that asks it. `script` serves TCP.
 */
const overTcp = async (context: TestContext, script: (query: ServedQuery) => void) => {
  const server = await scriptedServer((query) =>
    query.transport === 'udp' ? query.answer({ isTruncated: true }) : script(query),
  );
  const resolver = createResolver(
    DnsSettings.parse({
      dnsServers: [server.literal],
      dnsQuestionTimeoutMs: 20_000,
      dnsFirstTryMs: 9000,
      dnsLaterTryMs: 9000,
      dnsMaxInFlightPerDomain: 1000,
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

/**
 * The transport by itself, whose tries a test calls overdue or lets go of: no timer is involved.
 * `asked` gives each try with its answer: the name replied to, or why there is none.
 */
const channel = async (context: TestContext, script: (query: ServedQuery) => void) => {
  const server = await scriptedServer(script);
  const transport = tcp(60_000, randomNumbers(randomFillSync));
  context.after(() => {
    transport.close();
    return server.close();
  });
  const peer = parseServer(server.literal);
  assert.ok(peer !== null);
  const asked = (name: string) => {
    const { promise, resolve } = Promise.withResolvers<string>();
    const query = encodeQuery(name, 'TXT', 1232);
    const sent = transport.exchange(peer, query, {
      onReply: (bytes) => resolve(decodeMessage(bytes)?.questions[0]?.name ?? 'unreadable'),
      onUnreachable: () => resolve('unreachable'),
      onSpoofed: () => resolve('spoofed'),
    });
    return { overdue: () => sent.overdue(), release: (isTimeout: boolean) => sent.release(isTimeout), answer: promise };
  };
  /** Until the server has as many queries. */
  const served = async (count: number) => {
    while (server.queries.length < count) await nextTurn();
  };
  const ports = () => server.queries.map(({ clientPort }) => clientPort);
  return { asked, served, ports };
};

/** Answers on every connection but the first. */
const deadFirst = () => {
  let dead: number | null = null;
  return (query: ServedQuery): void => {
    dead ??= query.clientPort;
    if (query.clientPort !== dead) right(query);
  };
};

test('tcp takes its questions off a connection on which two are overdue, and gets them answered on a new one', async (context) => {
  const { asked, served, ports } = await channel(context, deadFirst());
  const tries = names(10).map(asked);
  await served(10);
  assert.equal(new Set(ports()).size, 1);
  tries[3]?.overdue();
  tries[7]?.overdue();
  assert.deepEqual(await Promise.all(tries.map(({ answer }) => answer)), names(10));
  assert.equal(new Set(ports()).size, 2);
});

test('tcp ends a connection after two questions that timed out one after the other', async (context) => {
  const { asked, served, ports } = await channel(context, deadFirst());
  for (const [count, name] of ['one.test', 'two.test'].entries()) {
    const slow = asked(name);
    await served(count + 1);
    slow.release(true);
  }
  assert.equal(await asked('three.test').answer, 'three.test');
  assert.equal(new Set(ports()).size, 2);
});

test('tcp counts a question once that is overdue first and times out later', async (context) => {
  const { asked, served, ports } = await channel(context, (query) => {
    if (!nameOf(query).startsWith('slow')) right(query);
  });
  const slow = asked('slow.test');
  await served(1);
  slow.overdue();
  slow.release(true);
  assert.equal(await asked('quick.test').answer, 'quick.test');
  assert.equal(new Set(ports()).size, 1);
});

test('tcp keeps a connection that answers other questions between two slow ones', async (context) => {
  const { asked, served, ports } = await channel(context, (query) => {
    if (!nameOf(query).startsWith('slow')) right(query);
  });
  for (const [at, name] of ['slow1.test', 'quick1.test', 'slow2.test', 'quick2.test'].entries()) {
    const { answer, release } = asked(name);
    if (name.startsWith('slow')) {
      await served(at + 1);
      release(true);
    } else assert.equal(await answer, name);
  }
  assert.equal(new Set(ports()).size, 1);
});

test('tcp fails what is in flight when the resolver is closed, and opens nothing', async (context) => {
  const { ask, resolver, queries, connections } = await overTcp(context, (query) => {
    if (nameOf(query) === 'first.test') right(query);
  });
  assert.equal(await ask('first.test'), 'first.test');
  const asked = names(5).map(ask);
  while (queries().length < 6) await nextTurn();
  resolver.close();
  assert.deepEqual(new Set(await Promise.all(asked)), new Set(['network']));
  assert.equal(connections(), 1);
});
