/**
 * Domains and what is to be found out about them: one case a situation, together every code of the
 * table of findings. `has` must be among the findings, `not` must not. Applied suggestions must
 * make their finding go; `test/posture/rules/suggestions.test.ts` sees to that.
 */
import { ED25519_KEY, MARK_CERTIFICATE, RSA_512, RSA_1024, RSA_2048, RSA_2048_BARE } from './keys.ts';
import type { World, WorldOptions } from './world.ts';

export type Case = {
  readonly title: string;
  readonly world: World;
  readonly domain?: string;
  readonly options?: WorldOptions;
  readonly has: readonly string[];
  readonly not?: readonly string[];
};

const SOA = {
  mname: 'ns1.brand.example',
  rname: 'hostmaster.brand.example',
  serial: 1,
  refresh: 3600,
  retry: 900,
  expire: 1209600,
  minimum: 3600,
};

/** A domain in which nothing is wrong; a case takes one thing away or adds one. */
export const GOOD: World = {
  'brand.example SOA': [SOA],
  'brand.example NS': ['ns1.brand.example', 'ns2.brand.example'],
  'ns1.brand.example A': ['11.0.0.1'],
  'ns2.brand.example AAAA': ['2600::2'],
  'brand.example A': ['11.0.0.9'],
  'brand.example TXT': ['v=spf1 mx ip4:11.0.1.0/24 include:_spf.mailer.example ~all', 'site-verification=1'],
  '_spf.mailer.example TXT': ['v=spf1 ip4:11.0.2.0/24 ip6:2600:1::/32 ~all'],
  'brand.example MX': [
    { priority: 10, exchange: 'mx1.brand.example' },
    { priority: 20, exchange: 'mx2.brand.example' },
  ],
  'mx1.brand.example A': ['11.0.0.25'],
  'mx1.brand.example AAAA': ['2600::25'],
  'mx2.brand.example A': ['11.0.0.26'],
  '_dmarc.brand.example TXT': ['v=DMARC1; p=reject; rua=mailto:dmarc@brand.example'],
  '_smtp._tls.brand.example TXT': ['v=TLSRPTv1; rua=mailto:tls@brand.example'],
};

const NULL_MX = [{ priority: 0, exchange: '' }];
const DIGEST = 'ab'.repeat(32);
const tlsa = (usage = 3, data = DIGEST) => [{ usage, selector: 1, matchingType: 1, data }];
const STS = { '_mta-sts.brand.example TXT': ['v=STSv1; id=20261101'] } as const;
const POLICY_URL = 'https://mta-sts.brand.example/.well-known/mta-sts.txt';
const policy = (mode: string, mx = 'mx: *.brand.example', maxAge = 1209600): string =>
  `version: STSv1\r\nmode: ${mode}\r\n${mx}\r\nmax_age: ${maxAge}\r\n`;
const LOGO_URL = 'https://brand.example/logo.svg';
const LOGO =
  '<svg xmlns="http://www.w3.org/2000/svg" version="1.2" baseProfile="tiny-ps" viewBox="0 0 9 9"><title>Brand</title><rect width="9" height="9"/></svg>';

const spf = (text: string, more: World = {}): World => ({
  ...GOOD,
  ...more,
  'brand.example TXT': [text, 'site-verification=1'],
});
const dmarc = (text: string, more: World = {}): World => ({ ...GOOD, ...more, '_dmarc.brand.example TXT': [text] });
const without = (...keys: string[]): World =>
  Object.fromEntries(Object.entries(GOOD).filter(([key]) => !keys.includes(key)));
const key = (text: string | readonly string[], selector = 's'): World => ({
  ...GOOD,
  [`${selector}._domainkey.brand.example TXT`]: [text].flat(),
});
const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const includes = (count: number): World =>
  spf(
    `v=spf1 ${range(count)
      .map((n) => `include:i${n}.example`)
      .join(' ')} ~all`,
    Object.fromEntries(range(count).map((n) => [`i${n}.example TXT`, ['v=spf1 ip4:11.0.3.0/24 -all']])),
  );
const probed = (probe: object): WorldOptions => ({
  probe: 'smtp',
  settings: { domainProbe: true },
  prober: async () =>
    ({
      state: 'starttls',
      address: '11.0.0.25',
      reason: 'told by the test',
      tlsVersion: 'TLSv1.3',
      trusted: true,
      daneMatch: null,
      certificate: null,
      ...probe,
    }) as never,
});

export const CASES: readonly Case[] = [
  {
    title: 'a domain in order',
    world: GOOD,
    has: ['spf-good', 'dmarc-good', 'tls-rpt-good', 'dnssec-not-validated'],
    not: ['spf-missing', 'dmarc-missing', 'mx-dangling', 'spf-void-term', 'dmarc-np-open'],
  },
  // SPF
  {
    title: 'no SPF record',
    world: { ...GOOD, 'brand.example TXT': ['site-verification=1'] },
    has: ['spf-missing'],
    not: ['spf-dns-failure', 'spf-good'],
  },
  {
    title: 'no SPF record and no mail',
    world: without('brand.example TXT', 'brand.example MX', 'brand.example A', 'mx1.brand.example A'),
    has: ['spf-missing'],
  },
  {
    title: 'a DNS failure for SPF',
    world: { ...GOOD, 'brand.example TXT': 'timeout' },
    has: ['spf-dns-failure'],
    not: ['spf-missing', 'spf-no-all'],
  },
  {
    title: 'a DNS failure inside the tree',
    world: { ...GOOD, '_spf.mailer.example TXT': 'servfail' },
    has: ['spf-dns-failure'],
    not: ['spf-dead-include', 'spf-good'],
  },
  {
    title: 'two SPF records',
    world: { ...GOOD, 'brand.example TXT': ['v=spf1 mx -all', 'v=spf1 ip4:11.0.1.0/24 ~all'] },
    has: ['spf-several'],
    not: ['spf-missing'],
  },
  {
    title: 'an SPF record with a typing error',
    world: spf('v=spf1 mx ipv4:11.0.0.1 -all'),
    has: ['spf-syntax'],
    not: ['spf-good'],
  },
  {
    title: 'eleven includes',
    world: includes(11),
    has: ['spf-lookup-limit'],
    not: ['spf-lookup-near-limit', 'spf-good'],
  },
  { title: 'ten includes', world: includes(10), has: ['spf-lookup-near-limit', 'spf-good'], not: ['spf-lookup-limit'] },
  { title: 'eight includes', world: includes(8), has: ['spf-good'], not: ['spf-lookup-near-limit'] },
  {
    title: 'three names that hold nothing',
    world: spf('v=spf1 a:x.example a:y.example mx:z.example mx ~all'),
    has: ['spf-void-limit', 'spf-void-term'],
  },
  {
    title: 'IPv4-only hosts, which are void for IPv6 clients alone',
    world: spf('v=spf1 a:h1.example a:h2.example a:h3.example ~all', {
      'h1.example A': ['11.0.4.1'],
      'h2.example A': ['11.0.4.2'],
      'h3.example A': ['11.0.4.3'],
    }),
    has: ['spf-void-limit'],
    not: ['spf-void-term'],
  },
  {
    title: 'an include without a record',
    world: spf('v=spf1 mx include:gone.example ~all'),
    has: ['spf-dead-include'],
    not: ['spf-good'],
  },
  { title: 'a redirect without a record', world: spf('v=spf1 mx redirect=gone.example'), has: ['spf-dead-include'] },
  {
    title: 'an include with a fault',
    world: spf('v=spf1 mx include:bad.example ~all', { 'bad.example TXT': ['v=spf1 foo:bar -all'] }),
    has: ['spf-broken-include'],
  },
  {
    title: 'an include with two records',
    world: spf('v=spf1 mx include:bad.example ~all', { 'bad.example TXT': ['v=spf1 -all', 'v=spf1 mx -all'] }),
    has: ['spf-broken-include'],
  },
  {
    title: 'an include loop',
    world: spf('v=spf1 include:brand.example mx ~all'),
    has: ['spf-loop'],
    not: ['spf-good'],
  },
  {
    title: 'a loop further down',
    world: spf('v=spf1 include:a.example ~all', {
      'a.example TXT': ['v=spf1 include:b.example -all'],
      'b.example TXT': ['v=spf1 include:a.example -all'],
    }),
    has: ['spf-loop'],
  },
  {
    title: 'an mx with eleven hosts',
    world: spf('v=spf1 mx:many.example ~all', {
      'many.example MX': range(11).map((n) => ({ priority: n, exchange: `h${n}.many.example` })),
      ...Object.fromEntries(range(11).map((n) => [`h${n}.many.example A`, ['11.0.5.1']])),
    }),
    has: ['spf-mx-limit'],
  },
  { title: '+all', world: spf('v=spf1 mx +all'), has: ['spf-pass-all'], not: ['spf-good'] },
  {
    title: '+all by redirect',
    world: spf('v=spf1 redirect=open.example', { 'open.example TXT': ['v=spf1 all'] }),
    has: ['spf-pass-all'],
  },
  {
    title: 'an include that passes everyone',
    world: spf('v=spf1 include:open.example mx ~all', { 'open.example TXT': ['v=spf1 +all'] }),
    has: ['spf-include-passes-all'],
  },
  { title: '?all', world: spf('v=spf1 mx ?all'), has: ['spf-neutral-all'] },
  { title: 'no all', world: spf('v=spf1 mx'), has: ['spf-no-all'], not: ['spf-neutral-all'] },
  { title: 'ptr', world: spf('v=spf1 mx ptr ~all'), has: ['spf-ptr'] },
  {
    title: 'terms after all and a redirect beside it',
    world: spf('v=spf1 mx ~all ip4:11.0.0.1 redirect=x.example'),
    has: ['spf-unreachable'],
  },
  { title: 'a term twice', world: spf('v=spf1 mx mx ~all'), has: ['spf-duplicate'] },
  {
    title: 'a record over 450 bytes',
    world: spf(
      `v=spf1 ${range(40)
        .map((n) => `ip4:11.0.6.${n}`)
        .join(' ')} ~all`,
    ),
    has: ['spf-long-record', 'spf-large-answer'],
  },
  {
    title: 'many TXT records at the name',
    world: { ...GOOD, 'brand.example TXT': ['v=spf1 mx ~all', 'x'.repeat(240), 'y'.repeat(240)] },
    has: ['spf-large-answer'],
    not: ['spf-long-record'],
  },
  {
    title: 'a network of sixteen million addresses',
    world: spf('v=spf1 ip4:11.0.0.0/8 ~all'),
    has: ['spf-wide-network'],
  },
  { title: 'the deprecated type', world: { ...GOOD, 'brand.example SPF': ['v=spf1 mx ~all'] }, has: ['spf-type99'] },
  { title: 'a macro', world: spf('v=spf1 exists:%{i}._spf.brand.example mx ~all'), has: ['spf-macro'] },
  {
    title: 'a tree larger than the limit',
    world: includes(30),
    options: { limits: { maxSpfQuestions: 16 } },
    has: ['limit-reached', 'spf-lookup-limit'],
  },
  // DMARC
  {
    title: 'no DMARC record',
    world: without('_dmarc.brand.example TXT'),
    has: ['dmarc-missing'],
    not: ['dmarc-dns-failure'],
  },
  {
    title: 'a DNS failure for DMARC',
    world: { ...GOOD, '_dmarc.brand.example TXT': 'timeout' },
    has: ['dmarc-dns-failure'],
    not: ['dmarc-missing', 'dmarc-good'],
  },
  {
    title: 'two DMARC records',
    world: { ...GOOD, '_dmarc.brand.example TXT': ['v=DMARC1; p=none', 'v=DMARC1; p=reject'] },
    has: ['dmarc-several'],
    not: ['dmarc-missing'],
  },
  {
    title: 'a DMARC record with a tag twice',
    world: dmarc('v=DMARC1; p=none; p=reject'),
    has: ['dmarc-invalid'],
    not: ['dmarc-missing'],
  },
  { title: 'a DMARC record without policy or address', world: dmarc('v=DMARC1; adkim=s'), has: ['dmarc-invalid'] },
  {
    title: 'a DMARC record with a wrong value',
    world: dmarc('v=DMARC1; p=reject; adkim=x; rua=mailto:dmarc@brand.example'),
    has: ['dmarc-fault'],
  },
  {
    title: 'p=none',
    world: dmarc('v=DMARC1; p=none; rua=mailto:dmarc@brand.example'),
    has: ['dmarc-policy-none', 'dmarc-np-open'],
    not: ['dmarc-good'],
  },
  {
    title: 'p=quarantine',
    world: dmarc('v=DMARC1; p=quarantine; rua=mailto:dmarc@brand.example'),
    has: ['dmarc-policy-quarantine', 'dmarc-good'],
  },
  {
    title: 't=y',
    world: dmarc('v=DMARC1; p=reject; t=y; rua=mailto:dmarc@brand.example'),
    has: ['dmarc-testing', 'dmarc-readings-differ'],
    not: ['dmarc-good'],
  },
  {
    title: 'sp weaker than p',
    world: dmarc('v=DMARC1; p=reject; sp=none; rua=mailto:dmarc@brand.example'),
    has: ['dmarc-subdomains-weaker'],
  },
  {
    title: 'removed tags',
    world: dmarc('v=DMARC1; p=reject; pct=20; ri=3600; rua=mailto:dmarc@brand.example'),
    has: ['dmarc-removed-tag'],
    not: ['dmarc-unknown-tag'],
  },
  {
    title: 'pct=0',
    world: dmarc('v=DMARC1; p=reject; pct=0; rua=mailto:dmarc@brand.example'),
    has: ['dmarc-removed-tag', 'dmarc-readings-differ'],
  },
  {
    title: 'an unknown tag',
    world: dmarc('v=DMARC1; p=reject; polcy=none; rua=mailto:dmarc@brand.example'),
    has: ['dmarc-unknown-tag'],
  },
  { title: 'no reports', world: dmarc('v=DMARC1; p=reject'), has: ['dmarc-no-reports'] },
  {
    title: 'a receiver of reports that did not agree',
    world: dmarc('v=DMARC1; p=reject; rua=mailto:x@reports.example'),
    has: ['dmarc-report-unauthorized'],
  },
  {
    title: 'a receiver of reports that agreed',
    world: dmarc('v=DMARC1; p=reject; rua=mailto:x@reports.example', {
      'brand.example._report._dmarc.reports.example TXT': ['v=DMARC1'],
    }),
    has: ['dmarc-good'],
    not: ['dmarc-report-unauthorized'],
  },
  {
    title: 'a receiver of reports whose agreement names an address of another host',
    world: dmarc('v=DMARC1; p=reject; rua=mailto:x@reports.example', {
      'brand.example._report._dmarc.reports.example TXT': ['v=DMARC1; rua=mailto:x@other.example'],
    }),
    has: ['dmarc-report-unauthorized'],
  },
  {
    title: 'a receiver of reports in the same organization',
    world: dmarc('v=DMARC1; p=reject; rua=mailto:x@in.brand.example'),
    has: ['dmarc-good'],
    not: ['dmarc-report-unauthorized'],
  },
  {
    title: 'a receiver of reports that DNS does not tell of',
    world: dmarc('v=DMARC1; p=reject; rua=mailto:x@reports.example', {
      'brand.example._report._dmarc.reports.example TXT': 'timeout',
    }),
    has: ['dmarc-report-dns-failure'],
    not: ['dmarc-report-unauthorized'],
  },
  {
    title: 'a subdomain that inherits',
    world: { ...GOOD, 'news.brand.example A': ['11.0.0.12'] },
    domain: 'news.brand.example',
    has: ['dmarc-inherited'],
    not: ['dmarc-missing'],
  },
  // DKIM
  {
    title: 'a key of good size',
    world: { ...GOOD, 'google._domainkey.brand.example TXT': [`v=DKIM1; k=rsa; p=${RSA_2048}`] },
    has: ['dkim-good'],
    not: ['dkim-none-found'],
  },
  {
    title: 'an Ed25519 key',
    world: key(`v=DKIM1; k=ed25519; p=${ED25519_KEY}`),
    options: { selectors: ['s'] },
    has: ['dkim-good'],
  },
  { title: 'no key under any known selector', world: GOOD, has: ['dkim-none-found'] },
  {
    title: 'a selector that is not there',
    world: GOOD,
    options: { selectors: ['missing'] },
    has: ['dkim-selector-missing'],
    not: ['dkim-none-found'],
  },
  {
    title: 'a DNS failure for a selector',
    world: { ...GOOD, 's._domainkey.brand.example TXT': 'timeout' },
    options: { selectors: ['s'] },
    has: ['dkim-dns-failure'],
    not: ['dkim-selector-missing'],
  },
  {
    title: 'a key of 1024 bits',
    world: key(`p=${RSA_1024}`),
    options: { selectors: ['s'] },
    has: ['dkim-short-key'],
    not: ['dkim-weak-key', 'dkim-good'],
  },
  {
    title: 'a key of 512 bits',
    world: key(`p=${RSA_512}`),
    options: { selectors: ['s'] },
    has: ['dkim-weak-key'],
    not: ['dkim-short-key'],
  },
  {
    title: 'a key that is no key',
    world: key('v=DKIM1; p=AAAA'),
    options: { selectors: ['s'] },
    has: ['dkim-invalid-key'],
  },
  {
    title: 'a key record with an empty tag',
    world: key(`v=DKIM1; ; p=${RSA_2048}`),
    options: { selectors: ['s'] },
    has: ['dkim-invalid-key'],
    not: ['dkim-good'],
  },
  {
    title: 'a bare RSAPublicKey as key',
    world: key(`v=DKIM1; p=${RSA_2048_BARE}`),
    options: { selectors: ['s'] },
    has: ['dkim-key-fault', 'dkim-good'],
  },
  {
    title: 'a selector with an underscore',
    world: key(`v=DKIM1; p=${RSA_2048}`, 's_1'),
    options: { selectors: ['s_1'] },
    has: ['dkim-selector-underscore'],
    not: ['dkim-good'],
  },
  {
    title: 'two key records',
    world: key([`v=DKIM1; p=${RSA_2048}`, `v=DKIM1; p=${RSA_1024}`]),
    options: { selectors: ['s'] },
    has: ['dkim-several-records'],
  },
  { title: 'a revoked key', world: key('v=DKIM1; p='), options: { selectors: ['s'] }, has: ['dkim-revoked'] },
  {
    title: 'a key in testing',
    world: key(`v=DKIM1; t=y:s; p=${RSA_2048}`),
    options: { selectors: ['s'] },
    has: ['dkim-testing'],
  },
  {
    title: 'a key not for mail',
    world: key(`v=DKIM1; s=other; p=${RSA_2048}`),
    options: { selectors: ['s'] },
    has: ['dkim-not-for-mail'],
    not: ['dkim-good'],
  },
  {
    title: 'a key for sha1 only',
    world: key(`v=DKIM1; h=sha1; p=${RSA_2048}`),
    options: { selectors: ['s'] },
    has: ['dkim-sha1-only'],
  },
  {
    title: 'two selectors with one key',
    world: { ...key(`p=${RSA_2048}`), 'r._domainkey.brand.example TXT': [`v=DKIM1; p=${RSA_2048}`] },
    options: { selectors: ['s', 'r'] },
    has: ['dkim-same-key'],
  },
  {
    title: 'a wildcard that is a key',
    world: { ...GOOD, '*._domainkey.brand.example TXT': [`p=${RSA_2048}`] },
    has: ['dkim-wildcard', 'dkim-none-found'],
    not: ['dkim-good'],
  },
  {
    title: 'a wildcard that is no key',
    world: { ...GOOD, '*._domainkey.brand.example TXT': ['v=spf1 -all'] },
    has: ['dkim-none-found'],
    not: ['dkim-wildcard', 'dkim-invalid-key'],
  },
  // Mail hosts
  {
    title: 'a DNS failure for MX',
    world: { ...GOOD, 'brand.example MX': 'servfail' },
    has: ['mx-dns-failure'],
    not: ['mx-none', 'mx-implicit'],
  },
  {
    title: 'a DNS failure for a mail host',
    world: { ...GOOD, 'mx2.brand.example A': 'timeout' },
    has: ['mx-dns-failure'],
    not: ['mx-dangling'],
  },
  { title: 'no MX and no address', world: without('brand.example MX', 'brand.example A'), has: ['mx-none'] },
  { title: 'an address in place of an MX', world: without('brand.example MX'), has: ['mx-implicit'] },
  {
    title: 'a null MX beside others',
    world: { ...GOOD, 'brand.example MX': [...NULL_MX, { priority: 10, exchange: 'mx1.brand.example' }] },
    has: ['mx-null-beside-others'],
  },
  {
    title: 'an MX that leads nowhere',
    world: {
      ...GOOD,
      'brand.example MX': [
        { priority: 10, exchange: 'mx1.brand.example' },
        { priority: 20, exchange: 'mx.gone.example' },
      ],
    },
    has: ['mx-dangling'],
  },
  {
    title: 'an MX that is an alias',
    world: { ...without('mx2.brand.example A'), 'mx2.brand.example CNAME': ['mx1.brand.example'] },
    has: ['mx-cname'],
  },
  {
    title: 'an MX that is an address',
    world: {
      ...GOOD,
      'brand.example MX': [
        { priority: 10, exchange: 'mx1.brand.example' },
        { priority: 20, exchange: '11.0.0.25' },
      ],
    },
    has: ['mx-invalid-name'],
  },
  {
    title: 'an MX with a private address',
    world: { ...GOOD, 'mx2.brand.example A': ['10.0.0.25'] },
    has: ['mx-not-public'],
  },
  {
    title: 'more mail hosts than are looked at',
    world: GOOD,
    options: { limits: { maxMailHosts: 1 } },
    has: ['limit-reached'],
  },
  // Domains that send no mail
  {
    title: 'a domain that sends no mail and says so',
    world: {
      ...GOOD,
      'brand.example TXT': ['v=spf1 -all'],
      'brand.example MX': NULL_MX,
      '_dmarc.brand.example TXT': ['v=DMARC1; p=reject'],
    },
    has: ['no-mail-good', 'spf-good'],
    not: ['dmarc-no-reports', 'dkim-none-found', 'mta-sts-missing', 'mx-none', 'tls-rpt-missing'],
  },
  {
    title: 'a null MX with senders',
    world: { ...GOOD, 'brand.example MX': NULL_MX },
    has: ['null-mx-spf-open'],
    not: ['no-mail-good'],
  },
  {
    title: 'no mail, but a policy that lets it pass',
    world: {
      ...GOOD,
      'brand.example TXT': ['v=spf1 -all'],
      'brand.example MX': NULL_MX,
      '_dmarc.brand.example TXT': ['v=DMARC1; p=quarantine'],
    },
    has: ['no-mail-policy-open'],
  },
  {
    title: 'no mail and no null MX',
    world: { ...without('brand.example MX', 'brand.example A'), 'brand.example TXT': ['v=spf1 -all'] },
    has: ['no-mail-null-mx'],
    not: ['mx-none'],
  },
  // DNSSEC and DANE
  {
    title: 'a DNS failure for the SOA',
    world: { ...GOOD, 'brand.example SOA': 'servfail' },
    has: ['dnssec-dns-failure', 'ns-dns-failure'],
    not: ['dnssec-not-validated'],
  },
  {
    title: 'a signed zone with TLSA',
    world: { ...GOOD, '_25._tcp.mx1.brand.example TLSA': tlsa(), '_25._tcp.mx2.brand.example TLSA': tlsa(2) },
    options: { signed: (name) => name.endsWith('brand.example') },
    has: ['dnssec-good', 'dane-good'],
    not: ['tlsa-insecure', 'mta-sts-missing'],
  },
  {
    title: 'TLSA on one host of two',
    world: { ...GOOD, '_25._tcp.mx1.brand.example TLSA': tlsa() },
    options: { signed: () => true },
    has: ['dane-partial'],
    not: ['dane-good'],
  },
  {
    title: 'TLSA without DNSSEC',
    world: { ...GOOD, '_25._tcp.mx1.brand.example TLSA': tlsa() },
    has: ['tlsa-insecure'],
    not: ['dane-good'],
  },
  {
    title: 'TLSA of a kind that SMTP does not use',
    world: { ...GOOD, '_25._tcp.mx1.brand.example TLSA': tlsa(1) },
    options: { signed: () => true },
    has: ['tlsa-unusable'],
  },
  {
    title: 'TLSA with a digest cut short',
    world: { ...GOOD, '_25._tcp.mx1.brand.example TLSA': tlsa(3, 'abcd') },
    options: { signed: () => true },
    has: ['tlsa-unusable'],
  },
  {
    title: 'a DNS failure for TLSA',
    world: { ...GOOD, '_25._tcp.mx1.brand.example TLSA': 'servfail' },
    has: ['tlsa-dns-failure'],
    not: ['tlsa-insecure'],
  },
  // The live probe
  {
    title: 'a mail host without STARTTLS',
    world: GOOD,
    options: probed({ state: 'no-starttls' }),
    has: ['probe-no-starttls'],
  },
  {
    title: 'a mail host that cannot be reached',
    world: GOOD,
    options: probed({ state: 'unreachable' }),
    has: ['probe-unreachable'],
  },
  {
    title: 'a mail host with failing TLS',
    world: GOOD,
    options: probed({ state: 'tls-failure' }),
    has: ['probe-tls-failure'],
  },
  {
    title: 'a mail host with a certificate of nobody',
    world: GOOD,
    options: probed({ trusted: false }),
    has: ['probe-untrusted'],
  },
  {
    title: 'a certificate that DANE vouches for',
    world: GOOD,
    options: probed({ trusted: false, daneMatch: true }),
    has: ['spf-good'],
    not: ['probe-untrusted'],
  },
  {
    title: 'a certificate that DANE does not name',
    world: GOOD,
    options: probed({ daneMatch: false }),
    has: ['probe-dane-mismatch'],
  },
  {
    title: 'a mail host whose certificate ends soon',
    world: GOOD,
    options: probed({ certificate: { subject: '', issuer: '', names: [], validTo: '', daysLeft: 3 } }),
    has: ['probe-certificate-expiring'],
  },
  // MTA-STS and TLS-RPT
  { title: 'no MTA-STS', world: GOOD, has: ['mta-sts-missing'] },
  {
    title: 'a DNS failure for MTA-STS',
    world: { ...GOOD, '_mta-sts.brand.example TXT': 'timeout' },
    has: ['mta-sts-dns-failure'],
    not: ['mta-sts-missing'],
  },
  {
    title: 'an MTA-STS record without id',
    world: { ...GOOD, '_mta-sts.brand.example TXT': ['v=STSv1;'] },
    has: ['mta-sts-invalid'],
  },
  {
    title: 'two MTA-STS records',
    world: { ...GOOD, '_mta-sts.brand.example TXT': ['v=STSv1; id=1', 'v=STSv1; id=2'] },
    has: ['mta-sts-invalid'],
  },
  {
    title: 'MTA-STS enforced',
    world: { ...GOOD, ...STS },
    options: { web: { [POLICY_URL]: { body: policy('enforce'), daysLeft: 60 } } },
    has: ['mta-sts-good'],
    not: ['mta-sts-short-max-age', 'mta-sts-missing'],
  },
  {
    title: 'an MTA-STS policy out of reach',
    world: { ...GOOD, ...STS },
    options: { web: { [POLICY_URL]: 'the certificate has expired' } },
    has: ['mta-sts-policy-unreachable'],
    not: ['mta-sts-good'],
  },
  {
    title: 'an MTA-STS policy with a fault',
    world: { ...GOOD, ...STS },
    options: { web: { [POLICY_URL]: { body: 'version: STSv1\nmode: sometimes\n' } } },
    has: ['mta-sts-policy-invalid'],
  },
  {
    title: 'an MTA-STS policy that leaves a host out',
    world: { ...GOOD, ...STS },
    options: { web: { [POLICY_URL]: { body: policy('enforce', 'mx: mx1.brand.example') } } },
    has: ['mta-sts-mx-mismatch'],
    not: ['mta-sts-good'],
  },
  {
    title: 'an MTA-STS policy in testing',
    world: { ...GOOD, ...STS },
    options: { web: { [POLICY_URL]: { body: policy('testing') } } },
    has: ['mta-sts-not-enforced'],
  },
  {
    title: 'an MTA-STS policy for a day',
    world: { ...GOOD, ...STS },
    options: { web: { [POLICY_URL]: { body: policy('enforce', 'mx: *.brand.example', 86400), daysLeft: 5 } } },
    has: ['mta-sts-short-max-age', 'mta-sts-certificate-expiring'],
  },
  { title: 'no TLS-RPT', world: without('_smtp._tls.brand.example TXT'), has: ['tls-rpt-missing'] },
  {
    title: 'a DNS failure for TLS-RPT',
    world: { ...GOOD, '_smtp._tls.brand.example TXT': 'timeout' },
    has: ['tls-rpt-dns-failure'],
    not: ['tls-rpt-missing'],
  },
  {
    title: 'a TLS-RPT record without address',
    world: { ...GOOD, '_smtp._tls.brand.example TXT': ['v=TLSRPTv1;'] },
    has: ['tls-rpt-invalid'],
  },
  // BIMI
  {
    title: 'a DNS failure for BIMI',
    world: { ...GOOD, 'default._bimi.brand.example TXT': 'timeout' },
    has: ['bimi-dns-failure'],
  },
  {
    title: 'a BIMI record with a fault',
    world: { ...GOOD, 'default._bimi.brand.example TXT': ['v=BIMI1; l=http://brand.example/logo.svg'] },
    has: ['bimi-invalid'],
  },
  {
    title: 'a BIMI logo without certificate',
    world: { ...GOOD, 'default._bimi.brand.example TXT': [`v=BIMI1; l=${LOGO_URL}`] },
    options: { web: { [LOGO_URL]: { body: LOGO } } },
    has: ['bimi-no-evidence'],
    not: ['bimi-logo-bad', 'bimi-policy-weak'],
  },
  {
    title: 'a BIMI logo with a script',
    world: { ...GOOD, 'default._bimi.brand.example TXT': [`v=BIMI1; l=${LOGO_URL}`] },
    options: { web: { [LOGO_URL]: { body: LOGO.replace('<rect', '<script/><rect') } } },
    has: ['bimi-logo-bad'],
  },
  {
    title: 'a BIMI logo under p=none',
    world: { ...dmarc('v=DMARC1; p=none'), 'default._bimi.brand.example TXT': [`v=BIMI1; l=${LOGO_URL}`] },
    has: ['bimi-policy-weak'],
  },
  {
    title: 'a BIMI certificate that is none',
    world: { ...GOOD, 'default._bimi.brand.example TXT': [`v=BIMI1; l=${LOGO_URL}; a=https://brand.example/vmc.pem`] },
    options: { web: { [LOGO_URL]: { body: LOGO }, 'https://brand.example/vmc.pem': { body: 'nothing' } } },
    has: ['bimi-evidence-bad'],
    not: ['bimi-good'],
  },
  {
    title: 'a BIMI logo with its certificate',
    world: {
      ...GOOD,
      'default._bimi.brand.example TXT': [`v=BIMI1; l=${LOGO_URL}; a=https://brand.example/vmc.pem`],
    },
    options: {
      web: {
        [LOGO_URL]: { body: LOGO },
        'https://brand.example/vmc.pem': { body: `subject: Brand\n${MARK_CERTIFICATE}\n` },
      },
    },
    has: ['bimi-good'],
    not: ['bimi-no-evidence', 'bimi-evidence-bad'],
  },
  // The zone
  { title: 'a domain that does not exist', world: GOOD, domain: 'absent.example', has: ['domain-not-found'] },
  { title: 'one name server', world: { ...GOOD, 'brand.example NS': ['ns1.brand.example'] }, has: ['ns-single'] },
  {
    title: 'a name server without address',
    world: { ...GOOD, 'brand.example NS': ['ns1.brand.example', 'ns.gone.example'] },
    has: ['ns-dangling'],
  },
  {
    title: 'a name server that is an alias',
    world: {
      ...GOOD,
      'brand.example NS': ['ns1.brand.example', 'ns.other.example'],
      'ns.other.example CNAME': ['ns1.brand.example'],
    },
    has: ['ns-cname'],
  },
  {
    title: 'an SOA with a short expire and a long negative TTL',
    world: { ...GOOD, 'brand.example SOA': [{ ...SOA, expire: 3600, minimum: 172800 }] },
    has: ['soa-short-expire', 'soa-long-negative-ttl'],
  },
  {
    title: 'a limit on questions',
    world: GOOD,
    options: { settings: { domainMaxQuestions: 64 } },
    has: ['limit-reached'],
  },
];
