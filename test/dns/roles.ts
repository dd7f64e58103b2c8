/**
 * What a DNS question is for: the 14 roles in which a verdict asks, each with the question that is
 * made to fail and the word that every kind of answer has to lead to, by the section of its RFC.
 */
import { readFileSync } from 'node:fs';
import type { RecordType } from '../../schemas/dns.ts';
import type { SmtpFacts } from '../../schemas/smtp.ts';
import type { Verdict } from '../../schemas/verdict.ts';
import type { Lookup } from '../../src/dns/lookup.ts';
import { parseZone, zoneLookup } from '../../src/dns/zone/zone.ts';
import { TOO_MUCH } from './faults/records.ts';

/** One role. */
export type Role = {
  readonly role: string;
  /** The question that fails; every other one is answered from the zone. */
  readonly sick: readonly [name: string, type: RecordType];
  /** Message of the examples. */
  readonly file: string;
  readonly smtp: SmtpFacts;
  readonly read: (verdict: Verdict) => string | undefined;
  /**
   * By the zone's own answer, by NODATA, by NXDOMAIN, by a failure, by a limit of ours that would
   * strike again.
   */
  readonly words: Readonly<Record<'right' | 'nodata' | 'nxdomain' | 'failure' | 'limit', string>>;
  /** Words of single faults that are others, by what the fault is. */
  readonly exceptions?: Readonly<Record<string, string>>;
};

const RECORDS = `
redirect   IN TXT  "v=spf1 redirect=_spf.brand.example"
by-a       IN TXT  "v=spf1 a:host.by-a.example -all"
host.by-a  IN A    192.0.2.10
by-mx      IN TXT  "v=spf1 mx -all"
by-mx      IN MX   10 host.by-a
by-exists  IN TXT  "v=spf1 exists:%{i}._ip.by-exists.example -all"
192.0.2.10._ip.by-exists IN A 127.0.0.2
`;
const zone = parseZone(readFileSync(new URL('../../examples/zone.txt', import.meta.url), 'utf8') + RECORDS);
if (!zone.ok) throw new Error(JSON.stringify(zone.errors));

const REVERSE_NAME = '10.2.0.192.in-addr.arpa';

/**
 * The zone of the examples and of the roles, and one reverse name; every other name does not exist.
 */
export const roleZone: Lookup = zoneLookup(zone.zone, async ({ name, type }) => {
  const common = { ttlSeconds: 60, authenticated: false, source: 'zone' } as const;
  return name === REVERSE_NAME && type === 'PTR'
    ? { kind: 'records', records: ['mail.brand.example'], ...common }
    : { kind: 'nxdomain', ...common };
});

const BRAND = { clientIp: '192.0.2.10', helo: 'mail.brand.example', mailFrom: 'alice@brand.example' };
const mailFrom = (domain: string, clientIp = '192.0.2.10') => ({ ...BRAND, clientIp, mailFrom: `alice@${domain}` });
const spf = ({ spf: { mailFrom: check } }: Verdict) => check?.result;

/**
 * Words of a mechanism that fails to match: the record ends in -all; a failure ends the check (RFC
 * 7208 section 5).
 */
const MECHANISM = { right: 'pass', nodata: 'fail', nxdomain: 'fail', failure: 'temperror', limit: 'permerror' };
/** No record at the target is a permerror (RFC 7208 sections 5.2 and 6.1). */
const TARGET = { right: 'pass', nodata: 'permerror', nxdomain: 'permerror', failure: 'temperror', limit: 'permerror' };
/** No record is none (RFC 7208 sections 4.3 and 4.5), a failure is temperror (section 4.4). */
const RECORD = { right: 'pass', nodata: 'none', nxdomain: 'none', failure: 'temperror', limit: 'permerror' };

/** Roles of SPF. */
export const SPF_ROLES: readonly Role[] = [
  { role: 'SPF MAIL FROM', sick: ['brand.example', 'TXT'], file: 'aligned.eml', smtp: BRAND, read: spf, words: RECORD },
  {
    role: 'SPF HELO',
    sick: ['mail.brand.example', 'TXT'],
    file: 'bounce.eml',
    smtp: { ...BRAND, mailFrom: '' },
    read: (verdict) => verdict.spf.helo?.result,
    words: RECORD,
  },
  {
    role: 'SPF include',
    sick: ['_spf.brand.example', 'TXT'],
    file: 'aligned.eml',
    smtp: mailFrom('brand.example', '192.0.2.11'),
    read: spf,
    words: TARGET,
  },
  {
    role: 'SPF redirect',
    sick: ['_spf.brand.example', 'TXT'],
    file: 'aligned.eml',
    smtp: mailFrom('redirect.example', '192.0.2.11'),
    read: spf,
    words: TARGET,
  },
  {
    role: 'SPF a',
    sick: ['host.by-a.example', 'A'],
    file: 'aligned.eml',
    smtp: mailFrom('by-a.example'),
    read: spf,
    words: MECHANISM,
  },
  {
    role: 'SPF mx',
    sick: ['by-mx.example', 'MX'],
    file: 'aligned.eml',
    smtp: mailFrom('by-mx.example'),
    read: spf,
    words: MECHANISM,
  },
  {
    role: 'SPF exists',
    sick: ['192.0.2.10._ip.by-exists.example', 'A'],
    file: 'aligned.eml',
    smtp: mailFrom('by-exists.example'),
    read: spf,
    words: MECHANISM,
    // Any record matches (RFC 7208 section 5.7).
    exceptions: { [TOO_MUCH]: 'pass' },
  },
];

/** Roles of keys. */
export const KEY_ROLES: readonly Role[] = [
  {
    role: 'DKIM key',
    sick: ['rsa._domainkey.brand.example', 'TXT'],
    file: 'aligned.eml',
    smtp: BRAND,
    read: ({ dkim }) => dkim.find(({ selector }) => selector === 'rsa')?.result,
    // No key: the signature cannot be processed (RFC 8601 section 2.7.1), and waiting would not
    // help.
    words: { right: 'pass', nodata: 'neutral', nxdomain: 'neutral', failure: 'temperror', limit: 'permerror' },
  },
  {
    role: 'ARC keys',
    sick: ['arc._domainkey.lists.example', 'TXT'],
    file: 'mailing-list.eml',
    smtp: { clientIp: '203.0.113.25', helo: 'mx.lists.example', mailFrom: 'gardening-bounces@lists.example' },
    read: ({ arc }) => arc.result,
    // A chain that does not validate is fail (RFC 8617 section 4.4).
    words: { right: 'pass', nodata: 'fail', nxdomain: 'fail', failure: 'temperror', limit: 'fail' },
  },
];

/** Roles of what rests on them, and of the client's name. */
export const POLICY_ROLES: readonly Role[] = [
  {
    role: 'DMARC of the Author Domain',
    sick: ['_dmarc.brand.example', 'TXT'],
    file: 'aligned.eml',
    smtp: BRAND,
    read: ({ dmarc }) => dmarc.result,
    // A failure ends the walk, and is neither pass nor fail (RFC 9989 section 5.3.6).
    words: { right: 'pass', nodata: 'none', nxdomain: 'none', failure: 'temperror', limit: 'permerror' },
  },
  {
    role: 'DMARC of the Organizational Domain',
    sick: ['_dmarc.museum.example', 'TXT'],
    file: 'np-subdomain.eml',
    smtp: { clientIp: '198.51.100.200', helo: 'host.stranger.example', mailFrom: 'prize@lottery.museum.example' },
    read: ({ dmarc }) => dmarc.result,
    words: { right: 'fail', nodata: 'none', nxdomain: 'none', failure: 'temperror', limit: 'permerror' },
  },
  {
    role: 'DMARC reports to another domain',
    sick: ['heritage.example._report._dmarc.reports.example', 'TXT'],
    file: 'rsa-1024.eml',
    smtp: { clientIp: '192.0.2.40', helo: 'mail.heritage.example', mailFrom: 'office@heritage.example' },
    read: ({ dmarc }) => String(dmarc.rfc9989.reports?.[0]?.authorized),
    // Reports need the agreement (RFC 9990 section 4); without an answer nothing is known.
    words: { right: 'true', nodata: 'false', nxdomain: 'false', failure: 'null', limit: 'null' },
  },
  {
    role: 'BIMI',
    sick: ['default._bimi.brand.example', 'TXT'],
    file: 'aligned.eml',
    smtp: BRAND,
    read: ({ bimi }) => bimi?.result,
    words: { right: 'pass', nodata: 'none', nxdomain: 'none', failure: 'temperror', limit: 'fail' },
  },
  {
    role: 'iprev',
    sick: [REVERSE_NAME, 'PTR'],
    file: 'aligned.eml',
    smtp: BRAND,
    read: ({ iprev }) => iprev.result,
    // No name is permerror (RFC 8601 section 2.7.3).
    words: { right: 'pass', nodata: 'permerror', nxdomain: 'permerror', failure: 'temperror', limit: 'permerror' },
  },
];
