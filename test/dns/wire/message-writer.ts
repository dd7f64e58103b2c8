/**
 * DNS messages, objects to octets, with compressed names (RFC 1035 section 4.1.4): the questions we
 * send, and the replies that test servers give. decodeMessage(encodeMessage(message)) is the
 * message.
 */
import type { RecordData, RecordType } from '../../../schemas/dns.ts';
import { normalizeName } from '../../../src/dns/name.ts';
import {
  CLASS_IN,
  MAX_MESSAGE_BYTES,
  type Message,
  OPT,
  TYPE_CODES,
  type WireRecord,
} from '../../../src/dns/wire/message.ts';
import { parseIp4, parseIp6 } from '../../../src/ip/address.ts';

/**
 * Writes a message, names compressed in questions, owners and the data of RFC 1035 types.
 * @throws RangeError when a name cannot be encoded, data does not fit its type or the message is
 * over 65535 octets: a fault of the caller
 */
export const encodeMessage = (message: Message): Buffer => {
  const writer: Writer = { parts: [], at: 0, offsets: new Map() };
  const { edns } = message;
  const flags =
    (message.isResponse ? 0x8000 : 0) |
    ((message.opcode & 0xf) << 11) |
    (message.isAuthoritative ? 0x0400 : 0) |
    (message.isTruncated ? 0x0200 : 0) |
    (message.recursionDesired ? 0x0100 : 0) |
    (message.recursionAvailable ? 0x0080 : 0) |
    (message.authenticData ? 0x0020 : 0) |
    (message.checkingDisabled ? 0x0010 : 0) |
    (message.rcode & 0xf);
  writeUint16(
    writer,
    message.id,
    flags,
    message.questions.length,
    message.answers.length,
    message.authorities.length,
    message.additionals.length + (edns === null ? 0 : 1),
  );
  for (const question of message.questions) {
    writeName(writer, question.name);
    writeUint16(writer, question.type, CLASS_IN);
  }
  for (const record of [...message.answers, ...message.authorities, ...message.additionals])
    writeRecord(writer, record);
  if (edns !== null) {
    write(writer, Buffer.of(0));
    writeUint16(writer, OPT, edns.payloadBytes, ((message.rcode >> 4) << 8) | edns.version);
    writeUint16(writer, edns.dnssecOk ? 0x8000 : 0, 0);
  }
  if (writer.at > MAX_MESSAGE_BYTES) throw new RangeError('a DNS message is at most 65535 octets');
  return Buffer.concat(writer.parts);
};

type Writer = { readonly parts: Buffer[]; at: number; readonly offsets: Map<string, number> };

const write = (writer: Writer, part: Buffer): void => {
  writer.parts.push(part);
  writer.at += part.length;
};

const writeUint16 = (writer: Writer, ...values: number[]): void => {
  const part = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) part.writeUInt16BE(value & 0xffff, index * 2);
  write(writer, part);
};

const writeUint32 = (writer: Writer, ...values: number[]): void => {
  for (const value of values) writeUint16(writer, value >>> 16, value & 0xffff);
};

const writeName = (writer: Writer, name: string): void => {
  let rest = name;
  if (rest !== '' && normalizeName(rest) === null) throw new RangeError('a name that cannot be encoded');
  while (rest !== '') {
    const held = writer.offsets.get(rest);
    if (held !== undefined) {
      writeUint16(writer, 0xc000 | held);
      return;
    }
    if (writer.at < 0x4000) writer.offsets.set(rest, writer.at);
    const dot = rest.indexOf('.');
    const label = dot === -1 ? rest : rest.slice(0, dot);
    write(writer, Buffer.from(`${String.fromCharCode(label.length)}${label}`, 'latin1'));
    rest = dot === -1 ? '' : rest.slice(dot + 1);
  }
  write(writer, Buffer.of(0));
};

const writeRecord = (writer: Writer, record: WireRecord): void => {
  writeName(writer, record.name);
  const isKnown = 'data' in record;
  writeUint16(writer, isKnown ? TYPE_CODES[record.type] : record.type, CLASS_IN);
  writeUint32(writer, record.ttlSeconds);
  const length = Buffer.alloc(2);
  write(writer, length);
  const start = writer.at;
  if (isKnown) writeRdata(writer, record.type, record.data);
  else write(writer, Buffer.from(record.rdata));
  length.writeUInt16BE(writer.at - start);
};

const writeRdata = (writer: Writer, type: RecordType, data: RecordData): void => {
  if (typeof data === 'string') {
    const address = (type === 'A' ? parseIp4(data) : type === 'AAAA' ? parseIp6(data) : null)?.bytes ?? null;
    if (address !== null) write(writer, Buffer.from(address));
    else if (type === 'NS' || type === 'CNAME' || type === 'PTR') writeName(writer, data);
    else throw new RangeError(`${type}: data that does not fit the type`);
  } else if (Array.isArray(data)) {
    for (const string of data) {
      const octets = Buffer.from(string, 'latin1');
      if (octets.length > 255) throw new RangeError('a character-string is at most 255 octets');
      write(writer, Buffer.of(octets.length, ...octets));
    }
  } else if ('exchange' in data) {
    writeUint16(writer, data.priority);
    writeName(writer, data.exchange);
  } else if ('mname' in data) {
    writeName(writer, data.mname);
    writeName(writer, data.rname);
    writeUint32(writer, data.serial, data.refresh, data.retry, data.expire, data.minimum);
  } else {
    write(writer, Buffer.of(data.usage, data.selector, data.matchingType));
    write(writer, Buffer.from(data.data, 'hex'));
  }
};
