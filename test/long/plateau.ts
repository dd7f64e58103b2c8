/**
 * `node test/long/plateau.ts [messages] [domains]`: what a service holds while every message has a
 * sender, a key and a client address that were never seen, and then while every domain that is
 * assessed is new. Prints the heap after a full collection, resident memory and what the DNS cache
 * counts after each step, and ends with 1 when the heap still grows by more than a twentieth after
 * two thirds of the way. The caches are full after some 30,000 messages, so fewer show nothing.
 */
import { spawn } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import type { Lookup } from '../../src/dns/lookup.ts';
import { serveLookup } from '../dns/wire-server.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const STEPS = 12;
const MIB = 1_048_576;
const WIDTH = 16;
const MAX_GROWTH = 1.05;
const TTL_SECONDS = 86_400;
const FORGET_MS = 1000;

/**
 * A world in which every domain publishes everything: SPF with an include, DMARC, a key, a mail
 * server and its address.
 */
const everyDomain = (): Lookup => {
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 })
    .publicKey.export({ type: 'spki', format: 'der' })
    .toString('base64');
  const textOf = (name: string): string => {
    if (name.startsWith('_dmarc.')) return `v=DMARC1; p=reject; rua=mailto:reports@${name.slice(7)}`;
    if (name.includes('._domainkey.')) return `v=DKIM1; k=rsa; n=${name}; p=${key}`;
    if (name.startsWith('_spf.')) return 'v=spf1 ip4:198.51.100.0/24 ip4:203.0.113.0/24 ~all';
    return `v=spf1 mx include:_spf.${name} -all`;
  };
  return async ({ name, type }) => {
    const records =
      type === 'TXT'
        ? [textOf(name).match(/.{1,255}/g)]
        : type === 'MX'
          ? [{ priority: 10, exchange: `mail.${name}` }]
          : type === 'A'
            ? ['192.0.2.10']
            : null;
    const rest = { ttlSeconds: TTL_SECONDS, authenticated: false, source: 'network' } as const;
    return (records === null ? { kind: 'nodata', ...rest } : { kind: 'records', records, ...rest }) as never;
  };
};

if (!isMainThread) {
  // Apart from the load, so that neither waits for the other.
  const server = await serveLookup(everyDomain());
  // Kept for tests that look at what was asked; millions of them would end this thread.
  setInterval(() => (server.queries as unknown[]).splice(0), FORGET_MS);
  parentPort?.postMessage(server.literal);
} else {
  await main(Number(process.argv[2] ?? 1_000_000), Number(process.argv[3] ?? 50_000));
}

async function main(messages: number, domains: number): Promise<void> {
  const names = new Worker(new URL(import.meta.url));
  const [literal] = (await once(names, 'message')) as [string];
  const service = spawn(
    process.execPath,
    ['--expose-gc', '--import', './test/service/gc-on-signal.ts', 'src/server.ts'],
    {
      cwd: ROOT,
      env: {
        PATH: process.env.PATH ?? '',
        NODE_ENV: 'production',
        PORT: '0',
        DNS_SERVERS: literal,
        TRUST_PROXY: 'loopback',
        LOG_LEVEL: 'info',
        DRAIN_MS: '0',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const lines = createInterface({ input: service.stdout });
  let base = '';
  lines.on('line', (line) => {
    if (base === '') base = (JSON.parse(line) as { addresses?: string[] }).addresses?.[0] ?? '';
  });
  while (base === '') await once(lines, 'line');
  const agent = new Agent({ keepAlive: true, maxSockets: WIDTH });

  const ask = (path: string, at: number, body: string | null): Promise<string> =>
    new Promise((resolve, reject) => {
      const headers = { 'x-forwarded-for': `10.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}` };
      request(base + path, { agent, method: body === null ? 'GET' : 'POST', headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (piece) => {
          text += piece;
        });
        answer.once('error', reject).once('end', () => {
          if (answer.statusCode === 200) resolve(text);
          else reject(new Error(`${path}: ${answer.statusCode} ${text.slice(0, 200)}`));
        });
      })
        .once('error', reject)
        .end(body ?? undefined);
    });

  const hold = async (what: string, done: number): Promise<number> => {
    let heap = Number.POSITIVE_INFINITY;
    let text = '';
    const resident = residentOf(service.pid);
    for (let collection = 0; collection < 3; collection++) {
      service.kill('SIGUSR2');
      text = await (await fetch(`${base}/metrics`)).text();
      heap = Math.min(heap, gauge(text, 'nodejs_heap_size_used_bytes'));
    }
    const shown = [heap, gauge(text, 'nodejs_external_memory_bytes'), resident, residentOf(service.pid)].map((bytes) =>
      (bytes / MIB).toFixed(0).padStart(5),
    );
    const cached = ['records', 'negatives'].map((store) =>
      (gauge(text, `mailverdict_dns_cache_bytes{store="${store}"}`) / MIB).toFixed(1),
    );
    console.log(
      `${what} ${String(done).padStart(8)}: heap ${shown[0]}, external ${shown[1]}, resident ${shown[2]} (collected ${shown[3]}) MiB; cache counts ${cached.join(' + ')} MiB`,
    );
    return heap;
  };

  const run = async (what: string, count: number, one: (at: number) => Promise<unknown>): Promise<boolean> => {
    const heaps = [await hold(what, 0)];
    let at = 0;
    for (let step = 1; step <= STEPS; step++) {
      const until = Math.round((count * step) / STEPS);
      await Promise.all(
        Array.from({ length: WIDTH }, async () => {
          while (at < until) await one(at++);
        }),
      );
      heaps.push(await hold(what, until));
    }
    return (heaps.at(-1) ?? 0) <= (heaps[Math.ceil((STEPS * 2) / 3)] ?? 0) * MAX_GROWTH;
  };

  try {
    const held = [
      await run('messages', messages, (at) => {
        const domain = `sender${at}.com`;
        return ask(
          `/v1/verify?clientIp=192.0.2.10&helo=mail.${domain}&mailFrom=a@${domain}`,
          at,
          messageOf(domain, at),
        );
      }),
      await run('domains', domains, (at) => ask(`/v1/domains/assessed${at}.com`, at, null)),
    ];
    process.exitCode = held.every(Boolean) ? 0 : 1;
    console.log(held.every(Boolean) ? 'both end on a plateau' : 'it still grows');
  } finally {
    agent.destroy();
    service.kill('SIGKILL');
    await names.terminate();
  }
}

/** Signed with nothing: the body hash is right, so that the key is asked for, read and used. */
function messageOf(domain: string, at: number): string {
  const body = `Message ${at}\r\n`;
  const hash = createHash('sha256').update(body).digest('base64');
  const signature = Buffer.alloc(256, at).toString('base64');
  return `DKIM-Signature: v=1; a=rsa-sha256; d=${domain}; s=key${at}; h=from; bh=${hash}; b=${signature}\r\nFrom: a@${domain}\r\nSubject: ${at}\r\n\r\n${body}`;
}

function residentOf(pid: number | undefined): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}

function gauge(text: string, name: string): number {
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length),
  );
}
