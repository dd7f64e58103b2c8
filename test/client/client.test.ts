/**
 * The client against the running app: every call, what it refuses, and what comes of streams that
 * are left or fed slowly.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Posture } from '../../schemas/posture/posture.ts';
import { Verdict } from '../../schemas/verdict.ts';
import { type BatchItem, MailverdictClient, MailverdictError } from '../../src/client/client.ts';
import { OPEN_ACCESS } from '../../src/http/access.ts';
import { hashKey } from '../../src/http/api-keys.ts';
import { example, makeVerifier } from '../verdict/make-verifier.ts';
import { startApp } from './running-service.ts';

const service = await startApp();
after(() => service.close());
const client = new MailverdictClient({ baseUrl: service.baseUrl });

const FACTS = { clientIp: '192.0.2.10', helo: 'mail.brand.example', mailFrom: 'alice@brand.example' };
const ALIGNED = example('aligned.eml');
/** So large that what the system holds for a connection is few of them. */
const LARGE = Buffer.concat([ALIGNED, Buffer.alloc(1_000_000, `${'x'.repeat(78)}\r\n`)]);

/** The error of a call that must fail. */
const errorOf = async (work: Promise<unknown>): Promise<MailverdictError> => {
  const error: unknown = await work.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  assert.ok(error instanceof MailverdictError, String(error));
  return error;
};
const first = async (items: AsyncIterable<unknown>): Promise<void> => {
  for await (const _ of items) return;
};
const all = async <Item>(items: AsyncIterable<Item>): Promise<Item[]> => {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
};

test('verify gives the verdict of octets with their facts', async () => {
  const verdict = Verdict.parse(await client.verify(ALIGNED, FACTS));
  assert.equal(verdict.dmarc.result, 'pass');
  assert.equal(verdict.author.authenticated, true);
  assert.equal(verdict.smtp.clientIp, '192.0.2.10');
});

test('verify sends every octet as it is, 8-bit ones and long messages too', async () => {
  const seen: Buffer[] = [];
  const judge = makeVerifier();
  const own = await startApp({
    verify: (message, facts, options) => {
      // The service takes the memory back once the message is judged.
      seen.push(Buffer.from(message));
      return judge(message, facts, options);
    },
  });
  const octets = Buffer.concat([
    Buffer.from('From: a@b.example\r\n\r\n'),
    Buffer.from(Uint8Array.from({ length: 100_001 }, (_, at) => at % 256)),
  ]);
  try {
    await new MailverdictClient({ baseUrl: own.baseUrl }).verify(octets);
    await new MailverdictClient({ baseUrl: own.baseUrl }).verify('Subject: ü\r\n\r\n');
  } finally {
    await own.close();
  }
  assert.deepEqual(seen[0], octets);
  assert.deepEqual(seen[1], Buffer.from('Subject: ü\r\n\r\n', 'utf8'));
});

test('verify passes on what is asked for beside the verdict', async () => {
  const verdict = await client.verify(ALIGNED, FACTS, {
    include: ['evidence'],
    dns: [{ name: '_dmarc.brand.example', type: 'TXT', records: ['v=DMARC1; p=none'] }],
  });
  assert.equal(verdict.dmarc.rfc9989.policy?.applies, 'none');
  assert.ok((verdict.evidence ?? []).length > 0);
});

test('verify throws the problem document of a wrong request, with the field that is wrong', async () => {
  const error = await errorOf(client.verify(ALIGNED, { clientIp: 'nowhere' }));
  assert.equal(error.status, 400);
  assert.equal(error.problem.type, 'urn:mailverdict:problem:invalid-request');
  assert.equal(error.problem.errors?.[0]?.path, 'smtp.clientIp');
});

test('verifyBatch gives a line for each message in order, and a problem for one that cannot be judged', async () => {
  const items: BatchItem[] = [{ message: ALIGNED, smtp: FACTS }, { message: '' }, { message: example('unsigned.eml') }];
  const lines = await all(client.verifyBatch(items));
  assert.deepEqual(
    lines.map(({ index, verdict, problem }) => [index, verdict?.dmarc.result, problem?.status]),
    [
      [0, 'pass', undefined],
      [1, undefined, 400],
      [2, 'none', undefined],
    ],
  );
});

test('verifyBatch takes messages as the service does: a long batch with a slow reader is never held whole', async () => {
  const COUNT = 30;
  // Verdicts so large that what the system holds for a connection is few of them.
  const verdict = await makeVerifier()(ALIGNED, FACTS, { include: ['evidence'] });
  const [entry] = verdict.evidence ?? [];
  assert.ok(entry !== undefined);
  const evidence = Array(1_000).fill({ ...entry, outcome: 'records', records: [['x'.repeat(1_000)]] });
  const own = await startApp({ verify: async () => ({ ...verdict, evidence }) });
  let given = 0;
  let most = 0;
  /** Reads nothing until no message is taken any more. */
  const pause = async (): Promise<void> => {
    for (let before = given, turns = 0; turns < 1_000; turns++) {
      await nextTurn();
      if (given > before) turns = 0;
      before = given;
    }
  };
  const items = function* (): Generator<BatchItem> {
    for (; given < COUNT; given++) yield { message: LARGE };
  };
  let read = 0;
  try {
    for await (const { index } of new MailverdictClient({ baseUrl: own.baseUrl }).verifyBatch(items())) {
      assert.equal(index, read);
      read += 1;
      if (read === 1) await pause();
      most = Math.max(most, given - read);
    }
  } finally {
    await own.close();
  }
  assert.equal(read, COUNT);
  assert.ok(most < COUNT - 10, `${most} messages were taken ahead of their verdicts`);
});

test('verifyBatch ends the request and the messages when the loop is left', async () => {
  let ended = false;
  const items = async function* (): AsyncGenerator<BatchItem> {
    try {
      for (;;) yield { message: LARGE };
    } finally {
      ended = true;
    }
  };
  await first(client.verifyBatch(items()));
  while (!ended) await nextTurn();
});

test('verifyBatch throws what the iteration of its messages throws', async () => {
  const fault = new Error('the mailbox is gone');
  const items = async function* (): AsyncGenerator<BatchItem> {
    yield { message: ALIGNED };
    throw fault;
  };
  await assert.rejects(all(client.verifyBatch(items())), (cause) => cause === fault);
});

test('replay gives the same verdict from its evidence, and the differences under other records', async () => {
  const verdict = await client.verify(ALIGNED, FACTS, { include: ['evidence'] });
  assert.equal((await client.replay(ALIGNED, verdict)).same, true);
  const other = await client.replay(ALIGNED, verdict, {
    dns: [{ name: 'brand.example', type: 'TXT', records: ['v=spf1 -all'] }],
  });
  assert.ok(
    other.differences.some(({ path }) => path === 'spf.mailFrom.result'),
    JSON.stringify(other.differences),
  );
});

test('domain gives a posture, with records laid over it when they are given', async () => {
  const posture = Posture.parse(await client.domain('brand.example', { selectors: ['one'] }));
  assert.equal(posture.changes, undefined);
  const tried = await client.domain('brand.example', {
    dns: [{ name: '_dmarc.brand.example', type: 'TXT', records: ['v=DMARC1; p=none'] }],
  });
  assert.notEqual(tried.changes, undefined);
});

test('domain throws the problem of a name that is none, whatever is in it', async () => {
  for (const name of ['../../healthz', 'a b', 'a?b#c', '%2e']) {
    assert.equal((await errorOf(client.domain(name))).problem.errors?.[0]?.path, 'domain', name);
  }
});

test('domains gives a line for each name in order', async () => {
  const lines = await all(client.domains(['brand.example', 'a b', 'nothing.example']));
  assert.deepEqual(
    lines.map(({ index, domain, posture }) => [index, domain, posture !== undefined]),
    [
      [0, 'brand.example', true],
      [1, 'a b', false],
      [2, 'nothing.example', true],
    ],
  );
});

test('health answers while the service takes work, and throws status 503 when it drains', async () => {
  assert.deepEqual(await client.health(), { status: 'ok' });
  const draining = await startApp({ isReady: () => false });
  const error = await errorOf(new MailverdictClient({ baseUrl: draining.baseUrl }).health());
  await draining.close();
  assert.equal(error.status, 503);
});

test('MailverdictClient sends its key, and tells when to come back', async () => {
  const guarded = await startApp({
    access: {
      ...OPEN_ACCESS,
      keys: () => [{ name: 'first', hash: hashKey('mv_right'), createdOn: '2026-11-22', role: 'client' }],
      settings: { ...OPEN_ACCESS.settings, allowAnonymous: false, rateLimitPerKey: 1 },
    },
  });
  try {
    const { baseUrl } = guarded;
    const wrong = new MailverdictClient({ baseUrl, apiKey: 'mv_wrong' });
    const unknown = await errorOf(wrong.verify(ALIGNED));
    assert.deepEqual([unknown.status, unknown.retryAfterSeconds], [401, null]);
    assert.equal(JSON.stringify(unknown.problem).includes('mv_wrong') || unknown.message.includes('mv_wrong'), false);
    assert.equal((await errorOf(all(wrong.verifyBatch([{ message: ALIGNED }])))).status, 401);
    const right = new MailverdictClient({ baseUrl, apiKey: 'mv_right' });
    assert.equal((await right.verify(ALIGNED, FACTS)).dmarc.result, 'pass');
    const limited = await errorOf(right.verify(ALIGNED, FACTS));
    assert.equal(limited.status, 429);
    assert.ok(limited.retryAfterSeconds !== null && limited.retryAfterSeconds <= 60);
  } finally {
    await guarded.close();
  }
});
