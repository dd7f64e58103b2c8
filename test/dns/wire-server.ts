/**
 * A lookup or a suite's zone served over UDP and TCP by the project's own codec, so that the
 * resolver itself can be driven over the wire. A failure is played as what brings it about:
 * silence, an RCODE, or octets that are no message.
 */
import type { Answer, Lookup } from '../../src/dns/lookup.ts';
import { type Message, TYPE_CODES, type WireRecord } from '../../src/dns/wire/message.ts';
import type { SuiteZone } from '../conformance/suite-case.ts';
import { suiteLookup } from '../conformance/suite-zone.ts';
import { replyTo, type ScriptedServer, type ServedQuery, scriptedServer, soa } from './scripted-server.ts';
import { encodeMessage } from './wire/message-writer.ts';

const TYPES = new Map(Object.entries(TYPE_CODES).map(([type, code]) => [code, type as keyof typeof TYPE_CODES]));
const RCODES: Readonly<Record<string, number>> = { formerr: 1, servfail: 2, notimp: 4, refused: 5, rcode: 9 };
/** Largest UDP reply to a query without EDNS (RFC 1035 section 2.3.4). */
const PLAIN_UDP_BYTES = 512;

/**
 * Serves the zone of a suite case. A name with any byte may be in it; failures of type TIMEOUT are
 * silence, so give the resolver a short `dnsQuestionTimeoutMs`.
 */
export const serveZone = (zone: SuiteZone): Promise<ScriptedServer> => serveLookup(suiteLookup(zone));

/**
 * Serves what a lookup answers.
 * @param delayMs held back before each reply
 */
export const serveLookup = (lookup: Lookup, delayMs = 0): Promise<ScriptedServer> =>
  scriptedServer((query) => {
    answerQuery(query, lookup, delayMs);
  });

/**
 * Answers one query of a scripted server from a lookup, truncated where it does not fit a datagram.
 */
export const answerQuery = async (query: ServedQuery, lookup: Lookup, delayMs = 0): Promise<void> => {
  const [question] = query.message.questions;
  const type = TYPES.get(question?.type ?? 0);
  const answer: Answer =
    question === undefined || type === undefined
      ? { kind: 'failure', failure: 'notimp', source: 'local' }
      : await lookup({ name: question.name, type }, Number.POSITIVE_INFINITY);
  const reply = encodedReply(query.message, answer);
  const limit = query.transport === 'tcp' ? 65_535 : (query.message.edns?.payloadBytes ?? PLAIN_UDP_BYTES);
  if (reply === null) return;
  const bytes = reply.length <= limit ? reply : encodeMessage(replyTo(query.message, { isTruncated: true }));
  if (delayMs === 0) query.send(bytes);
  else setTimeout(() => query.send(bytes), delayMs);
};

/** @returns null for silence */
const encodedReply = (query: Message, answer: Answer): Buffer | null => {
  const name = query.questions[0]?.name ?? '';
  switch (answer.kind) {
    case 'records': {
      const type = TYPES.get(query.questions[0]?.type ?? 0) ?? 'A';
      const records = answer.records.map(
        (data) => ({ name, type, ttlSeconds: answer.ttlSeconds, data: withAString(data) }) as WireRecord,
      );
      return encodeMessage(replyTo(query, { answers: records }));
    }
    case 'nodata':
    case 'nxdomain':
      return encodeMessage(
        replyTo(query, {
          rcode: answer.kind === 'nxdomain' ? 3 : 0,
          authorities: [soa(name, answer.ttlSeconds, answer.ttlSeconds)],
        }),
      );
    case 'failure':
      if (answer.failure === 'timeout') return null;
      if (answer.failure === 'badresp') return encodeMessage(replyTo(query)).fill(0xff, 6, 8);
      return encodeMessage(replyTo(query, { rcode: RCODES[answer.failure] ?? 2 }));
    default:
      return answer satisfies never;
  }
};

/** A TXT record of no strings cannot be written; the suites mean an empty one. */
const withAString = <Data>(data: Data): Data => (Array.isArray(data) && data.length === 0 ? ([''] as Data) : data);
