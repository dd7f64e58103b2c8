/**
 * The service holds nothing of a message once it has answered: the heap after a garbage collection
 * is the same after thousands of messages more. The short form of `npm run bench -- --only steady`;
 * looks at octets, never at time.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { example } from '../verdict/make-verifier.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const FILES = ['aligned.eml', 'forwarded.eml', 'body-changed.eml', 'two-from.eml', 'ed25519.eml', 'mailing-list.eml'];
const WIDTH = 8;
/** Messages until code is compiled and caches are full, and messages after that. */
const WARM_UP = 1_000;
const STEADY = 2_000;
/**
 * Octets for each of the messages that came after the warm-up: a fraction of what one kept verdict
 * or request takes, and more than V8 needs for what it learns of code.
 */
const MAX_BYTES_PER_MESSAGE = 512;
/**
 * Collections for one reading of the heap, the least of which counts: the first is followed by
 * finalizers, which free more, and any may meet work that has not ended.
 */
const COLLECTIONS = 4;

test('the service holds no more after 2,000 messages more', async () => {
  const args = ['--expose-gc', '--import', './test/service/gc-on-signal.ts', 'src/server.ts'];
  const service = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', PORT: '0', DRAIN_MS: '0', RATE_LIMIT_PER_ADDRESS: '10000000' },
    stdio: 'pipe',
  });
  const exited = once(service, 'exit');
  try {
    const lines = createInterface({ input: service.stdout });
    let address = '';
    lines.on('line', (line) => {
      address ||= (JSON.parse(line) as { addresses?: string[] }).addresses?.[0] ?? '';
    });
    while (address === '') await once(lines, 'line');

    const judge = async (count: number): Promise<void> => {
      let sent = 0;
      const sender = async (): Promise<void> => {
        while (sent < count) {
          const number = sent++;
          const query = `clientIp=192.0.2.${number % 200}&helo=mail.brand.example&mailFrom=alice@brand.example`;
          const body = new Uint8Array(example(FILES[number % FILES.length] ?? ''));
          const answer = await fetch(`${address}/v1/verify?${query}`, { method: 'POST', body });
          await answer.arrayBuffer();
          assert.equal(answer.status, 200);
        }
      };
      await Promise.all(Array.from({ length: WIDTH }, sender));
    };
    const heapBytes = async (): Promise<number> => {
      let least = Number.POSITIVE_INFINITY;
      for (let collection = 0; collection < COLLECTIONS; collection++) {
        service.kill('SIGUSR2');
        const text = await (await fetch(`${address}/metrics`)).text();
        least = Math.min(least, Number(/^nodejs_heap_size_used_bytes (\S+)/m.exec(text)?.[1]));
      }
      return least;
    };
    await judge(WARM_UP);
    const before = await heapBytes();
    await judge(STEADY);
    const grown = (await heapBytes()) - before;
    assert.ok(grown < STEADY * MAX_BYTES_PER_MESSAGE, `the heap grew by ${grown} octets`);
  } finally {
    service.kill('SIGTERM');
    await exited;
  }
});
