/**
 * A look at port 25 of a mail host, as it answers now: EHLO, STARTTLS and QUIT, one connection a
 * host, never a sender or a recipient. Off unless the service allows it. Connects to allowed
 * addresses only, those that DNS gave and that were checked. RFC 3207, RFC 5321 section 4.1.1, RFC
 * 7672.
 */
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import type { MailHost, MailPosture, SmtpProbe } from '../../../schemas/posture/mail.ts';
import { certificateFacts } from './certificate.ts';
import { matchesTlsa } from './dane-match.ts';
import { certificateFault } from './https-fetch.ts';

/** Looks at one host. @returns never rejects */
export type SmtpProbeHost = (host: MailHost, timeoutMs: number) => Promise<SmtpProbe>;

/** What the probe is made of. */
type SmtpProbeDependencies = {
  /** Which addresses may be connected to; `isPublicAddress` in service. */
  readonly isAllowed: (address: string) => boolean;
  /** Name given with EHLO. */
  readonly helo: string;
  /** @default 25 */
  readonly port?: number;
  /** Authorities in PEM instead of those of node. */
  readonly authorities?: readonly string[];
  /** Milliseconds since the epoch. */
  readonly nowMs: () => number;
};

const SMTP_PORT = 25;
/** Of one reply; RFC 5321 section 4.5.3.1.5 has 512 octets a line. */
const MAX_REPLY_BYTES = 16_384;
/** Hosts of one domain that are probed, by preference. */
const MAX_PROBED_HOSTS = 10;

/**
 * Puts a probe on each host, the first ten by preference. Hosts that share an address are still
 * asked one by one.
 */
export const probeHosts = async (mail: MailPosture, probe: SmtpProbeHost, timeoutMs: number): Promise<MailPosture> => ({
  ...mail,
  hosts: await Promise.all(
    mail.hosts.map(async (host, index) =>
      index < MAX_PROBED_HOSTS && host.state !== 'invalid' && host.state !== 'dns-failure'
        ? { ...host, probe: await probe(host, timeoutMs) }
        : host,
    ),
  ),
});

/** What ends a conversation early. Stays inside this file. */
class ProbeEnd extends Error {
  readonly state: SmtpProbe['state'];
  constructor(state: SmtpProbe['state'], reason: string) {
    super(reason);
    this.name = 'ProbeEnd';
    this.state = state;
  }
}

/** Makes the probe. */
export const createSmtpProbe =
  (dependencies: SmtpProbeDependencies): SmtpProbeHost =>
  async (host, timeoutMs) => {
    const nothing = { address: null, tlsVersion: null, trusted: null, daneMatch: null, certificate: null };
    if (host.addresses.length === 0) return { ...nothing, state: 'no-address', reason: 'the host has no address' };
    const address = host.addresses.find(dependencies.isAllowed);
    if (address === undefined)
      return {
        ...nothing,
        state: 'refused-address',
        reason: 'no address of the host is public, so none was connected to',
      };
    const socket = connect({ host: address, port: dependencies.port ?? SMTP_PORT });
    const timer = setTimeout(() => socket.destroy(new ProbeEnd('unreachable', 'the host took too long')), timeoutMs);
    try {
      return { ...nothing, address, ...(await converse(socket, host, dependencies)) };
    } catch (cause) {
      const end = cause instanceof ProbeEnd ? cause : new ProbeEnd('unreachable', connectionReason(cause));
      return { ...nothing, address, state: end.state, reason: end.message };
    } finally {
      clearTimeout(timer);
      socket.destroy();
    }
  };

const connectionReason = (cause: unknown): string => {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ECONNREFUSED' ? 'the host refuses connections' : 'the host cannot be reached';
};

type Seen = Pick<SmtpProbe, 'state' | 'reason' | 'tlsVersion' | 'trusted' | 'daneMatch' | 'certificate'>;

const converse = async (socket: Socket, host: MailHost, dependencies: SmtpProbeDependencies): Promise<Seen> => {
  const conversation = openConversation(socket);
  await conversation.reply('220');
  const extensions = await conversation.command(`EHLO ${dependencies.helo}`, '250');
  if (!extensions.some((line) => /^starttls$/i.test(line.trim()))) {
    socket.write('QUIT\r\n');
    return {
      state: 'no-starttls',
      reason: 'the host does not offer STARTTLS',
      tlsVersion: null,
      trusted: null,
      daneMatch: null,
      certificate: null,
    };
  }
  await conversation.command('STARTTLS', '220');
  conversation.close();
  const secured = await startTls(socket, host.exchange, dependencies.authorities);
  const facts = tlsFacts(secured, host, dependencies.nowMs());
  secured.write('QUIT\r\n');
  secured.end();
  return facts;
};

/**
 * Lines in, one reply at a time; data that comes before it was asked for (RFC 3207 section 5,
 * injected commands) is never carried into TLS.
 */
const openConversation = (socket: Socket) => {
  let buffered = '';
  let wake: (() => void) | null = null;
  let ended: Error | null = null;
  const onData = (chunk: Buffer): void => {
    buffered += chunk.toString('latin1');
    if (buffered.length > MAX_REPLY_BYTES)
      socket.destroy(new ProbeEnd('protocol-error', 'the reply of the host is too long'));
    wake?.();
  };
  const onEnd = (error?: unknown): void => {
    ended ??= error instanceof Error ? error : new ProbeEnd('protocol-error', 'the host closed the connection');
    wake?.();
  };
  socket.on('data', onData);
  socket.on('error', onEnd);
  socket.on('close', () => onEnd());
  const reply = async (wanted: string): Promise<string[]> => {
    for (;;) {
      const complete = /^(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\r?\n/.exec(buffered)?.[0];
      if (complete !== undefined) {
        buffered = buffered.slice(complete.length);
        if (!complete.startsWith(wanted))
          throw new ProbeEnd('protocol-error', `the host answers ${complete.slice(0, 3)} where ${wanted} is due`);
        return complete
          .trimEnd()
          .split('\n')
          .map((line) => line.slice(4));
      }
      if (/^[^\n]*\n/.test(buffered) && !/^\d{3}[ -]/.test(buffered))
        throw new ProbeEnd('protocol-error', 'the host does not speak SMTP');
      if (ended !== null) throw ended;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    reply,
    command: (text: string, wanted: string): Promise<string[]> => {
      socket.write(`${text}\r\n`);
      return reply(wanted);
    },
    close: (): void => {
      socket.off('data', onData);
    },
  };
};

const startTls = (socket: Socket, host: string, authorities: readonly string[] | undefined): Promise<TLSSocket> =>
  new Promise((resolve, reject) => {
    const secured = connectTls({
      socket,
      servername: host,
      // The handshake is finished whatever the certificate says: the certificate is what we came to
      // see. Nothing is sent but QUIT.
      rejectUnauthorized: false,
      ...(authorities !== undefined && { ca: [...authorities] }),
    });
    secured.once('secureConnect', () => resolve(secured));
    secured.on('error', () => reject(new ProbeEnd('tls-failure', 'TLS could not be agreed on')));
    socket.once('close', () => reject(new ProbeEnd('tls-failure', 'the host closed the connection during TLS')));
  });

const tlsFacts = (secured: TLSSocket, host: MailHost, nowMs: number): Seen => {
  const leaf = secured.getPeerX509Certificate();
  const error = secured.authorizationError as Error | string | null | undefined;
  const code = typeof error === 'string' ? error : (error as NodeJS.ErrnoException | null | undefined)?.code;
  return {
    state: 'starttls',
    reason: secured.authorized
      ? 'the certificate is for this host and leads to a known authority'
      : (certificateFault(code) ?? 'the certificate is not valid'),
    tlsVersion: secured.getProtocol(),
    trusted: secured.authorized,
    daneMatch: host.tlsa.state === 'usable' && leaf !== undefined ? matchesTlsa(host.tlsa.records, leaf) : null,
    certificate: certificateFacts(leaf, nowMs),
  };
};
