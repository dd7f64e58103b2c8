import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DnsSettings } from '../../../schemas/settings/dns.ts';
import { createResolver } from '../../../src/dns/resolver.ts';
import { changed, nameOf, text } from '../faults/replies.ts';
import { type ServedQuery, scriptedServer } from '../scripted-server.ts';

/** A resolver with one server and timers that outlast the test: only replies can end a question. */
const resolverOf = async (
  context: TestContext,
  script: (query: ServedQuery) => void,
  settings: Record<string, number> = {},
) => {
  const server = await scriptedServer(script);
  const resolver = createResolver(
    DnsSettings.parse({
      dnsServers: [server.literal],
      dnsQuestionTimeoutMs: 30_000,
      dnsFirstTryMs: 10_000,
      dnsLaterTryMs: 10_000,
      dnsMaxInFlightPerDomain: 1000,
      ...settings,
    }),
  );
  context.after(() => {
    resolver.close();
    return server.close();
  });
  const ask = async (name: string): Promise<string> => {
    const answer = await resolver.lookup({ name, type: 'TXT' }, performance.now() + 60_000);
    return answer.kind === 'records'
      ? String(answer.records)
      : answer.kind === 'failure'
        ? answer.failure
        : answer.kind;
  };
  return { ask, resolver, over: (way: 'udp' | 'tcp') => server.queries.filter(({ transport }) => transport === way) };
};

/** A forged reply with an id that is not the question's: the `at`th guess. */
const guess = (query: ServedQuery, at: number): Buffer => {
  const forged = changed(query, 0, (octet) => octet);
  forged.writeUInt16BE((query.message.id + 1 + at) % 65_536, 0);
  return forged;
};
/** A forged reply that has guessed the id. */
const hit = (query: ServedQuery): Buffer => changed(query, 0, (octet) => octet);

test('createResolver gets the honest answer behind hundreds of forged ones', async (context) => {
  for (const guesses of [300, 500, 2000]) {
    const { ask, over, resolver } = await resolverOf(context, (query) => {
      if (query.transport === 'udp') for (let at = 0; at < guesses; at++) query.send(guess(query, at));
      query.answer(text(query, 'right'));
    });
    assert.equal(await ask('a.test'), 'right', `${guesses} guesses`);
    assert.equal(over('tcp').length, 1);
    assert.ok(resolver.cacheStats().unexpectedReplies >= 20);
  }
});

test('createResolver believes no datagram once somebody guesses, not even one with the right id', async (context) => {
  const { ask } = await resolverOf(context, (query) => {
    if (query.transport === 'tcp') return query.answer(text(query, 'right'));
    for (let at = 0; at < 20; at++) query.send(guess(query, at));
    query.send(hit(query));
  });
  assert.equal(await ask('a.test'), 'right');
});

test('createResolver takes every question of a socket that is being guessed at to TCP', async (context) => {
  const { ask, over } = await resolverOf(
    context,
    (query) => {
      if (query.transport === 'tcp') query.answer(text(query, nameOf(query)));
      else if (query.index === 4) for (let at = 0; at < 600; at++) query.send(guess(query, at));
    },
    { dnsUdpSockets: 1 },
  );
  const names = ['a.test', 'b.test', 'c.test', 'd.test', 'e.test'];
  assert.deepEqual(await Promise.all(names.map(ask)), names);
  assert.equal(over('udp').length, 5);
});

test('createResolver stays with UDP for a few datagrams that answer nothing', async (context) => {
  const { ask, over, resolver } = await resolverOf(
    context,
    (query) => {
      for (let at = 0; at < 19; at++) query.send(guess(query, at));
      query.answer(text(query, 'right'));
    },
    { dnsUdpSockets: 1 },
  );
  // The count begins anew with each question: what came before does not add up.
  for (const name of ['a.test', 'b.test', 'c.test']) assert.equal(await ask(name), 'right');
  assert.equal(over('tcp').length, 0);
  assert.equal(resolver.cacheStats().unexpectedReplies, 57);
});

test('createResolver takes replies that come after their try ended for what they are', async (context) => {
  const tries = new Map<string, ServedQuery[]>();
  const { ask, over, resolver } = await resolverOf(
    context,
    (query) => {
      const sent = [...(tries.get(nameOf(query)) ?? []), query];
      tries.set(nameOf(query), sent);
      if (sent.length === 3) for (const one of sent.reverse()) one.answer(text(one, 'right'));
    },
    { dnsUdpSockets: 1, dnsFirstTryMs: 20, dnsLaterTryMs: 20 },
  );
  const answers = await Promise.all(Array.from({ length: 40 }, (_, at) => ask(`n${at}.test`)));
  assert.deepEqual(new Set(answers), new Set(['right']));
  await new Promise(setImmediate);
  assert.equal(over('tcp').length, 0);
  assert.equal(resolver.cacheStats().unexpectedReplies, 0);
});

test('createResolver loses none of 400 replies that reach one socket at once', async (context) => {
  const held: ServedQuery[] = [];
  const { ask, over } = await resolverOf(
    context,
    (query) => {
      held.push(query);
      if (held.length === 400) for (const one of held) one.answer(text(one, 'right'));
    },
    // The least buffer would hold 80 of them.
    { dnsUdpSockets: 1 },
  );
  const answers = await Promise.all(Array.from({ length: 400 }, (_, at) => ask(`n${at}.test`)));
  assert.deepEqual(new Set(answers), new Set(['right']));
  assert.equal(over('udp').length, 400);
});
