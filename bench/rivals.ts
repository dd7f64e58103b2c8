/**
 * The other sides of the table, as one process of its own: fastify with mailauth's `authenticate`
 * behind it, an empty fastify route, and, told over HTTP how long to work, `authenticate` alone and
 * the cryptography alone. DNS is a table in memory, which is the warmest cache there is. `node
 * bench/rivals.ts PORT`, with the questions and their answers as JSON on the environment variable
 * BENCH_RECORDS.
 */
import { createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import fastify from 'fastify';
import { authenticate } from 'mailauth';
import { FACTS } from './world.ts';

const records: Readonly<Record<string, unknown[]>> = JSON.parse(process.env.BENCH_RECORDS ?? '{}');

const resolver = async (name: string, type: string): Promise<unknown[]> => {
  const found = records[`${name} ${type}`];
  if (found === undefined) throw Object.assign(new Error(`${type} ENOTFOUND ${name}`), { code: 'ENOTFOUND' });
  return found;
};

/** The three words of a message. */
const judge = async (message: Buffer) => {
  const { spf, dkim, dmarc, headers } = await authenticate(message, {
    ip: FACTS.clientIp,
    helo: FACTS.helo,
    sender: FACTS.mailFrom,
    mta: 'mx.receiver.example',
    resolver: resolver as never,
    disableBimi: true,
  });
  return {
    spf: (spf || null)?.status.result,
    dkim: dkim.results[0]?.status.result,
    dmarc: (dmarc || null)?.status.result,
    headers,
  };
};

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = createPublicKey(publicKey.export({ type: 'spki', format: 'pem' }));
const signed = Buffer.alloc(700, 'a');
const signature = sign('sha256', signed, privateKey);

/** What no verifier gets round: one RSA verification, one SHA-256 over the message. */
const floor = async (message: Buffer): Promise<{ passes: boolean; digest: string }> => ({
  passes: verify('sha256', signed, key, signature),
  digest: createHash('sha256').update(message).digest('base64'),
});

/** Works for so long. @returns how many times, and the CPU time it took in milliseconds */
const repeat = async (work: (message: Buffer) => Promise<unknown>, message: Buffer, durationMs: number) => {
  const untilMs = performance.now() + durationMs;
  const before = process.cpuUsage();
  let times = 0;
  for (; performance.now() < untilMs; times++) await work(message);
  const { user, system } = process.cpuUsage(before);
  return { times, cpuMs: (user + system) / 1000 };
};

const app = fastify({ bodyLimit: 2 ** 26 });
app.removeAllContentTypeParsers();
app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
app.get('/ready', async () => 'ready');
app.post<{ Body: Buffer }>('/mailauth', ({ body }) => judge(body));
app.post<{ Body: Buffer }>('/empty', async ({ body }) => ({ octets: body.length }));
app.post<{ Body: Buffer; Querystring: { ms: string } }>('/bare', ({ body, query }) =>
  repeat(judge, body, Number(query.ms)),
);
app.post<{ Body: Buffer; Querystring: { ms: string } }>('/floor', ({ body, query }) =>
  repeat(floor, body, Number(query.ms)),
);
await app.listen({ host: '127.0.0.1', port: Number(process.argv[2]) });
