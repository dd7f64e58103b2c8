/**
 * The DNS of the measurements: the zone over UDP on the loopback, for every side alike. A question
 * that was asked before is answered from memory with its own id, so that the server costs little
 * beside those it serves; a round-trip time can be laid on it.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { decodeMessage, TYPE_CODES } from '../src/dns/wire/message.ts';
import { parseZone, withZone } from '../src/dns/zone/zone.ts';
import { replyTo, soa } from '../test/dns/scripted-server.ts';
import { encodeMessage } from '../test/dns/wire/message-writer.ts';

/** A running server. */
export type DnsServer = {
  readonly port: number;
  /**
   * Names asked since the last call, with their types and the moment of asking on the monotonic
   * clock.
   */
  readonly takeQuestions: () => { name: string; type: string; atMs: number }[];
  readonly close: () => void;
};

const TYPES = new Map(Object.entries(TYPE_CODES).map(([type, code]) => [code, type as keyof typeof TYPE_CODES]));
/**
 * The id of a DNS message, which is all that two askers of one question differ in (RFC 1035 section
 * 4.1.1).
 */
const ID_BYTES = 2;
const MAX_MEMOIZED = 10_000;

/** Serves a zone. @param roundTripMs time that a question and its answer take together */
export const startDnsServer = async (zoneText: string, roundTripMs = 0): Promise<DnsServer> => {
  const parsed = parseZone(zoneText, 'zone');
  if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join('; '));
  const lookup = withZone(parsed.zone, async () => ({
    kind: 'nxdomain',
    ttlSeconds: 300,
    authenticated: false,
    source: 'local',
  }));
  const socket = createSocket('udp4');
  const remembered = new Map<string, Buffer>();
  const asked: { name: string; type: string; atMs: number }[] = [];

  const answerTo = async (query: Buffer): Promise<Buffer | null> => {
    const message = decodeMessage(query);
    const [question] = message?.questions ?? [];
    if (message === null || question === undefined) return null;
    const type = TYPES.get(question.type);
    if (roundTripMs > 0)
      asked.push({ name: question.name, type: type ?? String(question.type), atMs: performance.now() });
    if (type === undefined) return encodeMessage(replyTo(message));
    const answer = await lookup({ name: question.name, type }, Number.POSITIVE_INFINITY);
    if (answer.kind === 'records') {
      const { ttlSeconds } = answer;
      const answers = answer.records.map((data) => ({ name: question.name, type, ttlSeconds, data }) as never);
      return encodeMessage(replyTo(message, { answers }));
    }
    const authorities = [soa([...parsed.zone.apexes.keys()][0] ?? '', 300, 300)];
    return encodeMessage(replyTo(message, { rcode: answer.kind === 'nxdomain' ? 3 : 0, authorities }));
  };

  socket.on('message', async (query, { port, address }) => {
    const key = query.toString('latin1', ID_BYTES);
    const known = roundTripMs > 0 ? undefined : remembered.get(key);
    const reply = known === undefined ? await answerTo(query) : Buffer.from(known);
    if (reply === null) return;
    query.copy(reply, 0, 0, ID_BYTES);
    if (roundTripMs > 0) setTimeout(() => socket.send(reply, port, address), roundTripMs);
    else socket.send(reply, port, address);
    if (known === undefined && remembered.size < MAX_MEMOIZED) remembered.set(key, reply);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    takeQuestions: () => asked.splice(0),
    close: () => socket.close(),
  };
};
