/**
 * Replies without records: the shapes that prove an absence, and those that prove nothing (RFC 2308
 * sections 2.1, 2.2 and 3).
 */

import { parentName } from '../../../src/dns/name.ts';
import type { Message, WireRecord } from '../../../src/dns/wire/message.ts';
import { type ServedQuery, soa } from '../scripted-server.ts';
import { type DnsFault, nameOf, ns, otherType, poison, rawRecord, rawReply, zoneSoa } from './replies.ts';

const dname = (query: ServedQuery): WireRecord => ({
  name: parentName(nameOf(query)) ?? '',
  type: 39,
  ttlSeconds: 60,
  rdata: Buffer.from('\x04evil\x04test\0', 'latin1'),
});

const SHAPES: readonly [string, DnsFault['outcome'], (query: ServedQuery) => Partial<Message>][] = [
  ['NODATA with the SOA (type 2)', 'nodata', (query) => ({ authorities: [zoneSoa(query)] })],
  [
    'NODATA with SOA and NS (type 1)',
    'nodata',
    (query) => ({ authorities: [zoneSoa(query), ns(parentName(nameOf(query)) ?? '')] }),
  ],
  ['an empty reply of a server that recurses (type 3)', 'nodata', () => ({})],
  [
    'NODATA of an authoritative server',
    'nodata',
    (query) => ({ isAuthoritative: true, recursionAvailable: false, authorities: [zoneSoa(query)] }),
  ],
  ['NODATA with the SOA at the name', 'nodata', (query) => ({ authorities: [soa(nameOf(query), 60, 60)] })],
  ['NODATA with the SOA of the root', 'nodata', () => ({ authorities: [soa('', 60, 60)] })],
  ['NODATA with a TTL of 0', 'nodata', (query) => ({ authorities: [soa(parentName(nameOf(query)) ?? '', 0, 0)] })],
  [
    'records of another type beside the SOA',
    'nodata',
    (query) => ({ answers: [otherType(query)], authorities: [zoneSoa(query)] }),
  ],
  ['an empty reply of a server that does not recurse', 'unproven', () => ({ recursionAvailable: false })],
  [
    'an empty reply of an authoritative server, without its SOA',
    'unproven',
    () => ({ isAuthoritative: true, recursionAvailable: false }),
  ],
  ['the SOA of a foreign zone', 'unproven', () => ({ authorities: [soa('elsewhere.test', 60, 60)] })],
  ['the SOA of a zone below', 'unproven', (query) => ({ authorities: [soa(`a.${nameOf(query)}`, 60, 60)] })],
  ['the SOA in the answer section', 'unproven', (query) => ({ answers: [zoneSoa(query)] })],
  ['records of a foreign owner only', 'unproven', (query) => ({ answers: [poison(query, 'evil.test')] })],
  ['records of another type only', 'unproven', (query) => ({ answers: [otherType(query)] })],
  [
    'records of an unknown type only',
    'unproven',
    (query) => ({ answers: [{ name: nameOf(query), type: 65, ttlSeconds: 60, rdata: Buffer.of(0, 1, 0) }] }),
  ],
  ['a DNAME only', 'unproven', (query) => ({ answers: [dname(query)] })],
  ['a DNAME and the SOA', 'unproven', (query) => ({ answers: [dname(query)], authorities: [zoneSoa(query)] })],
  ['a referral', 'unproven', (query) => ({ authorities: [ns(nameOf(query))] })],
  ['a referral to the root', 'unproven', () => ({ authorities: [ns('')] })],
  ['NXDOMAIN with the SOA', 'nxdomain', (query) => ({ rcode: 3, authorities: [zoneSoa(query)] })],
  ['NXDOMAIN without an SOA', 'nxdomain', () => ({ rcode: 3 })],
  ['NXDOMAIN with NS only (type 4)', 'nxdomain', () => ({ rcode: 3, authorities: [ns('example')] })],
  ['NXDOMAIN with the SOA of a foreign zone', 'nxdomain', () => ({ rcode: 3, authorities: [soa('test', 60, 60)] })],
  [
    'NXDOMAIN of an authoritative server',
    'nxdomain',
    (query) => ({ rcode: 3, isAuthoritative: true, recursionAvailable: false, authorities: [zoneSoa(query)] }),
  ],
  ['NXDOMAIN with records', 'badresp', (query) => ({ rcode: 3, answers: [poison(query)] })],
];

export const ABSENCES: readonly DnsFault[] = [
  ...SHAPES.map(
    ([what, outcome, parts]): DnsFault => ({ what, outcome, script: (query) => query.answer(parts(query)) }),
  ),
  {
    what: 'records of another class only',
    outcome: 'unproven',
    script: (query) => query.send(rawReply(query, [1, 0, 0], rawRecord(query, { recordClass: 3 }))),
  },
];
