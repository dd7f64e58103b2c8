/**
 * The zone that the examples live in, as a master file (RFC 1035 section 5). Pure but for the key
 * records, which come from keys/.
 */
import { type ExampleKey, KEYS, keyRecord } from './keys.ts';

/** Writes the zone file. */
export function exampleZone(keysFolder: string): string {
  const key = (of: ExampleKey): string => keyLine(of, keyRecord(of, keysFolder));
  return `; The zone of the example messages. Written by "npm run examples"; a start that is not a production start answers from it.
$ORIGIN example.
$TTL 1h

@               IN SOA  ns.example. hostmaster.example. (
                        2025020301 ; serial
                        2h         ; refresh
                        15m        ; retry
                        2w         ; expire
                        5m )       ; negative TTL (RFC 2308)
                IN NS   ns
ns              IN A    192.0.2.53

; brand.example: everything in place, and strict about it
brand           IN A    192.0.2.80
                IN MX   10 mail.brand
                IN TXT  "v=spf1 ip4:192.0.2.10 ip6:2001:db8:10::10 include:_spf.brand.example -all"
_spf.brand      IN TXT  "v=spf1 a:mail.brand.example" " ip4:192.0.2.11 -all"   ; two strings, one record
mail.brand      IN A    192.0.2.10
                IN AAAA 2001:db8:10::10
                IN TXT  "v=spf1 a -all"          ; for HELO (RFC 7208 section 2.3)
_dmarc.brand    IN TXT  ( "v=DMARC1; p=reject; sp=reject; np=reject;"
                          " rua=mailto:dmarc@brand.example" )
${key(KEYS.brandRsa)}
${key(KEYS.brandEd25519)}
default._bimi.brand     IN TXT  "v=BIMI1; l=https://brand.example/logo.svg; a="
_mta-sts.brand          IN TXT  "v=STSv1; id=20250203T000000Z"
_smtp._tls.brand        IN TXT  "v=TLSRPTv1; rua=mailto:tls@brand.example"

; shop.example: SPF and DMARC, never signs
shop            IN MX   10 mail.shop
                IN TXT  "v=spf1 mx ~all"
mail.shop       IN A    192.0.2.30
_dmarc.shop     IN TXT  "v=DMARC1; p=quarantine; adkim=r; aspf=r"

; mailer.example: sends for others and signs with its own name
mailer          IN MX   0 .                      ; takes no mail (RFC 7505)
                IN TXT  "v=spf1 ip4:198.51.100.0/28 -all"
out.mailer      IN A    198.51.100.5
_dmarc.mailer   IN TXT  "v=DMARC1; p=reject"
${key(KEYS.mailer)}

; lists.example: runs mailing lists and seals what it changes (RFC 8617)
lists           IN MX   10 mx.lists
                IN TXT  "v=spf1 mx -all"
mx.lists        IN A    203.0.113.25
_dmarc.lists    IN TXT  "v=DMARC1; p=none"
${key(KEYS.lists)}

; alumni.example: forwards mail unchanged
alumni          IN MX   10 mx.alumni
                IN TXT  "v=spf1 mx -all"
mx.alumni       IN A    203.0.113.40

; museum.example: watches its mail, and has no subdomain that sends any
museum          IN A    192.0.2.50
                IN TXT  "v=spf1 -all"
_dmarc.museum   IN TXT  "v=DMARC1; p=none; sp=none; np=reject"

; heritage.example: a key of 1024 bits, reports go to another domain, which agrees (RFC 9990)
heritage        IN TXT  "v=spf1 ip4:192.0.2.40 ?all"
mail.heritage   IN A    192.0.2.40
_dmarc.heritage IN TXT  "v=DMARC1; p=none; rua=mailto:heritage@reports.example"
heritage.example._report._dmarc.reports IN TXT "v=DMARC1"
${key(KEYS.heritage)}

; antique.example: a key of 768 bits
antique         IN TXT  "v=spf1 ip4:192.0.2.41 ~all"
_dmarc.antique  IN TXT  "v=DMARC1; p=quarantine"
${key(KEYS.antique)}

; notice.example: authentic, and up to no good
notice          IN A    198.51.100.77
                IN TXT  "v=spf1 a -all"
mail.notice     IN A    198.51.100.77
_dmarc.notice   IN TXT  "v=DMARC1; p=reject"
${key(KEYS.notice)}

; quiet.example: publishes nothing about its mail
quiet           IN A    192.0.2.60
mail.quiet      IN A    192.0.2.60

; stranger.example: sends under the names of others
host.stranger   IN A    198.51.100.200

; the names of the addresses, each zone with an SOA of its own
${REVERSE_ZONES.map(reverseZone).join('\n')}
`;
}

/** The networks of documentation that the examples use (RFC 5737, RFC 3849), and their hosts. */
const REVERSE_ZONES: readonly (readonly [apex: string, hosts: readonly (readonly [label: string, host: string])[]])[] =
  [
    [
      '2.0.192.in-addr.arpa',
      [
        ['10', 'mail.brand'],
        ['30', 'mail.shop'],
        ['40', 'mail.heritage'],
        ['60', 'mail.quiet'],
      ],
    ],
    [
      '100.51.198.in-addr.arpa',
      [
        ['5', 'out.mailer'],
        ['77', 'mail.notice'],
        ['200', 'host.stranger'],
      ],
    ],
    [
      '113.0.203.in-addr.arpa',
      [
        ['25', 'mx.lists'],
        ['40', 'mx.alumni'],
      ],
    ],
    ['0.1.0.0.8.b.d.0.1.0.0.2.ip6.arpa', [['0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0', 'mail.brand']]],
  ];

/** One reverse zone; the names of hosts are those of the zone above. */
const reverseZone = ([apex, hosts]: (typeof REVERSE_ZONES)[number]): string =>
  [
    `${apex}. IN SOA ns.example. hostmaster.example. ( 2025020301 2h 15m 2w 5m )`,
    ...hosts.map(([label, host]) => `${label}.${apex}. IN PTR ${host}`),
  ].join('\n');

/**
 * One key record, in strings of at most 255 octets where it is longer (RFC 6376 section 3.6.2.2).
 */
function keyLine(key: ExampleKey, record: string): string {
  const owner = `${key.selector}._domainkey.${key.domain.replace(/\.example$/, '')}`;
  const strings = record.match(/.{1,200}/g) ?? [];
  if (strings.length === 1) return `${owner} IN TXT "${record}"`;
  return `${owner} IN TXT (\n${strings.map((part) => `                          "${part}"`).join('\n')} )`;
}
