/** What a DNS server can do wrong, one fault at a time, and what a question gets that has no other server to go to. */
import type { FailureKind } from '../../schemas/dns.ts';
import type { WireRecord } from '../../src/dns/message.ts';
import { encodeMessage } from '../../src/dns/message-writer.ts';
import { replyTo, type ServedQuery, soa } from './scripted-server.ts';

/** One fault. */
export type DnsFault = {
  readonly what: string;
  readonly script: (query: ServedQuery) => void;
  readonly failure: FailureKind;
};

/** Name of the question. */
export const nameOf = (query: ServedQuery): string => query.message.questions[0]?.name ?? '';

/** TXT records for the name asked. */
export const text = (query: ServedQuery, ...texts: string[]): { answers: WireRecord[] } => ({
  answers: texts.map((data) => ({ name: nameOf(query), type: 'TXT', ttlSeconds: 60, data: [data] })),
});

/** A reply with records that must not be believed, one of its octets changed. */
export const changed = (query: ServedQuery, at: number, change: (octet: number) => number): Buffer => {
  const bytes = encodeMessage(replyTo(query.message, text(query, 'wrong')));
  bytes[at] = change(bytes[at] ?? 0);
  return bytes;
};

const cname = (query: ServedQuery, target: string): { answers: WireRecord[] } => ({
  answers: [{ name: nameOf(query), type: 'CNAME', ttlSeconds: 9, data: target }],
});
const truncated = (query: ServedQuery) => query.answer({ ...text(query, 'part'), isTruncated: true });
const asked = (query: ServedQuery, name: string, type: number) =>
  query.answer({ ...text(query, 'wrong'), questions: [{ name, type }] });

/** Every fault; RCODEs, silence, replies to another question, replies that cannot be read, and TCP that fails after UDP. */
export const FAULTS: readonly DnsFault[] = [
  { what: 'FORMERR', script: (query) => query.answer({ rcode: 1 }), failure: 'formerr' },
  { what: 'SERVFAIL', script: (query) => query.answer({ rcode: 2 }), failure: 'servfail' },
  { what: 'NOTIMP', script: (query) => query.answer({ rcode: 4 }), failure: 'notimp' },
  { what: 'REFUSED', script: (query) => query.answer({ rcode: 5 }), failure: 'refused' },
  { what: 'YXDOMAIN', script: (query) => query.answer({ rcode: 6 }), failure: 'rcode' },
  { what: 'NOTAUTH', script: (query) => query.answer({ rcode: 9 }), failure: 'rcode' },
  { what: 'BADVERS', script: (query) => query.answer({ rcode: 16 }), failure: 'rcode' },
  { what: 'silence', script: () => {}, failure: 'timeout' },
  { what: 'garbage', script: (query) => query.send(Buffer.from('not a message, but long enough')), failure: 'timeout' },
  { what: 'wrong id', script: (query) => query.send(changed(query, 0, (octet) => octet ^ 0xff)), failure: 'timeout' },
  { what: 'wrong question', script: (query) => asked(query, 'other.test', 16), failure: 'timeout' },
  { what: 'wrong type', script: (query) => asked(query, nameOf(query), 15), failure: 'timeout' },
  {
    what: 'no question',
    script: (query) => query.answer({ ...text(query, 'wrong'), questions: [] }),
    failure: 'timeout',
  },
  { what: 'a query', script: (query) => query.send(query.bytes), failure: 'timeout' },
  { what: 'malformed', script: (query) => query.send(changed(query, 7, () => 9)), failure: 'badresp' },
  { what: 'CNAME only', script: (query) => query.answer(cname(query, 'alias.test')), failure: 'unproven' },
  {
    what: 'an empty reply of a server that does not recurse',
    script: (query) => query.answer({ recursionAvailable: false }),
    failure: 'unproven',
  },
  {
    what: 'the SOA of a foreign zone',
    script: (query) => query.answer({ authorities: [soa('elsewhere.test', 60, 60)] }),
    failure: 'unproven',
  },
  {
    what: 'records of a foreign owner only',
    script: (query) =>
      query.answer({ answers: [{ name: 'evil.test', type: 'TXT', ttlSeconds: 60, data: ['v=spf1 +all'] }] }),
    failure: 'unproven',
  },
  { what: 'CNAME loop', script: (query) => query.answer(cname(query, nameOf(query))), failure: 'badresp' },
  {
    what: 'TC and RST',
    script: (query) => (query.transport === 'tcp' ? query.reset() : truncated(query)),
    failure: 'network',
  },
  {
    what: 'TC and silence',
    script: (query) => (query.transport === 'tcp' ? undefined : truncated(query)),
    failure: 'timeout',
  },
  { what: 'TC over TCP', script: truncated, failure: 'badresp' },
];
