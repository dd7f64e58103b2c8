/**
 * Messages on which programs that read Authentication-Results by hand were wrong, each with what is
 * right. The fields stand on top of a message of nobody that says it is from brand.example.
 */

const ID = 'mx.receiver.example';

/** The Received field by which a host of ours took the message in. */
const receivedBy = (host: string): string =>
  `Received: from host.stranger.example (host.stranger.example [198.51.100.200]) by ${host} with ESMTP id 1; Mon, 3 Feb 2025 10:00:00 +0000`;
const RECEIVED = receivedBy(ID);
const results = (text: string, id = ID): string => `Authentication-Results: ${id}; ${text}`;

/** One message. */
export type HandMadeCase = {
  /** What the program did wrong, as the name of a test. */
  readonly fault: string;
  /** On top first. */
  readonly fields: readonly string[];
  /** authserv-ids. */
  readonly trusted?: readonly string[];
  /** True: the author is vouched for; false: nothing is taken from the fields. */
  readonly isVouched: boolean;
};

export const HAND_MADE_CASES: readonly HandMadeCase[] = [
  // NousResearch/hermes-agent#68606: Fastmail writes four fields, and the first has no verdict.
  {
    fault: 'reads the first field only, where the fourth tells of DMARC',
    fields: [
      results('x-csa=none; x-me-sender=none; x-ptr=pass smtp.helo=host.stranger.example'),
      results('bimi=skipped (no record)'),
      results('arc=none (no signatures found)'),
      results(
        'dkim=pass header.d=brand.example; dmarc=pass header.from=brand.example; spf=fail smtp.mailfrom=a@x.example',
      ),
      RECEIVED,
    ],
    isVouched: true,
  },
  {
    fault: 'reads the first field only, where the fourth has the failure',
    fields: [
      results('dkim=pass header.d=brand.example'),
      results('x-ptr=pass smtp.helo=host.stranger.example'),
      results('arc=none'),
      results('dmarc=fail header.from=brand.example'),
      RECEIVED,
    ],
    isVouched: false,
  },
  // LanternOps/breeze#2099: the id is that of the receiving host, and another server's field is
  // first.
  {
    fault: 'reads the first field only, which is that of a relay',
    fields: [
      results('dmarc=fail header.from=brand.example', 'relay.example'),
      results('dkim=pass header.d=brand.example; dmarc=pass header.from=brand.example', 'mxa.mailgun.org'),
      receivedBy('mxa.mailgun.org'),
    ],
    trusted: ['mxa.mailgun.org', 'mxb.mailgun.org'],
    isVouched: true,
  },
  {
    fault: 'takes a pass of a relay, where the receiving server says fail',
    fields: [
      results('dmarc=pass header.from=brand.example', 'relay.example'),
      results('dmarc=fail header.from=brand.example', 'mxa.mailgun.org'),
      receivedBy('mxa.mailgun.org'),
    ],
    trusted: ['mxa.mailgun.org'],
    isVouched: false,
  },
  {
    fault: 'takes every id that ends like the right one',
    fields: [
      results('dmarc=pass header.from=brand.example', 'evil-mailgun.org'),
      results('dmarc=pass header.from=brand.example', 'mxa.mailgun.org.evil.example'),
      receivedBy('mxa.mailgun.org'),
    ],
    trusted: ['mailgun.org', 'mxa.mailgun.org'],
    isVouched: false,
  },
  // NousResearch/hermes-agent#52801 and #88560: without an id the topmost field counted.
  {
    fault: 'takes the topmost field when no id is named',
    fields: [results('dmarc=pass header.from=brand.example', 'attacker.self'), RECEIVED],
    isVouched: false,
  },
  // NousResearch/hermes-agent#56608: a field that has header.i and no header.d.
  {
    fault: 'misses a signature that is named by header.i alone',
    fields: [
      results('dkim=pass header.i=@brand.example header.s=google; spf=pass smtp.mailfrom=a@mail.example'),
      RECEIVED,
    ],
    isVouched: true,
  },
  // vm0-ai/vm0#3194: without a policy a pass of any domain counted.
  {
    fault: 'takes a pass of any domain where there is no policy',
    fields: [
      results(
        'dmarc=none header.from=brand.example; spf=pass smtp.mailfrom=a@evil.example; dkim=pass header.d=evil.example',
      ),
      RECEIVED,
    ],
    isVouched: false,
  },
  // vellum-ai/vellum-assistant#36913: SPF is of the envelope, not of From.
  {
    fault: 'takes SPF of the envelope for a proof of From',
    fields: [results('spf=pass smtp.mailfrom=bounce@evil.example'), RECEIVED],
    isVouched: false,
  },
  { fault: 'takes a message without any results for a good one', fields: [RECEIVED], isVouched: false },
  // vellum-ai/vellum-assistant#38415: a DKIM pass was taken in spite of DMARC.
  ...['fail', 'permerror', 'temperror', 'quarantine'].map((dmarc) => ({
    fault: `takes an aligned DKIM pass in spite of dmarc=${dmarc}`,
    fields: [results(`dkim=pass header.d=brand.example; dmarc=${dmarc} header.from=brand.example`), RECEIVED],
    isVouched: false,
  })),
  // dust-tt/dust#23318: one value was read, and a message may have several signatures.
  {
    fault: 'reads the first of several DKIM results only',
    fields: [
      results('dkim=pass header.d=mailer.example; dkim=fail header.d=x.example; dkim=pass header.d=brand.example'),
      RECEIVED,
    ],
    isVouched: true,
  },
  {
    fault: 'takes one DKIM pass for all',
    fields: [results('dkim=pass header.d=mailer.example; dkim=fail header.d=brand.example'), RECEIVED],
    isVouched: false,
  },
  // dust-tt/dust#23317: alignment by suffix, without regard to what is an organization.
  {
    fault: 'aligns by suffix: a name above',
    fields: [results('dkim=pass header.d=example; spf=pass smtp.mailfrom=a@example'), RECEIVED],
    isVouched: false,
  },
  {
    fault: 'aligns by suffix: a name that only ends alike',
    fields: [results('dkim=pass header.d=evilbrand.example; spf=pass smtp.mailfrom=a@evilbrand.example'), RECEIVED],
    isVouched: false,
  },
  // dust-tt/dust#23356: result words may be in any case.
  {
    fault: 'compares result words with regard to case',
    fields: [results('SPF=Pass smtp.MailFrom=a@brand.example'), RECEIVED],
    isVouched: true,
  },
  // dreamhunter2333/cloudflare_temp_email#1085: the word pass was searched for.
  {
    fault: 'searches for the word pass',
    fields: [results('dmarc=passive header.from=brand.example; dkim=bypass header.d=brand.example'), RECEIVED],
    isVouched: false,
  },
  {
    fault: 'takes a result of a version that nobody knows',
    fields: [results('spf/999=pass smtp.mailfrom=a@brand.example'), RECEIVED],
    isVouched: false,
  },
  // anolilab/lunora#546: a clause was found inside of a comment, and From was not compared.
  {
    fault: 'finds a clause inside of a comment',
    fields: [
      results('dmarc=fail (p=reject; dmarc=pass header.from=brand.example) header.from=brand.example'),
      RECEIVED,
    ],
    isVouched: false,
  },
  {
    fault: 'finds a clause inside of a nested comment',
    fields: [results('spf=none (a (b; dmarc=pass header.from=brand.example) c) smtp.mailfrom=a@x.example'), RECEIVED],
    isVouched: false,
  },
  {
    fault: 'finds a clause inside of a quoted string',
    fields: [results('spf=fail reason="x; dmarc=pass header.from=brand.example" smtp.mailfrom=a@x.example'), RECEIVED],
    isVouched: false,
  },
  {
    fault: 'does not read white space around the equals sign',
    fields: [results('dmarc = pass header.from = brand.example'), RECEIVED],
    isVouched: true,
  },
  {
    fault: 'takes a DMARC pass of another domain',
    fields: [results('dmarc=pass header.from=sender.example'), RECEIVED],
    isVouched: false,
  },
  // bulwarkmail/webmail#650 and happyDomain/happydeliver#14: SPF of HELO stands before that of MAIL
  // FROM.
  {
    fault: 'takes SPF none of HELO for that of MAIL FROM',
    fields: [results('spf=none smtp.helo=host.stranger.example; spf=pass smtp.mailfrom=a@brand.example'), RECEIVED],
    isVouched: true,
  },
  {
    fault: 'takes an SPF pass of HELO for that of MAIL FROM',
    fields: [results('spf=pass smtp.helo=mail.brand.example; spf=fail smtp.mailfrom=a@brand.example'), RECEIVED],
    isVouched: false,
  },
  // Nine-Minds/alga-psa#3242: a pass that came with the message stood below the real result.
  {
    fault: 'lets a later pass win over the failure on top',
    fields: [
      results('dmarc=fail header.from=brand.example'),
      RECEIVED,
      results('dmarc=pass header.from=brand.example'),
    ],
    isVouched: false,
  },
  {
    fault: 'takes a pass that came with the message where the server wrote nothing',
    fields: [RECEIVED, results('dmarc=pass header.from=brand.example')],
    isVouched: false,
  },
];

/** The id that a case trusts unless it says otherwise. */
export const HAND_MADE_ID = ID;
