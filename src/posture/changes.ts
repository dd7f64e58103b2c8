/** What unpublished records would change: today's posture compared with the one with them. Pure. */
import type { Posture, PostureChanges, PostureFinding } from '../../schemas/posture/posture.ts';

/** Values that people compare, by their path in the posture. */
const VALUES: readonly (readonly [field: string, read: (posture: Posture) => unknown])[] = [
  ['sendsMail', ({ sendsMail }) => sendsMail],
  ['spf.records', ({ spf }) => spf.records.join(' | ')],
  ['spf.outcome', ({ spf }) => spf.outcome],
  ['spf.all', ({ spf }) => spf.all],
  ['spf.lookups.used', ({ spf }) => spf.lookups.used],
  ['spf.voids', ({ spf }) => `${spf.voids.ip4} for IPv4, ${spf.voids.ip6} for IPv6`],
  [
    'spf.networks',
    ({ spf: { networks } }) => `IPv4 addresses: ${networks.ip4Addresses}, IPv6 networks: ${networks.ip6Networks}`,
  ],
  ['spf.sender.result', ({ spf }) => spf.sender?.result],
  ['dmarc.state', ({ dmarc }) => dmarc.state],
  ['dmarc.record', ({ dmarc }) => dmarc.record],
  ['dmarc.recordDomain', ({ dmarc }) => dmarc.recordDomain],
  [
    'dmarc.policy',
    ({ dmarc: { policy } }) =>
      policy &&
      `${policy.domain}, subdomains ${policy.subdomains}, non-existent ${policy.nonExistent}${policy.testing ? ', testing' : ''}`,
  ],
  ['dkim.selectors', ({ dkim }) => dkim.selectors.map(({ selector, state }) => `${selector} ${state}`).join(', ')],
  ['mail.state', ({ mail }) => mail.state],
  [
    'mail.hosts',
    ({ mail }) => mail.hosts.map(({ priority, exchange, state }) => `${priority} ${exchange} ${state}`).join(', '),
  ],
  ['mtaSts.state', ({ mtaSts }) => mtaSts.state],
  ['mtaSts.policy.mode', ({ mtaSts }) => mtaSts.policy.mode],
  ['tlsRpt.state', ({ tlsRpt }) => tlsRpt.state],
  ['bimi.state', ({ bimi }) => bimi.state],
];

const asText = (value: unknown): string =>
  (value === null || value === undefined || value === '' ? 'none' : String(value)).slice(0, 2000);

/** Compares. @param today without the records @param after with them */
export const compare = (today: Posture, after: Posture): PostureChanges => {
  const key = ({ code, field, message }: PostureFinding): string => `${code} ${field ?? ''} ${message}`;
  const before = new Set(today.findings.map(key));
  const then = new Set(after.findings.map(key));
  return {
    grade: { today: today.grade.letter, after: after.grade.letter },
    mended: today.findings.filter((finding) => !then.has(key(finding)) && finding.severity !== 'good'),
    caused: after.findings.filter((finding) => !before.has(key(finding))),
    values: VALUES.flatMap(([field, read]) => {
      const [was, becomes] = [asText(read(today)), asText(read(after))];
      return was === becomes ? [] : [{ field, today: was, after: becomes }];
    }),
  };
};
