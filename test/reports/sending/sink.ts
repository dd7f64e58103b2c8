/** A mail server of smtp-server on 127.0.0.1 that does as a test wants, and keeps what it took. */
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** What the server does at a place of the session. */
export type Act = 'take' | 'hang' | 'die' | { readonly code: number; readonly text: string };

/** A mail that was transferred whole, whatever the answer was. */
export type Received = { readonly from: string; readonly to: readonly string[]; readonly octets: Buffer };

export type Sink = {
  readonly url: string;
  readonly port: number;
  readonly received: Received[];
  /** Acts of the places; changed while it runs. */
  readonly acts: { mail: Act; rcpt: Act | ((address: string) => Act); data: Act | (() => Act) };
  readonly sessions: () => number;
  readonly close: () => Promise<void>;
};

const NEVER = (): void => undefined;

/** Starts one that takes everything. */
export const startSink = async (options: SMTPServerOptions = {}): Promise<Sink> => {
  const received: Received[] = [];
  const acts: Sink['acts'] = { mail: 'take', rcpt: 'take', data: 'take' };
  let sessions = 0;
  const perform = (act: Act, id: string, done: (error?: Error | null) => void): void => {
    if (act === 'take') done();
    else if (act === 'die') {
      for (const connection of server.connections) if (connection.id === id) connection._socket?.destroy();
    } else if (act !== 'hang') done(Object.assign(new Error(act.text), { responseCode: act.code }));
  };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    hideENHANCEDSTATUSCODES: true,
    logger: false,
    onConnect: (_session, done) => {
      sessions += 1;
      done();
    },
    onMailFrom: (_address, session, done) => perform(acts.mail, session.id, done),
    onRcptTo: ({ address }, session, done) =>
      perform(typeof acts.rcpt === 'function' ? acts.rcpt(address) : acts.rcpt, session.id, done),
    onData: (stream, { envelope, id }, done) => {
      // A client that dies sends no whole message.
      void buffer(stream).then((octets) => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        received.push({ from, to: envelope.rcptTo.map(({ address }) => address), octets });
        perform(typeof acts.data === 'function' ? acts.data() : acts.data, id, done);
      }, NEVER);
    },
    ...options,
  });
  server.on('error', NEVER);
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const address = listening.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `smtp://127.0.0.1:${port}`,
    port,
    received,
    acts,
    sessions: () => sessions,
    close: () => {
      for (const connection of server.connections) connection._socket?.destroy();
      return new Promise((closed) => server.close(closed));
    },
  };
};
