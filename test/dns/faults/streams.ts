/**
 * Replies that do not fit a datagram, and what TCP can do then; the partial answer is never used
 * (RFC 7766 section 5).
 */

import { replyTo, type ServedQuery } from '../scripted-server.ts';
import { encodeMessage } from '../wire/message-writer.ts';
import {
  changed,
  type DnsFault,
  overTcp,
  poison,
  rawRecord,
  rawReply,
  right,
  rightRecords,
  zoneSoa,
} from './replies.ts';

const framed = (message: Buffer): Buffer => {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
};
const rightMessage = async (query: ServedQuery, zone: Parameters<DnsFault['script']>[1]): Promise<Buffer> =>
  encodeMessage(replyTo(query.message, { answers: await rightRecords(query, zone) }));

const OVER_TCP: readonly [string, DnsFault['outcome'], DnsFault['script']][] = [
  ['the answer', 'right', right],
  [
    'the answer octet by octet',
    'right',
    async (query, zone) => {
      for (const octet of framed(await rightMessage(query, zone))) query.write(Buffer.of(octet));
    },
  ],
  [
    'an empty message before the answer',
    'right',
    async (query, zone) => query.write(Buffer.concat([Buffer.of(0, 0), framed(await rightMessage(query, zone))])),
  ],
  [
    'another id before the answer',
    'right',
    async (query, zone) => {
      query.send(changed(query, 0, (octet) => octet ^ 1));
      await right(query, zone);
    },
  ],
  [
    'the answer, then its end',
    'right',
    async (query, zone) => {
      await right(query, zone);
      query.end();
    },
  ],
  ['truncation again', 'badresp', (query) => query.answer({ isTruncated: true, answers: [poison(query)] })],
  ['a malformed reply', 'badresp', (query) => query.send(rawReply(query, [2, 0, 0], rawRecord(query)))],
  ['SERVFAIL', 'servfail', (query) => query.answer({ rcode: 2 })],
  ['REFUSED', 'refused', (query) => query.answer({ rcode: 5 })],
  ['an empty reply without recursion', 'unproven', (query) => query.answer({ recursionAvailable: false })],
  ['NODATA', 'nodata', (query) => query.answer({ authorities: [zoneSoa(query)] })],
  ['NXDOMAIN', 'nxdomain', (query) => query.answer({ rcode: 3, authorities: [zoneSoa(query)] })],
  ['a reset', 'network', (query) => query.reset()],
  ['its end without an answer', 'network', (query) => query.end()],
  [
    'its end within a message',
    'network',
    (query) => {
      query.write(framed(changed(query, 0, (octet) => octet)).subarray(0, -1));
      query.end();
    },
  ],
  ['silence', 'timeout', () => {}],
  ['a length without its message', 'timeout', (query) => query.write(Buffer.of(0xff, 0xff))],
  ['another id', 'timeout', (query) => query.send(changed(query, 0, (octet) => octet ^ 1))],
];

export const STREAMS: readonly DnsFault[] = [
  ...OVER_TCP.map(
    ([what, outcome, script]): DnsFault => ({
      what: `truncation, and over TCP ${what}`,
      outcome,
      script: overTcp(script),
    }),
  ),
  {
    what: 'truncation with a part of the records',
    outcome: 'right',
    script: (query, zone) =>
      query.transport === 'tcp' ? right(query, zone) : query.answer({ isTruncated: true, answers: [poison(query)] }),
  },
  {
    what: 'truncation with SERVFAIL',
    outcome: 'right',
    script: (query, zone) =>
      query.transport === 'tcp' ? right(query, zone) : query.answer({ isTruncated: true, rcode: 2 }),
  },
];
