/**
 * A grade, with the points that made it. What DNS left unknown counts neither for nor against; a
 * tag or standard that is merely new never lowers a grade; a domain that sends no mail is judged as
 * one. Pure.
 */

import type { DmarcPosture } from '../../../schemas/posture/dmarc.ts';
import type { Grade } from '../../../schemas/posture/posture.ts';
import { RSA_ADVISED_BITS } from '../../records/dkim-key.ts';
import { refusesAll } from '../purpose.ts';
import type { Assessed } from './assessed.ts';

type Part = Grade['parts'][number];
type Letter = NonNullable<Grade['letter']>;

const LETTERS: readonly (readonly [letter: Letter, share: number])[] = [
  ['A', 0.9],
  ['B', 0.75],
  ['C', 0.6],
  ['D', 0.45],
  ['E', 0.25],
  ['F', 0],
];
/** Below this share of all points a grade would say more than is known. */
const LEAST_KNOWN = 0.5;

/** Grades a domain. */
export const grade = (assessed: Assessed): Grade => {
  if (assessed.zone.exists === false) return { letter: null, points: 0, outOf: 0, parts: [] };
  const parts = assessed.sendsMail === false ? silentParts(assessed) : sendingParts(assessed);
  const known = parts.filter(({ points }) => points !== null);
  const points = known.reduce((total, part) => total + (part.points ?? 0), 0);
  const outOf = known.reduce((total, part) => total + part.outOf, 0);
  const all = parts.reduce((total, part) => total + part.outOf, 0);
  // Keys under a selector of unknown name are no failure of DNS: what is left is enough to grade
  // by.
  if (outOf < all * LEAST_KNOWN || isUndecided(assessed)) return { letter: null, points, outOf, parts };
  const letter = LETTERS.find(([, share]) => points >= outOf * share)?.[0] ?? 'F';
  const cap = capOf(assessed);
  return cap === null || letter >= cap.letter
    ? { letter, points, outOf, parts }
    : { letter: cap.letter, points, outOf, parts, capped: cap.reason };
};

/** Without SPF or DMARC known there is nothing to grade by. */
const isUndecided = ({ spf, dmarc }: Assessed): boolean =>
  spf.state === 'dns-failure' || spf.outcome === 'temperror' || dmarc.state === 'dns-failure';

/** What no number of other points makes good. */
const capOf = ({ spf, dmarc, sendsMail }: Assessed): { letter: Letter; reason: string } | null => {
  if (spf.all === '+') return { letter: 'F', reason: 'an SPF record that passes everyone is worse than none' };
  if (dmarc.policy === null)
    return { letter: 'D', reason: 'without a usable DMARC record anyone may write the domain into From' };
  if (spf.outcome === 'permerror') return { letter: 'C', reason: 'receivers cannot use the SPF record' };
  if (spf.state === 'absent' && sendsMail !== false) return { letter: 'C', reason: 'there is no SPF record' };
  if (dmarc.policy.domain === 'none') return { letter: 'C', reason: 'the DMARC policy asks for nothing' };
  return null;
};

const part = (name: string, outOf: number, share: number | null, reason: string): Part => ({
  name,
  points: share === null ? null : Math.round(outOf * share),
  outOf,
  reason,
});

const sendingParts = (assessed: Assessed): Part[] => [
  spfPart(assessed),
  policyPart(assessed.dmarc),
  reportsPart(assessed),
  dkimPart(assessed),
  transportPart(assessed),
  tlsReportsPart(assessed),
  dnssecPart(assessed),
];

/** Null MX, `v=spf1 -all` and p=reject are all there is to say, and say it all. */
const silentParts = (assessed: Assessed): Part[] => {
  const { spf, mail } = assessed;
  return [
    part(
      'SPF',
      35,
      spf.state === 'dns-failure' ? null : refusesAll(spf) ? 1 : 0,
      refusesAll(spf) ? 'the record refuses every sender' : 'the record does not refuse every sender',
    ),
    policyPart(assessed.dmarc, 50),
    part(
      'Null MX',
      15,
      mail.state === 'dns-failure' ? null : mail.state === 'null-mx' ? 1 : mail.state === 'none' ? 0.5 : 0.7,
      mail.state === 'null-mx'
        ? 'the domain says that it takes no mail'
        : 'the domain does not say whether it takes mail',
    ),
  ];
};

const spfPart = ({ spf }: Assessed): Part => {
  const points = (share: number | null, reason: string): Part => part('SPF', 25, share, reason);
  switch (spf.outcome) {
    case 'temperror':
      return points(null, spf.reason);
    case 'none':
      return points(0, 'there is no SPF record');
    case 'permerror':
      return points(0.2, `receivers cannot use the record: ${spf.reason}`);
    case 'usable':
      if (spf.all === '+') return points(0, 'the record passes everyone');
      if (spf.all === '-' || spf.all === '~')
        return points(1, `receivers can use the record, which ends in ${spf.all}all`);
      return points(0.5, 'the record says nothing about hosts that it does not name');
    default:
      return spf.outcome satisfies never;
  }
};

const POLICY_SHARE = { none: 0.3, quarantine: 0.8, reject: 1 } as const;

const policyPart = ({ state, policy }: DmarcPosture, outOf = 30): Part => {
  if (state === 'dns-failure') return part('DMARC policy', outOf, null, 'DNS gave no answer');
  if (policy === null) return part('DMARC policy', outOf, 0, 'there is no usable DMARC record');
  const share = policy.testing ? POLICY_SHARE.none : POLICY_SHARE[policy.domain];
  const subdomains = POLICY_SHARE[policy.subdomains];
  const weaker = subdomains < POLICY_SHARE[policy.domain];
  return part(
    'DMARC policy',
    outOf,
    weaker ? (share + Math.min(share, subdomains)) / 2 : share,
    `the policy is ${policy.domain}${policy.testing ? ', in testing mode' : ''}${weaker ? `, for subdomains only ${policy.subdomains}` : ''}`,
  );
};

const reportsPart = ({ dmarc }: Assessed): Part => {
  const points = (share: number | null, reason: string): Part => part('DMARC reports', 5, share, reason);
  if (dmarc.state === 'dns-failure') return points(null, 'DNS gave no answer');
  const aggregate = dmarc.reports.filter(({ tag }) => tag === 'rua');
  if (aggregate.length === 0) return points(0, 'no address for aggregate reports');
  if (aggregate.some(({ authorized }) => authorized === true)) return points(1, 'aggregate reports are asked for');
  return aggregate.some(({ authorized }) => authorized === null)
    ? points(null, 'it is unknown whether the receiver of reports agreed')
    : points(0, 'the receiver of reports has not agreed to take them');
};

const dkimPart = ({ dkim }: Assessed): Part => {
  const points = (share: number | null, reason: string): Part => part('DKIM', 15, share, reason);
  const usable = dkim.selectors.filter(({ state, forMail }) => state === 'valid' && forMail);
  if (usable.some(({ keyType, bits }) => keyType === 'ed25519' || (bits ?? 0) >= RSA_ADVISED_BITS))
    return points(1, 'a key of good size is published');
  if (usable.length > 0) return points(0.7, `the keys have fewer than ${RSA_ADVISED_BITS} bits`);
  if (dkim.failed > 0) return points(null, 'DNS gave no answer for some selectors');
  if (dkim.selectors.some(({ state }) => state !== 'revoked' && state !== 'absent'))
    return points(0, 'no key found can be used');
  return dkim.source === 'given'
    ? points(0, 'the selectors named have no key')
    : points(null, 'no well-known selector has a key; the domain may use another one');
};

const transportPart = ({ mail, mtaSts }: Assessed): Part => {
  const points = (share: number | null, reason: string): Part => part('Encrypted transport', 15, share, reason);
  if (mail.state === 'null-mx' || mail.state === 'none') return points(null, 'the domain takes no mail');
  if (mail.state === 'dns-failure') return points(null, 'DNS gave no answer for its mail hosts');
  const { hosts } = mail;
  if (hosts.length > 0 && hosts.every(({ tlsa }) => tlsa.state === 'usable'))
    return points(1, 'DANE protects every mail host');
  const { policy } = mtaSts;
  if (policy.mode === 'enforce' && mtaSts.unmatched.length === 0) return points(1, 'MTA-STS is enforced');
  if (mtaSts.state === 'dns-failure' || policy.state === 'dns-failure')
    return points(null, 'DNS gave no answer for MTA-STS');
  if (mtaSts.state === 'valid' && policy.state === 'not-fetched')
    return points(null, 'the MTA-STS policy was not fetched');
  if (policy.mode === 'testing') return points(0.5, 'MTA-STS is being tested');
  return points(0, 'neither DANE nor MTA-STS protects mail on its way');
};

const tlsReportsPart = ({ tlsRpt, mail }: Assessed): Part => {
  const points = (share: number | null, reason: string): Part => part('TLS reports', 5, share, reason);
  if (mail.state === 'null-mx' || mail.state === 'none') return points(null, 'the domain takes no mail');
  if (tlsRpt.state === 'dns-failure') return points(null, 'DNS gave no answer');
  return tlsRpt.state === 'valid'
    ? points(1, 'reports on failed TLS are asked for')
    : points(0, 'no usable TLS-RPT record');
};

const dnssecPart = ({ dnssec }: Assessed): Part =>
  part(
    'DNSSEC',
    5,
    dnssec.state === 'dns-failure' ? null : dnssec.state === 'validated' ? 1 : 0,
    dnssec.state === 'validated'
      ? 'DNSSEC vouches for the domain'
      : dnssec.state === 'dns-failure'
        ? 'DNS gave no answer'
        : 'no validation vouches for the domain',
  );
