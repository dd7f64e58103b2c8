/**
 * Silence, and datagrams that are no reply to the question: they are dropped and the wait goes on
 * (RFC 5452 section 9.1).
 */

import { replyTo, type ServedQuery } from '../scripted-server.ts';
import { encodeMessage } from '../wire/message-writer.ts';
import {
  changed,
  type DnsFault,
  nameOf,
  poison,
  questionEnd,
  rawRecord,
  rawReply,
  right,
  rightRecords,
  typeOf,
} from './replies.ts';

/** What is no reply, and would change the verdict if it were taken for one. */
const NO_REPLIES: readonly [string, (query: ServedQuery) => unknown][] = [
  ['silence', () => {}],
  ['octets that are no message', (query) => query.send(Buffer.from('not a message, but long enough'))],
  ['an empty datagram', (query) => query.send(Buffer.alloc(0))],
  ['11 octets', (query) => query.send(changed(query, 0, (octet) => octet).subarray(0, 11))],
  ['a header only', (query) => query.send(changed(query, 0, (octet) => octet).subarray(0, 12))],
  ['a reply cut in its question', (query) => query.send(rawReply(query, [0, 0, 0]).subarray(0, -3))],
  ['another id', (query) => query.send(changed(query, 0, (octet) => octet ^ 0xff))],
  ['another name', (query) => asked(query, `x${nameOf(query).slice(1)}`)],
  ['a name under the name', (query) => asked(query, `a.${nameOf(query)}`)],
  ['a label boundary elsewhere', (query) => query.send(changed(query, 12, (octet) => octet - 1))],
  ['another type', (query) => asked(query, nameOf(query), typeOf(query) === 'A' ? 16 : 1)],
  ['another class', (query) => query.send(changed(query, questionEnd(query) - 1, () => 3))],
  ['no question', (query) => query.answer({ questions: [], answers: [poison(query)] })],
  [
    'two questions',
    (query) => {
      const { questions } = query.message;
      query.answer({ questions: [...questions, ...questions], answers: [poison(query)] });
    },
  ],
  ['the query itself', (query) => query.send(query.bytes)],
  ['a query with records', (query) => query.send(changed(query, 2, (octet) => octet & 0x7f))],
  ['opcode NOTIFY', (query) => query.answer({ opcode: 4, answers: [poison(query)] })],
  ['opcode UPDATE', (query) => query.answer({ opcode: 5, answers: [poison(query)] })],
];

const asked = (query: ServedQuery, name: string, type = query.message.questions[0]?.type ?? 0) =>
  query.answer({ questions: [{ name, type }], answers: [poison(query, name)] });

/** First copies of questions, by what was asked. */
const held = new Map<string, ServedQuery>();

const BESIDE_THE_REPLY: readonly DnsFault[] = [
  {
    what: 'each of these before the reply',
    outcome: 'right',
    script: async (query, zone) => {
      // The honest answer is ready first, so that nothing comes between.
      const reply = encodeMessage(replyTo(query.message, { answers: await rightRecords(query, zone) }));
      for (const [, script] of NO_REPLIES) script(query);
      query.send(reply);
    },
  },
  {
    what: '600 forged replies before the reply',
    outcome: 'right',
    script: (query, zone) => {
      for (let at = 0; query.transport === 'udp' && at < 600; at++) {
        const forged = rawReply(query, [1, 0, 0], rawRecord(query));
        forged.writeUInt16BE((query.message.id + 1 + at) % 65_536);
        query.send(forged);
      }
      return right(query, zone);
    },
  },
  {
    what: 'the reply twice',
    outcome: 'right',
    script: async (query, zone) => {
      await right(query, zone);
      await right(query, zone);
    },
  },
  {
    what: 'the reply to the first try after the second try',
    outcome: 'right',
    script: async (query, zone) => {
      const key = `${typeOf(query)} ${nameOf(query)}`;
      const first = held.get(key);
      held.delete(key);
      if (first === undefined) held.set(key, query);
      else await right(first, zone);
    },
  },
  {
    what: 'the question in another case',
    outcome: 'right',
    script: (query, zone) => {
      const [question = { name: '', type: 0 }] = query.message.questions;
      return right(query, zone, { questions: [{ ...question, name: question.name.toUpperCase() }] });
    },
  },
];

export const MATCHING: readonly DnsFault[] = [
  ...NO_REPLIES.map(([what, script]): DnsFault => ({ what, outcome: 'timeout', script })),
  ...BESIDE_THE_REPLY,
];
