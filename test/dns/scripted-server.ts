/**
 * A DNS server that does what a test tells it: UDP and TCP on one port of the loopback, every query
 * handed to a function that may answer, lie, or keep silent. Keeps what it was asked.
 */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { decodeMessage, type Message, type WireRecord } from '../../src/dns/wire/message.ts';
import { encodeMessage } from './wire/message-writer.ts';

/** One query as it came. */
export type ServedQuery = {
  readonly message: Message;
  readonly bytes: Buffer;
  readonly transport: 'udp' | 'tcp';
  /** Port of the client, which tells its sockets apart. */
  readonly clientPort: number;
  /** 0 for the first query over this transport. */
  readonly index: number;
  /** Sends octets as they are. */
  readonly send: (bytes: Buffer) => void;
  /** Answers the question: flags and id as they should be, the rest as given. */
  readonly answer: (parts?: Partial<Message>) => void;
  /** TCP only: resets the connection. */
  readonly reset: () => void;
  /** TCP only: sends octets without a length before them. */
  readonly write: (octets: Buffer) => void;
  /** TCP only: closes the connection behind what was sent; what comes after is not read. */
  readonly end: () => void;
  /** TCP only: settles once the connection is closed. */
  readonly closed: Promise<void>;
};

export type ScriptedServer = {
  readonly address: string;
  readonly port: number;
  /** As the setting `dnsServers` takes it. */
  readonly literal: string;
  readonly queries: readonly ServedQuery[];
  /** Names and transports asked, as in "udp a.example A". */
  readonly close: () => Promise<void>;
};

/** The reply that a well-behaved server would give to a query, with parts of it changed. */
export const replyTo = (query: Message, parts: Partial<Message> = {}): Message => ({
  ...query,
  isResponse: true,
  recursionAvailable: true,
  authenticData: false,
  answers: [],
  authorities: [],
  additionals: [],
  ...parts,
});

/** Starts a server; `script` is called for each query that can be decoded. */
export const scriptedServer = async (script: (query: ServedQuery) => unknown): Promise<ScriptedServer> => {
  const queries: ServedQuery[] = [];
  const counts = { udp: 0, tcp: 0 };
  const connections = new Set<Socket>();

  const serve = (
    bytes: Buffer,
    transport: 'udp' | 'tcp',
    clientPort: number,
    send: (bytes: Buffer) => void,
    socket: Socket | null,
    closed: Promise<void>,
  ) => {
    const message = decodeMessage(bytes);
    if (message === null) return;
    const query: ServedQuery = {
      message,
      bytes,
      transport,
      clientPort,
      index: counts[transport]++,
      send,
      answer: (parts) => send(encodeMessage(replyTo(message, parts))),
      reset: () => socket?.resetAndDestroy(),
      end: () => socket?.end(),
      write: (octets) => socket?.write(octets),
      closed,
    };
    queries.push(query);
    script(query);
  };

  const tcp = createServer((socket) => {
    connections.add(socket);
    const closed = Promise.withResolvers<void>();
    socket.on('close', () => {
      connections.delete(socket);
      closed.resolve();
    });
    socket.on('error', () => socket.destroy());
    let received = Buffer.alloc(0);
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes]);
      while (socket.writable && received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const end = 2 + received.readUInt16BE(0);
        const framed = (reply: Buffer) => {
          const length = Buffer.alloc(2);
          length.writeUInt16BE(reply.length);
          if (socket.writable) socket.write(Buffer.concat([length, reply]));
        };
        serve(received.subarray(2, end), 'tcp', socket.remotePort ?? 0, framed, socket, closed.promise);
        received = received.subarray(end);
      }
    });
  });

  const udp = createSocket({ type: 'udp4', recvBufferSize: 4_194_304 });
  let isClosed = false;
  udp.on('message', (bytes, { port, address }) => {
    const send = (reply: Buffer) => {
      if (!isClosed) udp.send(reply, port, address);
    };
    serve(bytes, 'udp', port, send, null, Promise.resolve());
  });

  const port = await bindBoth(tcp, udp);

  return {
    address: '127.0.0.1',
    port,
    literal: `127.0.0.1:${port}`,
    queries,
    close: async () => {
      isClosed = true;
      for (const socket of connections) socket.destroy();
      tcp.close();
      udp.close();
      await once(tcp, 'close');
    },
  };
};

/** Any port that is free over both, which a question's socket of another test may hold over UDP. */
const bindBoth = async (tcp: Server, udp: DatagramSocket): Promise<number> => {
  for (let left = 20; ; left--) {
    tcp.listen(0, '127.0.0.1');
    await once(tcp, 'listening');
    const { port } = tcp.address() as AddressInfo;
    udp.bind(port, '127.0.0.1');
    try {
      await once(udp, 'listening');
      return port;
    } catch (error) {
      if (left === 0) throw error;
      tcp.close();
      await once(tcp, 'close');
    }
  }
};

/** A record with the fields that a test does not care about filled in. */
export const record = (given: Partial<WireRecord> & Pick<WireRecord, 'name'>): WireRecord =>
  ({ ttlSeconds: 300, ...given }) as WireRecord;

/** An SOA record for the authority section: the bound of negative answers. */
export const soa = (name: string, ttlSeconds: number, minimum: number): WireRecord => ({
  name,
  type: 'SOA',
  ttlSeconds,
  data: { mname: '', rname: '', serial: 1, refresh: 1, retry: 1, expire: 1, minimum },
});
