/** The rule about limits of this service that an assessment reached. Pure. */
import { limitText, type ReachedLimit } from '../../../schemas/limit.ts';
import type { Hit, Rule } from './assessed.ts';

const limitHit =
  (effect: string, field: string) =>
  (limit: ReachedLimit): Hit => ({ message: `this assessment reached ${limitText(limit)}: ${effect}`, field, limit });

export const LIMIT_RULES: readonly Rule[] = [
  {
    code: 'limit-reached',
    severity: 'warning',
    section: 'RFC 7208 section 11.1',
    about: 'the assessment reached a limit of this service; what is beyond it is unknown',
    find: ({ usage, spf, mail }) => [
      ...usage.exceeded.map(limitHit('what depended on it is reported as a DNS failure', 'dns')),
      ...spf.limits
        .filter(({ name }) => !usage.exceeded.some((limit) => limit.name === name))
        .map(limitHit('the rest of the SPF tree is not shown', 'spf.tree')),
      ...[mail.limit ?? []]
        .flat()
        .map(limitHit(`${mail.hostsNotAsked} further mail hosts were not looked at`, 'mail.hostsNotAsked')),
    ],
  },
];
