/**
 * What each example message shows, how it reached the receiver, and what comes of it. The page,
 * README.md and the tests read this table, and make.ts writes the files it names. Never holds a
 * message: the texts are in messages.ts.
 */
import type { ArcResult } from '../schemas/arc.ts';
import type { DkimResult } from '../schemas/dkim.ts';
import type { DmarcPolicy, DmarcResult } from '../schemas/dmarc.ts';
import type { SmtpFacts } from '../schemas/smtp.ts';
import type { SpfResult } from '../schemas/spf.ts';

/** One example. */
export type ExampleCase = {
  /** Name of the file beside this one. */
  readonly file: string;
  /** One line on what it shows. */
  readonly title: string;
  /** The transport facts to send with it. */
  readonly smtp: Pick<SmtpFacts, 'clientIp' | 'helo' | 'mailFrom'>;
  /** What comes of it with the zone in zone.txt. */
  readonly expect: {
    readonly spf: SpfResult;
    /** One for each DKIM-Signature, top of the message first. */
    readonly dkim: readonly DkimResult[];
    readonly arc: ArcResult;
    readonly dmarc: DmarcResult;
    /** The policy that applies to the Author Domain; null where no record does. */
    readonly policy: DmarcPolicy | null;
  };
};

const BRAND = { clientIp: '192.0.2.10', helo: 'mail.brand.example', mailFrom: 'alice@brand.example' };
const STRANGER = { clientIp: '198.51.100.200', helo: 'host.stranger.example', mailFrom: 'alice@brand.example' };

/** The examples, simplest first. */
export const EXAMPLES: readonly ExampleCase[] = [
  {
    file: 'aligned.eml',
    title: 'SPF passes, both DKIM signatures (RSA and Ed25519) pass, and all three are of the domain in From.',
    smtp: BRAND,
    expect: { spf: 'pass', dkim: ['pass', 'pass'], arc: 'none', dmarc: 'pass', policy: 'reject' },
  },
  {
    file: 'ed25519.eml',
    title: 'One Ed25519 signature (RFC 8463) is enough; the message came over IPv6.',
    smtp: { ...BRAND, clientIp: '2001:db8:10::10' },
    expect: { spf: 'pass', dkim: ['pass'], arc: 'none', dmarc: 'pass', policy: 'reject' },
  },
  {
    file: 'spf-only.eml',
    title: 'Not signed at all; SPF passes for the domain in From, which is enough for DMARC.',
    smtp: { clientIp: '192.0.2.30', helo: 'mail.shop.example', mailFrom: 'orders@shop.example' },
    expect: { spf: 'pass', dkim: [], arc: 'none', dmarc: 'pass', policy: 'quarantine' },
  },
  {
    file: 'unaligned.eml',
    title: 'SPF and DKIM pass, but both for the sending service and not for the domain in From: DMARC fails.',
    smtp: { clientIp: '198.51.100.5', helo: 'out.mailer.example', mailFrom: 'bounce-17@mailer.example' },
    expect: { spf: 'pass', dkim: ['pass'], arc: 'none', dmarc: 'fail', policy: 'reject' },
  },
  {
    file: 'body-changed.eml',
    title: 'An account number in the body was changed after signing: the body hash no longer matches.',
    smtp: STRANGER,
    expect: { spf: 'fail', dkim: ['fail'], arc: 'none', dmarc: 'fail', policy: 'reject' },
  },
  {
    file: 'spf-fail.eml',
    title:
      'A forgery: not signed, sent from an address that the domain does not list, and the domain asks for rejection.',
    smtp: STRANGER,
    expect: { spf: 'fail', dkim: [], arc: 'none', dmarc: 'fail', policy: 'reject' },
  },
  {
    file: 'forwarded.eml',
    title: 'An alumni address forwarded it: SPF fails for the forwarding host, the DKIM signature survives.',
    smtp: { clientIp: '203.0.113.40', helo: 'mx.alumni.example', mailFrom: 'alice@brand.example' },
    expect: { spf: 'fail', dkim: ['pass'], arc: 'none', dmarc: 'pass', policy: 'reject' },
  },
  {
    file: 'mailing-list.eml',
    title:
      'A mailing list put a tag into Subject and a footer under the body: DKIM breaks, the ARC chain tells that it was intact on arrival there.',
    smtp: { clientIp: '203.0.113.25', helo: 'mx.lists.example', mailFrom: 'gardening-bounces@lists.example' },
    expect: { spf: 'pass', dkim: ['fail'], arc: 'pass', dmarc: 'fail', policy: 'reject' },
  },
  {
    file: 'bounce.eml',
    title: 'A bounce with the null reverse-path: SPF checks the HELO name instead.',
    smtp: { clientIp: '192.0.2.10', helo: 'mail.brand.example', mailFrom: '' },
    expect: { spf: 'pass', dkim: [], arc: 'none', dmarc: 'pass', policy: 'reject' },
  },
  {
    file: 'two-from.eml',
    title:
      'Two From fields of two domains: there is no one Author Domain, so DMARC has nothing to hold anything against.',
    smtp: { clientIp: '198.51.100.77', helo: 'mail.notice.example', mailFrom: 'desk@notice.example' },
    expect: { spf: 'pass', dkim: ['pass'], arc: 'none', dmarc: 'permerror', policy: null },
  },
  {
    file: 'unsigned.eml',
    title: 'A domain that publishes nothing: no SPF record, no signature, no DMARC record.',
    smtp: { clientIp: '192.0.2.60', helo: 'mail.quiet.example', mailFrom: 'bob@quiet.example' },
    expect: { spf: 'none', dkim: [], arc: 'none', dmarc: 'none', policy: null },
  },
  {
    file: 'np-subdomain.eml',
    title:
      'The subdomain in From does not exist; its parent asks for rejection of exactly that (np=reject) while p=none.',
    smtp: { clientIp: '198.51.100.200', helo: 'host.stranger.example', mailFrom: 'prize@lottery.museum.example' },
    expect: { spf: 'none', dkim: [], arc: 'none', dmarc: 'fail', policy: 'reject' },
  },
  {
    file: 'rsa-1024.eml',
    title: 'Signed with RSA of 1024 bits, the least that RFC 8301 accepts; 2048 are advised.',
    smtp: { clientIp: '192.0.2.40', helo: 'mail.heritage.example', mailFrom: 'office@heritage.example' },
    expect: { spf: 'pass', dkim: ['pass'], arc: 'none', dmarc: 'pass', policy: 'none' },
  },
  {
    file: 'weak-key.eml',
    title: 'Signed with RSA of 768 bits, which RFC 8301 forbids to accept: the signature holds and counts for nothing.',
    smtp: { clientIp: '198.51.100.200', helo: 'host.stranger.example', mailFrom: 'office@antique.example' },
    expect: { spf: 'softfail', dkim: ['policy'], arc: 'none', dmarc: 'fail', policy: 'quarantine' },
  },
  {
    file: 'partial-body.eml',
    title:
      'The signature covers only the first part of the body (l=); what stands below it was added later, and DKIM still passes.',
    smtp: STRANGER,
    expect: { spf: 'fail', dkim: ['pass'], arc: 'none', dmarc: 'pass', policy: 'reject' },
  },
  {
    file: 'display-name.eml',
    title: 'All is authentic, but the display name shows an address of another domain than the one that sent it.',
    smtp: { clientIp: '198.51.100.77', helo: 'mail.notice.example', mailFrom: 'desk@notice.example' },
    expect: { spf: 'pass', dkim: ['pass'], arc: 'none', dmarc: 'pass', policy: 'reject' },
  },
];
