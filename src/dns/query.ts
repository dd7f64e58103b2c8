/**
 * One question on the wire, and whether a datagram or a TCP message is the reply to it. A reply counts only if all of it matches (RFC 5452 section 9);
 * anything else is dropped and the wait goes on, so that a forged packet costs an attacker a packet and us nothing.
 */
import type { RecordType } from '../../schemas/dns.ts';
import { TYPE_CODES } from './message.ts';
import { encodeMessage } from './message-writer.ts';

/** An encoded question with id 0; whoever sends it copies it and writes the id. */
export type Query = Buffer;

/**
 * Encodes a question: RD and AD set (RFC 6840 section 5.7), no DO, no client subnet.
 * @param name normalized
 * @param payloadBytes largest UDP reply, told by EDNS0 (RFC 6891); null: no OPT record, for servers that do not know it
 */
export const encodeQuery = (name: string, type: RecordType, payloadBytes: number | null): Query =>
  encodeMessage({
    id: 0,
    isResponse: false,
    opcode: 0,
    isAuthoritative: false,
    isTruncated: false,
    recursionDesired: true,
    recursionAvailable: false,
    authenticData: true,
    checkingDisabled: false,
    rcode: 0,
    questions: [{ name, type: TYPE_CODES[type] }],
    answers: [],
    authorities: [],
    additionals: [],
    edns: payloadBytes === null ? null : { payloadBytes, version: 0, dnssecOk: false },
  });

/** A copy of a query that bears an id. */
export const withId = (query: Query, id: number): Buffer => {
  const bytes = Buffer.from(query);
  bytes.writeUInt16BE(id, 0);
  return bytes;
};

const HEADER_BYTES = 12;
/** QTYPE and QCLASS behind the name. */
const TYPE_AND_CLASS_BYTES = 4;

/**
 * True when a message is a reply to this question: QR, opcode 0, one question, the same QNAME without regard to ASCII case, the same QTYPE and QCLASS.
 * The id and the peer are checked by who received it.
 */
export const isReplyTo = (message: Buffer, query: Query): boolean => {
  const isResponseToQuery = ((message[2] ?? 0) & 0xf8) === 0x80;
  if (message.length < HEADER_BYTES || !isResponseToQuery || message.readUInt16BE(4) !== 1) return false;
  let at = HEADER_BYTES;
  for (let length = query[at]; length !== undefined && length !== 0; length = query[at]) {
    for (const end = at + length; at <= end; at++) if (lowerCase(message[at]) !== lowerCase(query[at])) return false;
  }
  const end = at + 1 + TYPE_AND_CLASS_BYTES;
  return message.length >= end && message.compare(query, at, end, at, end) === 0;
};

const lowerCase = (octet: number | undefined): number =>
  octet === undefined ? -1 : octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
