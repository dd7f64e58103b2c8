/**
 * Load over HTTP/1.1: connections that send one request again and again, each as soon as its answer
 * is there. Plain sockets and one prepared request, so that the load costs less than what it
 * measures. Every answer must be 200 with a Content-Length.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** One request, ready to be sent. */
export type Request = { readonly port: number; readonly bytes: Buffer };

/** Writes a POST with a body. @param headers beside Host and Content-Length */
export const post = (
  port: number,
  path: string,
  body: Buffer,
  headers: Readonly<Record<string, string>> = {},
): Request => {
  const lines = Object.entries({ Host: '127.0.0.1', ...headers, 'Content-Length': String(body.length) });
  const head = `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  return { port, bytes: Buffer.concat([Buffer.from(head, 'latin1'), body]) };
};

/** Answers taken in a stretch of time. */
export type Load = { readonly answers: number; readonly elapsedMs: number };

const END_OF_HEAD = Buffer.from('\r\n\r\n');

/**
 * A connection that carries one exchange at a time, and is opened again where the server closes it
 * after an answer.
 */
type Connection = { readonly ask: () => Promise<Buffer>; readonly close: () => void };

const open = async (port: number): Promise<Socket> => {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
};

const createConnection = (request: Request): Connection => {
  let socket: Socket | null = null;

  const exchange = (over: Socket): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const held: Buffer[] = [];
      let heldBytes = 0;
      let headBytes = 0;
      let wantedBytes = Number.POSITIVE_INFINITY;
      const settle = (finish: () => void): void => {
        over.off('data', take).off('error', reject).off('close', onClose);
        finish();
      };
      const onClose = (): void => settle(() => reject(new Error('the connection was closed before its answer')));
      const take = (piece: Buffer): void => {
        held.push(piece);
        heldBytes += piece.length;
        if (headBytes === 0) {
          const whole = Buffer.concat(held);
          const headEnd = whole.indexOf(END_OF_HEAD);
          if (headEnd < 0) return;
          const head = whole.toString('latin1', 0, headEnd);
          const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
          if (!/^HTTP\/1\.1 200 /.test(head) || length === undefined) {
            settle(() => reject(new Error(`answered ${whole.toString('utf8').slice(0, 1000)}`)));
            return;
          }
          headBytes = headEnd + END_OF_HEAD.length;
          wantedBytes = headBytes + Number(length);
          if (/\r\nconnection: *close/i.test(head)) socket = null;
        }
        if (heldBytes >= wantedBytes) settle(() => resolve(Buffer.concat(held).subarray(headBytes)));
      };
      over.on('data', take).once('error', reject).once('close', onClose);
      over.write(request.bytes);
    });

  return {
    ask: async () => {
      const over = socket ?? (await open(request.port));
      socket = over;
      const body = await exchange(over);
      // rspamd closes without saying so.
      if (socket === null) over.destroy();
      return body;
    },
    close: () => socket?.destroy(),
  };
};

/** Asks once. @returns the body of the answer. @throws Error for any answer but 200 */
export const askOnce = async (request: Request): Promise<Buffer> => {
  const connection = createConnection(request);
  try {
    return await connection.ask();
  } finally {
    connection.close();
  }
};

/** Asks on `connections` connections for `durationMs` milliseconds. */
export const load = async (request: Request, connections: number, durationMs: number): Promise<Load> => {
  const all = Array.from({ length: connections }, () => createConnection(request));
  let taken = 0;
  const startMs = performance.now();
  const run = async ({ ask }: Connection): Promise<void> => {
    while (performance.now() - startMs < durationMs) {
      await ask();
      taken++;
    }
  };
  try {
    await Promise.all(all.map(run));
    return { answers: taken, elapsedMs: performance.now() - startMs };
  } finally {
    for (const { close } of all) close();
  }
};
