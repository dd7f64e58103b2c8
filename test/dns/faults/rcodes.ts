/**
 * RCODEs: every one but NOERROR and NXDOMAIN is a failure, whatever stands beside it (RFC 1035
 * section 4.1.1, RFC 6891 section 6.1.3).
 */
import { type DnsFault, poison, right, zoneSoa } from './replies.ts';

const NAMES: readonly [number, string, DnsFault['outcome']][] = [
  [1, 'FORMERR', 'formerr'],
  [2, 'SERVFAIL', 'servfail'],
  [4, 'NOTIMP', 'notimp'],
  [5, 'REFUSED', 'refused'],
  [6, 'YXDOMAIN', 'rcode'],
  [7, 'YXRRSET', 'rcode'],
  [8, 'NXRRSET', 'rcode'],
  [9, 'NOTAUTH', 'rcode'],
  [10, 'NOTZONE', 'rcode'],
  [11, 'RCODE 11', 'rcode'],
  [15, 'RCODE 15', 'rcode'],
  [16, 'BADVERS', 'rcode'],
  [19, 'RCODE 19, whose low bits are NXDOMAIN', 'rcode'],
  [23, 'BADCOOKIE', 'rcode'],
  [4080, 'RCODE 4080, whose low bits are NOERROR', 'rcode'],
];

export const RCODES: readonly DnsFault[] = [
  ...NAMES.map(([rcode, what, outcome]): DnsFault => ({ what, outcome, script: (query) => query.answer({ rcode }) })),
  {
    what: 'SERVFAIL with records',
    outcome: 'servfail',
    script: (query) => query.answer({ rcode: 2, answers: [poison(query)] }),
  },
  {
    what: 'REFUSED with the SOA of the zone',
    outcome: 'refused',
    script: (query) => query.answer({ rcode: 5, authorities: [zoneSoa(query)] }),
  },
  {
    what: 'FORMERR to EDNS only',
    outcome: 'right',
    script: (query, zone) =>
      query.message.edns === null ? right(query, zone) : query.answer({ rcode: 1, edns: null }),
  },
];
