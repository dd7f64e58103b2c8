/**
 * Names that are decided here and never asked for: localhost (RFC 6761 section 6.3), onion (RFC
 * 7686 section 2), and, if so set, names without an authority in the public DNS. Those of internal
 * networks (home.arpa of RFC 8375, internal) must not be probed through our results by whoever may
 * name a domain in a message; a question for a reverse name of the documentation networks (RFC 6303
 * sections 4.4 and 4.6) would only leak an example.
 */

import type { Answer } from '../lookup.ts';
import { isAtOrUnder } from '../name.ts';
import type { Ask } from '../transport/ask.ts';

const SPECIAL = ['localhost', 'onion'];
const WITHOUT_AUTHORITY = [
  'home.arpa',
  'internal',
  '2.0.192.in-addr.arpa',
  '100.51.198.in-addr.arpa',
  '113.0.203.in-addr.arpa',
  '8.b.d.0.1.0.0.2.ip6.arpa',
];

const NOT_THERE: Answer = Object.freeze({
  kind: 'nxdomain',
  ttlSeconds: 0,
  authenticated: false,
  source: 'local',
});

/** Answers special names with NXDOMAIN, source `local`; all else goes to `next`. */
export const withoutSpecialNames = (next: Ask, refusesLocalZones: boolean): Ask => {
  const refused = refusesLocalZones ? [...SPECIAL, ...WITHOUT_AUTHORITY] : SPECIAL;
  return (question, deadlineMs, onAnswer) => {
    for (const apex of refused) if (isAtOrUnder(question.name, apex)) return onAnswer(NOT_THERE);
    next(question, deadlineMs, onAnswer);
  };
};
