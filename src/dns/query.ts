/**
 * One question on the wire, and whether a datagram or a TCP message is the reply to it. A reply counts only if all of it matches (RFC 5452 section 9);
 * anything else is dropped and the wait goes on, so that a forged packet costs an attacker a packet and us nothing.
 */
import type { RecordType } from '../../schemas/dns.ts';
import { CLASS_IN, OPT, TYPE_CODES } from './message.ts';

/** An encoded question for one try. Whoever sends it writes the id. */
export type Query = Buffer;

const HEADER_BYTES = 12;
/** QTYPE and QCLASS behind the name. */
const TYPE_AND_CLASS_BYTES = 4;
const OPT_BYTES = 11;
/** RD, and AD to hear of validated data (RFC 6840 section 5.7). */
const FLAGS = 0x0120;

/**
 * Encodes a question: RD and AD set, no DO, no client subnet. Written by hand, octet by octet, since it is done for every try; what
 * message-writer.ts makes of the same question is the same.
 * @param name normalized
 * @param payloadBytes largest UDP reply, told by EDNS0 (RFC 6891); null: no OPT record, for servers that do not know it
 */
export const encodeQuery = (name: string, type: RecordType, payloadBytes: number | null): Query => {
  // One length octet before the first label, each dot the length of the next, one zero at the end.
  const nameEnd = HEADER_BYTES + name.length + 2;
  const questionEnd = nameEnd + TYPE_AND_CLASS_BYTES;
  const bytes = Buffer.allocUnsafe(payloadBytes === null ? questionEnd : questionEnd + OPT_BYTES).fill(0);
  bytes.writeUInt16BE(FLAGS, 2);
  bytes[5] = 1;
  bytes.write(name, HEADER_BYTES + 1, 'latin1');
  let lengthAt = HEADER_BYTES;
  for (let dot = name.indexOf('.'); dot !== -1; dot = name.indexOf('.', dot + 1)) {
    bytes[lengthAt] = HEADER_BYTES + dot - lengthAt;
    lengthAt = HEADER_BYTES + 1 + dot;
  }
  bytes[lengthAt] = nameEnd - 2 - lengthAt;
  bytes.writeUInt16BE(TYPE_CODES[type], nameEnd);
  bytes.writeUInt16BE(CLASS_IN, nameEnd + 2);
  if (payloadBytes !== null) {
    bytes[11] = 1;
    bytes.writeUInt16BE(OPT, questionEnd + 1);
    bytes.writeUInt16BE(payloadBytes, questionEnd + 3);
  }
  return bytes;
};

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
