/**
 * One question on the wire, and whether a datagram or a TCP message is the reply to it. A reply
 * counts only if all of it matches (RFC 5452 section 9); anything else is dropped and the wait goes
 * on, so that a forged packet costs an attacker a packet and us nothing.
 */
import type { RecordType } from '../../../schemas/dns.ts';
import { CLASS_IN, OPT, TYPE_CODES } from './message.ts';

/** An encoded question for one try. Whoever sends it writes the id. */
export type Query = Buffer;

const HEADER_BYTES = 12;
/** QTYPE and QCLASS behind the name. */
const TYPE_AND_CLASS_BYTES = 4;
const OPT_BYTES = 11;
const DOT = 0x2e;
/** RD, and AD to hear of validated data (RFC 6840 section 5.7). */
const FLAGS = 0x0120;

/**
 * Encodes a question: RD and AD set, no DO, no client subnet. Written octet by octet, since it is
 * done for every try; what the writer of the tests makes of the same question is the same.
 * @param name normalized
 * @param payloadBytes largest UDP reply, announced by EDNS0 (RFC 6891); null: no OPT record, for
 * servers that do not know it
 */
export const encodeQuery = (name: string, type: RecordType, payloadBytes: number | null): Query => {
  // One length octet before the first label, each dot the length of the next, one zero at the end.
  const nameEnd = HEADER_BYTES + name.length + 2;
  const questionEnd = nameEnd + TYPE_AND_CLASS_BYTES;
  const bytes = Buffer.allocUnsafe(payloadBytes === null ? questionEnd : questionEnd + OPT_BYTES);
  for (let at = 0; at < HEADER_BYTES; at++) bytes[at] = 0;
  putUint16(bytes, 2, FLAGS);
  bytes[5] = 1;
  let lengthAt = HEADER_BYTES;
  for (let index = 0; index < name.length; index++) {
    const octet = name.charCodeAt(index);
    const at = HEADER_BYTES + 1 + index;
    if (octet === DOT) {
      bytes[lengthAt] = at - lengthAt - 1;
      lengthAt = at;
    } else bytes[at] = octet;
  }
  bytes[lengthAt] = nameEnd - lengthAt - 2;
  bytes[nameEnd - 1] = 0;
  putUint16(bytes, nameEnd, TYPE_CODES[type]);
  putUint16(bytes, nameEnd + 2, CLASS_IN);
  if (payloadBytes !== null) {
    bytes[11] = 1;
    for (let at = questionEnd; at < bytes.length; at++) bytes[at] = 0;
    putUint16(bytes, questionEnd + 1, OPT);
    putUint16(bytes, questionEnd + 3, payloadBytes);
  }
  return bytes;
};

/** Writes the id of a query. */
export const putId = (query: Query, id: number): void => putUint16(query, 0, id);

const putUint16 = (bytes: Buffer, at: number, value: number): void => {
  bytes[at] = value >> 8;
  bytes[at + 1] = value & 0xff;
};

/**
 * True when a message is a reply to this question: QR, opcode 0, one question, the same QNAME
 * without regard to ASCII case, the same QTYPE and QCLASS. The id and the peer are checked by who
 * received it.
 */
export const isReplyTo = (message: Buffer, query: Query): boolean => {
  const questionEnd = query[11] === 1 ? query.length - OPT_BYTES : query.length;
  if (message.length < questionEnd || ((message[2] ?? 0) & 0xf8) !== 0x80) return false;
  if (message[4] !== 0 || message[5] !== 1) return false;
  const nameEnd = questionEnd - TYPE_AND_CLASS_BYTES;
  // Length octets are below 64, no letter is: they match only themselves, and so the dots are where
  // they were.
  for (let at = HEADER_BYTES; at < nameEnd; at++)
    if (message[at] !== query[at] && lowerCase(message[at]) !== lowerCase(query[at])) return false;
  for (let at = nameEnd; at < questionEnd; at++) if (message[at] !== query[at]) return false;
  return true;
};

const lowerCase = (octet: number | undefined): number =>
  octet === undefined ? -1 : octet >= 0x41 && octet <= 0x5a ? octet | 0x20 : octet;
