/**
 * A service under load that is told to end, seen from its clients: HTTP clients that keep their
 * connections, mail servers with milter sessions of one to three messages and one session without
 * end, policy clients. Counts what got no whole answer. A client that is refused a connection has
 * been sent elsewhere: that is the end of it, and nothing is broken.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { messageFrames, readReplies, send } from '../pipeline/milter/mta.ts';
import { example } from '../verdict/make-verifier.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MESSAGE = example('aligned.eml');
const PATH = '/v1/verify?clientIp=192.0.2.10&helo=mail.brand.example&mailFrom=alice@brand.example';
const CLIENTS = { http: 16, milter: 4, policy: 4 } as const;
/** Answers of each face before the signal: connections are open and in use. */
const WARM_UP = 40;
/**
 * Long enough for a client on a machine that other work shares, which would else be taken for
 * silent.
 */
const DRAIN_MS = 2_000;
const SHUTDOWN_TIMEOUT_MS = 8_000;

/** What came of a run. */
export type Drained = {
  /** Whole answers, by face. */
  readonly answered: Readonly<Record<Face, number>>;
  /** What got no whole answer, and why. */
  readonly broken: readonly string[];
  /** What /readyz said right after the signal. */
  readonly readiness: number;
  readonly exitCode: number | null;
};
type Face = keyof typeof CLIENTS;
type Load = {
  isOver: boolean;
  readonly answered: Record<Face, number>;
  readonly broken: string[];
  /** Says that answers came; whoever waits for more looks. */
  onAnswer: () => void;
};

/** Waits until each face has so many answers more. */
const answers = async (load: Load, count: number): Promise<void> => {
  const before = { ...load.answered };
  const faces = Object.keys(before) as Face[];
  while (faces.some((face) => load.answered[face] < before[face] + count))
    await new Promise<void>((resolve) => {
      load.onAnswer = resolve;
    });
};

const countAnswer = (load: Load, face: Face): void => {
  load.answered[face] += 1;
  load.onAnswer();
};

/**
 * Starts a service, loads it, and ends it or one of its workers.
 * @param workers processes of the service
 * @param target what gets SIGTERM: the service, or one worker, which then is replaced while the
 * load goes on
 */
export const drainUnderLoad = async (workers: number, target: 'service' | 'worker'): Promise<Drained> => {
  const service = spawn(process.execPath, ['src/server.ts'], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH ?? '',
      PORT: '0',
      WORKERS: String(workers),
      DNS_SERVERS: '127.0.0.1:9',
      MILTER_LISTEN: 'inet:0@127.0.0.1',
      POLICY_LISTEN: 'inet:0@127.0.0.1',
      DRAIN_MS: String(DRAIN_MS),
      SHUTDOWN_TIMEOUT_MS: String(SHUTDOWN_TIMEOUT_MS),
      RATE_LIMIT_PER_ADDRESS: '0',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(service, 'exit');
  try {
    const log = readLog(service);
    const [http = '', milter = '', policy = ''] = (await log.line('listening', workers)).addresses ?? [];
    const load: Load = {
      isOver: false,
      answered: { http: 0, milter: 0, policy: 0 },
      broken: [],
      onAnswer: () => undefined,
    };
    const clients = [
      ...Array.from({ length: CLIENTS.http }, (_, at) => httpClient(http, load, at)),
      ...Array.from({ length: CLIENTS.milter }, (_, at) => milterClient(portOf(milter), load, at)),
      ...Array.from({ length: CLIENTS.policy }, () => policyClient(portOf(policy), load)),
    ];
    await answers(load, WARM_UP);
    let readiness = 0;
    if (target === 'service') {
      service.kill('SIGTERM');
      await log.line('ending', workers);
      readiness = (await fetch(`${http}/readyz`)).status;
      await Promise.all(clients);
      await exit;
    } else {
      process.kill(workersOf(service)[0] ?? 0, 'SIGTERM');
      await log.line('listening', workers + 1);
      await answers(load, WARM_UP);
      load.isOver = true;
      await Promise.all(clients);
      readiness = (await fetch(`${http}/readyz`)).status;
      service.kill('SIGTERM');
      await exit;
    }
    return { answered: load.answered, broken: load.broken, readiness, exitCode: service.exitCode };
  } finally {
    service.kill('SIGKILL');
  }
};

const portOf = (address: string): number => Number(address.slice(address.lastIndexOf(':') + 1));

const workersOf = (service: ChildProcess): number[] =>
  readdirSync(`/proc/${service.pid}/task`)
    .flatMap((thread) => readFileSync(`/proc/${service.pid}/task/${thread}/children`, 'utf8').trim().split(' '))
    .filter((pid) => pid !== '')
    .map(Number);

type Line = { msg: string; addresses?: string[] };
const readLog = (service: ChildProcess) => {
  const lines: Line[] = [];
  let notify = (): void => undefined;
  if (service.stdout === null) throw new Error('the log is read');
  createInterface({ input: service.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as Line;
    // The verdicts are many, and nobody asks for them.
    if (!/^(?:listening|end)/.test(line.msg)) return;
    lines.push(line);
    notify();
  });
  service.once('exit', () => notify());
  return {
    /** Waits for the nth line that begins so. */
    line: async (start: string, count: number): Promise<Line> => {
      for (;;) {
        const found = lines.filter(({ msg }) => msg.startsWith(start))[count - 1];
        if (found !== undefined) return found;
        if (service.exitCode !== null) throw new Error(`the service ended with ${service.exitCode}`);
        await new Promise<void>((resolve) => {
          notify = resolve;
        });
      }
    },
  };
};

/** Whether a failure tells that nobody listens any more; everything else is counted. */
const isSentElsewhere = (cause: unknown, face: Face, load: Load): boolean => {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return true;
  load.broken.push(`${face}: ${code ?? message}`);
  return false;
};

/**
 * One client, one connection, which it keeps; every other client makes pauses, in which its
 * connection is idle. They are part of the load: no result hangs on their length.
 */
const httpClient = async (base: string, load: Load, at: number): Promise<void> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  while (!load.isOver) {
    try {
      const status = await post(base, agent);
      if (status === 200) countAnswer(load, 'http');
      else load.broken.push(`http: ${status}`);
    } catch (cause) {
      if (isSentElsewhere(cause, 'http', load)) break;
    }
    await (at % 2 === 0 ? nextTurn() : wait(Math.random() * 100));
  }
  agent.destroy();
};

const post = (base: string, agent: Agent): Promise<number> =>
  new Promise((resolve, reject) => {
    const sent = request(base + PATH, { method: 'POST', agent }, (answer) => {
      answer.once('error', reject).once('end', () => resolve(answer.statusCode ?? 0));
      answer.resume();
    });
    sent.once('error', reject).end(MESSAGE);
  });

/**
 * A connection whose octets are read as answers; an end with something asked and not answered is a
 * failure.
 */
const dial = async (port: number) => {
  const socket: Socket = connect(port, '127.0.0.1');
  let heard = Buffer.alloc(0);
  let failure: Error | null = null;
  let notify = (): void => undefined;
  socket.on('data', (piece) => {
    heard = Buffer.concat([heard, piece]);
    notify();
  });
  socket.on('error', (cause) => {
    failure = cause;
    notify();
  });
  socket.on('end', () => {
    failure ??= new Error('the connection ended before the answer');
    notify();
  });
  await once(socket, 'connect');
  return {
    socket,
    isOpen: () => failure === null,
    /** Waits until `read` takes something of what was heard. */
    answer: async <Answer>(read: (octets: Buffer) => Answer | undefined): Promise<Answer> => {
      for (;;) {
        const answer = read(heard);
        if (answer !== undefined) {
          heard = Buffer.alloc(0);
          return answer;
        }
        if (failure !== null) throw failure;
        await new Promise<void>((resolve) => {
          notify = resolve;
        });
      }
    },
  };
};
type Dialled = Awaited<ReturnType<typeof dial>>;

const FIELDS = [
  ['From', ' alice@brand.example'],
  ['Subject', ' Hello'],
] as const;
const FRAMES = messageFrames(FIELDS, 'Hello\r\n', { mailFrom: '<alice@brand.example>' });
const CONTENT = Buffer.concat(FRAMES.slice(1, -1));
const ending = (octets: Buffer, count: number): string | undefined => {
  try {
    const codes = readReplies(octets).map(({ code }) => code);
    return codes.length >= count && /[cayrt]/.test(codes.at(-1) ?? '') ? codes.at(-1) : undefined;
  } catch {
    // The last reply is not whole yet.
    return undefined;
  }
};

/**
 * A mail server: one session after the other, as its own clients come and go; the first one has a
 * client that never goes.
 */
const milterClient = async (port: number, load: Load, at: number): Promise<void> => {
  while (!load.isOver) {
    try {
      const dialled = await dial(port);
      dialled.socket.write(
        Buffer.concat([
          send.optneg(),
          send.connect('mail.brand.example', '192.0.2.10'),
          send.helo('mail.brand.example'),
        ]),
      );
      await dialled.answer((octets) => ending(octets, 3));
      const messages = at === 0 ? Number.POSITIVE_INFINITY : 1 + Math.floor(Math.random() * 3);
      for (let sent = 0; sent < messages && !load.isOver; sent++) if (!(await sendMessage(dialled, load))) break;
      dialled.socket.end(send.quit());
    } catch (cause) {
      if (isSentElsewhere(cause, 'milter', load)) return;
    }
    await nextTurn();
  }
};

/** @returns false when the mail server is told to come again, which ends the session in order */
const sendMessage = async ({ socket, answer }: Dialled, load: Load): Promise<boolean> => {
  socket.write(FRAMES[0] ?? '');
  if ((await answer((octets) => ending(octets, 1))) !== 'c') return false;
  socket.write(CONTENT);
  await answer((octets) => ending(octets, 3));
  socket.write(FRAMES.at(-1) ?? '');
  await answer((octets) => ending(octets, 1));
  countAnswer(load, 'milter');
  return true;
};

const POLICY_REQUEST = [
  'request=smtpd_access_policy',
  'protocol_state=RCPT',
  'client_address=192.0.2.10',
  'helo_name=mail.brand.example',
  'sender=alice@brand.example',
  'recipient=bob@rcpt.example',
  '\n',
].join('\n');

/**
 * Postfix: keeps its connection, and asks once more on a new one when it ends under a question
 * (smtpd_policy_service_try_limit is 2).
 */
const policyClient = async (port: number, load: Load): Promise<void> => {
  while (!load.isOver) {
    let answers = 0;
    try {
      const { socket, answer, isOpen } = await dial(port);
      while (isOpen() && !load.isOver) {
        socket.write(POLICY_REQUEST);
        await answer((octets) => (octets.includes('\n\n') ? octets.length : undefined));
        countAnswer(load, 'policy');
        answers += 1;
        await wait(1);
      }
      socket.destroy();
    } catch (cause) {
      if (answers === 0 && isSentElsewhere(cause, 'policy', load)) return;
    }
  }
};
