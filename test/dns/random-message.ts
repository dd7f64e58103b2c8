/**
 * DNS messages out of a seed: well-formed ones of every record type, and ones with octets changed,
 * cut, repeated or pointed elsewhere.
 */
import { type RecordData, RecordType } from '../../schemas/dns.ts';
import { type Message, TYPE_CODES, type WireRecord } from '../../src/dns/wire/message.ts';
import { formatIpv4, formatIpv6 } from '../../src/ip/address.ts';

/** A stream of whole numbers from 0 to `count` - 1, the same for the same seed (mulberry32). */
export const seeded = (seed: number): ((count: number) => number) => {
  let state = seed >>> 0;
  return (count) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % count;
  };
};

/** A whole number from 0 to `count` - 1. */
export type Pick = (count: number) => number;

const LABELS = [
  'example',
  'com',
  '_dmarc',
  'mail',
  'a',
  'x'.repeat(63),
  'bob+tag=1',
  '_domainkey',
  'Brand',
  's 1',
  'back\\slash',
];

const nameFrom = (pick: Pick): string => {
  const labels: string[] = [];
  for (let count = 1 + pick(3); count > 0; count--) labels.push(LABELS[pick(LABELS.length)] ?? 'a');
  return labels.join('.');
};

const octetsFrom = (pick: Pick, count: number): Uint8Array => Uint8Array.from({ length: count }, () => pick(256));
const stringFrom = (pick: Pick): string =>
  Buffer.from(octetsFrom(pick, pick(4) === 0 ? pick(256) : pick(20))).toString('latin1');
const number32 = (pick: Pick): number => pick(65_536) * 65_536 + pick(65_536);

/** Data of a type. */
export const dataFrom = (type: RecordType, pick: Pick): RecordData => {
  switch (type) {
    case 'A':
      return formatIpv4(octetsFrom(pick, 4));
    case 'AAAA':
      return formatIpv6(octetsFrom(pick, 16));
    case 'NS':
    case 'CNAME':
    case 'PTR':
      return nameFrom(pick);
    case 'TXT':
    case 'SPF':
      return Array.from({ length: 1 + pick(3) }, () => stringFrom(pick));
    case 'MX':
      return { priority: pick(65_536), exchange: pick(5) === 0 ? '' : nameFrom(pick) };
    case 'SOA':
      return {
        mname: nameFrom(pick),
        rname: nameFrom(pick),
        serial: number32(pick),
        refresh: number32(pick),
        retry: number32(pick),
        expire: number32(pick),
        minimum: number32(pick),
      };
    case 'TLSA':
      return {
        usage: pick(256),
        selector: pick(256),
        matchingType: pick(256),
        data: Buffer.from(octetsFrom(pick, 1 + pick(40))).toString('hex'),
      };
    default:
      return type satisfies never;
  }
};

const recordsFrom = (pick: Pick, most: number): WireRecord[] =>
  Array.from({ length: pick(most + 1) }, () => {
    const name = nameFrom(pick);
    const ttlSeconds = number32(pick);
    if (pick(12) === 0) return { name, ttlSeconds, type: 257 + pick(1000), rdata: octetsFrom(pick, pick(30)) };
    const type = RecordType.options[pick(RecordType.options.length)] ?? 'A';
    return { name, ttlSeconds, type, data: dataFrom(type, pick) };
  });

/** A well-formed message. */
export const messageFrom = (pick: Pick): Message => {
  const hasEdns = pick(2) === 0;
  const flag = () => pick(2) === 0;
  const codes = Object.values(TYPE_CODES);
  return {
    id: pick(65_536),
    isResponse: flag(),
    opcode: pick(16),
    isAuthoritative: flag(),
    isTruncated: flag(),
    recursionDesired: flag(),
    recursionAvailable: flag(),
    authenticData: flag(),
    checkingDisabled: flag(),
    rcode: hasEdns ? pick(4096) : pick(16),
    questions: Array.from({ length: pick(3) }, () => ({ name: nameFrom(pick), type: codes[pick(codes.length)] ?? 1 })),
    answers: recordsFrom(pick, 4),
    authorities: recordsFrom(pick, 2),
    additionals: recordsFrom(pick, 2),
    edns: hasEdns ? { payloadBytes: pick(65_536), version: pick(256), dnssecOk: flag() } : null,
  };
};

/** A copy with some octets changed, cut off, repeated or turned into pointers. */
export const mutate = (bytes: Buffer, pick: Pick): Buffer => {
  let mutated = Buffer.from(bytes);
  for (let count = 1 + pick(3); count > 0 && mutated.length > 0; count--) {
    const at = pick(mutated.length);
    switch (pick(6)) {
      case 0:
        mutated[at] = pick(256);
        break;
      case 1:
        mutated[at] = (mutated[at] ?? 0) ^ (1 << pick(8));
        break;
      case 2:
        mutated = mutated.subarray(0, at);
        break;
      case 3:
        if (at + 1 < mutated.length) mutated.writeUInt16BE(0xc000 | pick(mutated.length), at);
        break;
      case 4:
        mutated = Buffer.concat([mutated.subarray(0, at), octetsFrom(pick, pick(8)), mutated.subarray(at)]);
        break;
      default:
        mutated = Buffer.concat([mutated.subarray(0, at), mutated.subarray(pick(mutated.length))]);
    }
  }
  return mutated;
};
