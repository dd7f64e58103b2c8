/**
 * The service as a subject: `npm start` in production form, with the settings a user gets who sets
 * nothing but the DNS server, the port and the authserv-id.
 */
import { fileURLToPath } from 'node:url';
import { freePort } from '../test/free-port.ts';
import { post, type Request } from './load.ts';
import { answers, type StartOptions, type Subject, start } from './processes.ts';
import { FACTS } from './world.ts';

const SERVER = fileURLToPath(new URL('../src/server.ts', import.meta.url));

/** A running service. */
export type Ours = Subject & {
  readonly port: number;
  readonly request: (message: Buffer) => Request;
  /** Longest time between two turns of the event loop since the last call, in milliseconds. */
  readonly longestStandstillMs: () => Promise<number>;
};

/** Starts it. @param dnsPort the DNS server on the loopback */
export const startOurs = async (dnsPort: number, { env, ...options }: StartOptions): Promise<Ours> => {
  const port = await freePort();
  const settings = {
    NODE_ENV: 'production',
    PORT: String(port),
    DNS_SERVERS: `127.0.0.1:${dnsPort}`,
    AUTHSERV_ID: 'mx.receiver.example',
    // Counted like any caller, only not turned away.
    RATE_LIMIT_PER_ADDRESS: '10000000',
  };
  const subject = await start(process.execPath, [SERVER], answers(`http://127.0.0.1:${port}/readyz`), {
    ...options,
    env: { ...settings, ...env },
  });
  return {
    ...subject,
    port,
    request: (message) => requestOf(port, message),
    longestStandstillMs: async () => {
      const response = await fetch(`http://127.0.0.1:${port}/metrics`);
      const line = /^nodejs_eventloop_lag_max_seconds (\S+)/m.exec(await response.text());
      return Number(line?.[1] ?? Number.NaN) * 1000;
    },
  };
};

const requestOf = (port: number, message: Buffer): Request =>
  post(port, `/v1/verify?${new URLSearchParams(FACTS)}`, message, { 'Content-Type': 'message/rfc822' });

/**
 * What a verdict lacks.
 * @returns null when SPF, DKIM and DMARC pass under p=reject, as they must
 */
export const complaintOfOurs = (body: Buffer): string | null => {
  const { spf, dkim, dmarc, arc } = JSON.parse(body.toString('utf8'));
  const said = [spf?.result, dkim?.[0]?.result, dmarc?.result, dmarc?.rfc9989?.policy?.applies, arc?.result].join(' ');
  return said === 'pass pass pass reject none' ? null : said;
};
