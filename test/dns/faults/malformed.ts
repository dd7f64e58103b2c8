/**
 * Replies that match the question and cannot be read to their end: a failure, in whichever section
 * the fault is (RFC 1035 section 4.1).
 */

import { replyTo, type ServedQuery } from '../scripted-server.ts';
import { encodeMessage } from '../wire/message-writer.ts';
import { type DnsFault, rawRecord, rawReply, rightRecords } from './replies.ts';

const OPT = Buffer.of(0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0);
/** A pointer to the first octet behind the question, where the owner of the first record is. */
const pointerTo = (at: number): Buffer => Buffer.of(0xc0 | (at >> 8), at & 0xff);
const ownerAt = (query: ServedQuery): number => rawReply(query, [0, 0, 0]).length;
const withOwner = (query: ServedQuery, owner: Buffer) => rawReply(query, [1, 0, 0], rawRecord(query, { owner }));
const label = (length: number) => Buffer.concat([Buffer.of(length), Buffer.alloc(length, 0x61)]);

const UNREADABLE: readonly [string, (query: ServedQuery) => Buffer][] = [
  ['an answer fewer than its count', (query) => rawReply(query, [2, 0, 0], rawRecord(query))],
  ['an authority fewer than its count', (query) => rawReply(query, [1, 1, 0], rawRecord(query))],
  ['an additional fewer than its count', (query) => rawReply(query, [1, 0, 1], rawRecord(query))],
  ['counts of 65535', (query) => rawReply(query, [65_535, 65_535, 65_535], rawRecord(query))],
  ['an answer cut in its owner', (query) => rawReply(query, [1, 0, 0], Buffer.of(5, 0x61))],
  ['an answer cut before its RDLENGTH', (query) => rawReply(query, [1, 0, 0], rawRecord(query).subarray(0, 9))],
  ['an answer cut in its data', (query) => rawReply(query, [1, 0, 0], rawRecord(query).subarray(0, -1))],
  ['an RDLENGTH of 65535', (query) => rawReply(query, [1, 0, 0], rawRecord(query, { rdlength: 65_535 }))],
  ['an RDLENGTH of 0', (query) => rawReply(query, [1, 0, 0], rawRecord(query, { rdata: Buffer.alloc(0) }))],
  [
    'an RDLENGTH one too small',
    (query) => rawReply(query, [1, 0, 0], rawRecord(query, { rdlength: rawRecord(query).length - 13 })),
  ],
  ['an owner that points to itself', (query) => withOwner(query, pointerTo(ownerAt(query)))],
  ['an owner that points forward', (query) => withOwner(query, pointerTo(ownerAt(query) + 12))],
  ['an owner that points past the end', (query) => withOwner(query, Buffer.of(0xff, 0xff))],
  ['an owner with label type 01', (query) => withOwner(query, Buffer.of(0x41, 0x61, 0))],
  [
    'an owner over 255 octets',
    (query) => withOwner(query, Buffer.concat([label(63), label(63), label(63), label(63), Buffer.of(0)])),
  ],
  [
    'a malformed authority',
    (query) => rawReply(query, [1, 1, 0], rawRecord(query), rawRecord(query, { type: 6, rdata: Buffer.of(0, 0, 0) })),
  ],
  [
    'a malformed additional',
    (query) => rawReply(query, [1, 0, 1], rawRecord(query), rawRecord(query, { type: 1, rdata: Buffer.of(1, 2, 3) })),
  ],
  ['two OPT records', (query) => rawReply(query, [1, 0, 2], rawRecord(query), OPT, OPT)],
  ['an OPT record below the root', (query) => rawReply(query, [1, 0, 1], rawRecord(query), Buffer.of(1, 0x61), OPT)],
];

export const MALFORMED: readonly DnsFault[] = [
  ...UNREADABLE.map(
    ([what, reply]): DnsFault => ({ what, outcome: 'badresp', script: (query) => query.send(reply(query)) }),
  ),
  {
    what: 'octets behind a whole message',
    outcome: 'right',
    script: async (query, zone) => {
      const whole = encodeMessage(replyTo(query.message, { answers: await rightRecords(query, zone) }));
      query.send(Buffer.concat([whole, Buffer.from('behind')]));
    },
  },
];
