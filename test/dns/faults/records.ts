/**
 * Replies with records: aliases, TTLs, owners, order and size (RFC 1034 section 3.6.2, RFC 2181,
 * RFC 6604).
 */
import type { Message, WireRecord } from '../../../src/dns/wire/message.ts';
import type { ServedQuery } from '../scripted-server.ts';
import { soa } from '../scripted-server.ts';
import { cname, type DnsFault, nameOf, poison, rightRecords, typeOf, zoneSoa } from './replies.ts';

/** Aliases from the name asked for; the last one leads to `end`. */
const chain = (query: ServedQuery, links: number, end: string): WireRecord[] =>
  Array.from({ length: links }, (_, at) =>
    cname(at === 0 ? nameOf(query) : `n${at}.alias.test`, at === links - 1 ? end : `n${at + 1}.alias.test`),
  );
const END = 'end.alias.test';

const WHOLE: readonly [
  string,
  (
    query: ServedQuery,
    records: (owner?: string, ttlSeconds?: number) => Promise<WireRecord[]>,
  ) => Promise<WireRecord[]>,
][] = [
  ['an alias', async (query, records) => [...chain(query, 1, END), ...(await records(END))]],
  ['11 aliases', async (query, records) => [...chain(query, 11, END), ...(await records(END))]],
  ['aliases in reverse order', async (query, records) => [...(await records(END)), ...chain(query, 5, END).reverse()]],
  [
    'an alias in another case',
    async (query, records) => [cname(nameOf(query).toUpperCase(), 'END.Alias.test'), ...(await records(END))],
  ],
  [
    'an alias by a DNAME',
    async (query, records) => [
      { name: nameOf(query).split('.').slice(1).join('.'), type: 39, ttlSeconds: 60, rdata: Buffer.of(0) },
      ...chain(query, 1, END),
      ...(await records(END)),
    ],
  ],
  ['an owner in another case', (query, records) => records(nameOf(query).toUpperCase())],
  ['foreign records before', async (query, records) => [poison(query, 'evil.test'), ...(await records())]],
  ['foreign records behind', async (query, records) => [...(await records()), poison(query, 'evil.test')]],
  ['TTL 0', (_query, records) => records(undefined, 0)],
  ['a TTL with the high bit', (_query, records) => records(undefined, 0xffff_ffff)],
];

/** More than the limits in the tests allow. */
export const TOO_MUCH = 'more records than the limits allow';
const tooMuch = (query: ServedQuery): WireRecord[] =>
  typeOf(query) === 'TXT'
    ? [{ name: nameOf(query), type: 'TXT', ttlSeconds: 60, data: Array<string>(20).fill('x'.repeat(255)) }]
    : Array<WireRecord>(65).fill(poison(query));

const BROKEN: readonly [string, DnsFault['outcome'], (query: ServedQuery) => Partial<Message>][] = [
  ['12 aliases', 'limit', (query) => ({ answers: [...chain(query, 12, END), poison(query, END)] })],
  ['an alias of itself', 'badresp', (query) => ({ answers: chain(query, 1, nameOf(query)) })],
  ['a loop of two aliases', 'badresp', (query) => ({ answers: chain(query, 2, nameOf(query)) })],
  [
    'two aliases that differ',
    'badresp',
    (query) => ({ answers: [...chain(query, 1, END), ...chain(query, 1, 'other.test'), poison(query, END)] }),
  ],
  ['records beside an alias', 'badresp', (query) => ({ answers: [...chain(query, 1, END), poison(query)] })],
  ['an alias of the root', 'badresp', (query) => ({ answers: chain(query, 1, '') })],
  ['an alias that was not followed', 'unproven', (query) => ({ answers: chain(query, 1, END) })],
  [
    "an alias with the SOA of the alias's own zone",
    'unproven',
    (query) => ({ answers: chain(query, 1, END), authorities: [zoneSoa(query)] }),
  ],
  [
    'an alias to NODATA',
    'nodata',
    (query) => ({ answers: chain(query, 1, END), authorities: [soa('alias.test', 60, 60)] }),
  ],
  [
    'an alias to NXDOMAIN',
    'nxdomain',
    (query) => ({ rcode: 3, answers: chain(query, 1, END), authorities: [soa('alias.test', 60, 60)] }),
  ],
  ['an alias to NXDOMAIN without an SOA', 'nxdomain', (query) => ({ rcode: 3, answers: chain(query, 1, END) })],
];

export const RECORDS: readonly DnsFault[] = [
  ...WHOLE.map(
    ([what, answers]): DnsFault => ({
      what,
      outcome: 'right',
      script: async (query, zone) =>
        query.answer({ answers: await answers(query, (owner, ttl) => rightRecords(query, zone, owner, ttl)) }),
    }),
  ),
  ...BROKEN.map(
    ([what, outcome, parts]): DnsFault => ({ what, outcome, script: (query) => query.answer(parts(query)) }),
  ),
  {
    what: TOO_MUCH,
    outcome: 'limit',
    script: (query) =>
      query.transport === 'tcp' ? query.answer({ answers: tooMuch(query) }) : query.answer({ isTruncated: true }),
  },
];
