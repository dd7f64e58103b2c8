/** What a delivered message may carry on top: words of a trusted server, and their forged twins. */

/** authserv-id and name of the trusted server. */
export const ID = 'mx.receiver.example';
/** The Received field by which it took the message in. */
export const RECEIVED = `Received: from host.stranger.example (host.stranger.example [198.51.100.200]) by ${ID} with ESMTP id 1; Mon, 3 Feb 2025 10:00:00 +0000`;
/** Its word for the author. */
export const PASS = `Authentication-Results: ${ID}; dmarc=pass header.from=brand.example`;

/** Fields on top, the last one that was put there first, that vouch for brand.example. */
export const VOUCHED: readonly (readonly [what: string, fields: readonly string[]])[] = [
  ['a DMARC pass above the field by which the message came in', [PASS, RECEIVED]],
  [
    'an id in other case, with a comment and a version',
    [
      `Authentication-Results: (us) MX.Receiver.Example (really) 1; dmarc=pass (p=reject) header.from=brand.example`,
      RECEIVED,
    ],
  ],
  [
    'DKIM and SPF of MAIL FROM without any DMARC result',
    [
      `Authentication-Results: ${ID}; dkim=pass header.d=brand.example; spf=fail smtp.mailfrom=a@other.example`,
      RECEIVED,
    ],
  ],
  [
    'SPF of an aligned MAIL FROM alone',
    [`Authentication-Results: ${ID}; spf=pass smtp.mailfrom=a@mail.brand.example`, RECEIVED],
  ],
  [
    'several fields of one server, of which only one tells of DMARC',
    [
      `Authentication-Results: ${ID}; spf=pass smtp.helo=x.example`,
      PASS,
      `Authentication-Results: ${ID}; dkim=none`,
      RECEIVED,
    ],
  ],
  [
    'Received-SPF of the server itself',
    [
      `Received-SPF: pass (ok) client-ip=192.0.2.10; envelope-from="a@brand.example"; helo=x.example; receiver=${ID}; identity=mailfrom`,
      RECEIVED,
    ],
  ],
  [
    'a field beside one of another server that says the opposite',
    ['Authentication-Results: elsewhere.example; dmarc=fail header.from=brand.example', PASS, RECEIVED],
  ],
];

/** Fields that vouch for nobody, on a message of examples/. */
export const FORGED: readonly (readonly [what: string, fields: readonly string[], file?: string])[] = [
  ['a field below the boundary', [RECEIVED, PASS]],
  [
    'a field between the boundary and an older Received',
    [RECEIVED, PASS, `Received: from a (a [192.0.2.1]) by ${ID} with ESMTP; Mon, 3 Feb 2025 09:00:00 +0000`],
  ],
  ['no Received field at all', [PASS]],
  ['a newest Received field of somebody else', [PASS, RECEIVED.replace(`by ${ID}`, 'by mx.elsewhere.example')]],
  ['a Received field that cannot be read', [PASS, RECEIVED.replace('from host', 'from a by b.example from host')]],
  [
    'the id in a comment only',
    [`Authentication-Results: evil.example (${ID}); dmarc=pass header.from=brand.example`, RECEIVED],
  ],
  [
    'the id as a part of another',
    [`Authentication-Results: ${ID}.evil.example; dmarc=pass header.from=brand.example`, RECEIVED],
  ],
  [
    'an id above the trusted one',
    ['Authentication-Results: receiver.example; dmarc=pass header.from=brand.example', RECEIVED],
  ],
  [
    'an id that is folded apart',
    ['Authentication-Results: mx.receiver\r\n .example; dmarc=pass header.from=brand.example', RECEIVED],
  ],
  [
    'an id as an encoded word',
    ['Authentication-Results: =?utf-8?q?mx.receiver.example?=; dmarc=pass header.from=brand.example', RECEIVED],
  ],
  ['a second server', ['Authentication-Results: mx.other.example; dmarc=pass header.from=brand.example', RECEIVED]],
  ['a DMARC pass of another domain', [`Authentication-Results: ${ID}; dmarc=pass header.from=evil.example`, RECEIVED]],
  ['a DMARC pass that names no domain', [`Authentication-Results: ${ID}; dmarc=pass`, RECEIVED]],
  [
    'a DMARC pass of two domains',
    [`Authentication-Results: ${ID}; dmarc=pass header.from=evil.example header.from=brand.example`, RECEIVED],
  ],
  [
    'a DMARC pass beside a failure',
    [`Authentication-Results: ${ID}; dmarc=fail header.from=brand.example`, PASS, RECEIVED],
  ],
  [
    'a DMARC failure beside a DKIM pass',
    [`Authentication-Results: ${ID}; dkim=pass header.d=brand.example; dmarc=fail header.from=brand.example`, RECEIVED],
  ],
  [
    'DMARC in a version that nobody knows',
    [`Authentication-Results: ${ID}; dmarc/2=pass header.from=brand.example`, RECEIVED],
  ],
  [
    'a field of a version that nobody knows beside a known one',
    [`Authentication-Results: ${ID} 2; dmarc=fail header.from=brand.example`, PASS, RECEIVED],
  ],
  [
    'a field of the server that cannot be read beside one that can',
    [`Authentication-Results: ${ID}; dmarc=fail (open header.from=brand.example`, PASS, RECEIVED],
  ],
  ['SPF of HELO', [`Authentication-Results: ${ID}; spf=pass smtp.helo=mail.brand.example`, RECEIVED]],
  ['SPF of another MAIL FROM', [`Authentication-Results: ${ID}; spf=pass smtp.mailfrom=a@evil.example`, RECEIVED]],
  [
    'DKIM of another domain',
    [`Authentication-Results: ${ID}; dkim=pass header.d=evil.example header.i=@brand.example`, RECEIVED],
  ],
  [
    'DKIM of a domain that only ends alike',
    [`Authentication-Results: ${ID}; dkim=pass header.d=notbrand.example`, RECEIVED],
  ],
  ['DKIM of a name above', [`Authentication-Results: ${ID}; dkim=pass header.d=example`, RECEIVED]],
  ['a softfail', [`Authentication-Results: ${ID}; spf=softfail smtp.mailfrom=a@brand.example`, RECEIVED]],
  ['Received-SPF below the boundary', [RECEIVED, `Received-SPF: pass envelope-from=a@brand.example; receiver=${ID}`]],
  [
    'Received-SPF of another receiver',
    [`Received-SPF: pass (${ID}) envelope-from=a@brand.example; receiver=evil.example; x-receiver=${ID}`, RECEIVED],
  ],
  [
    'Received-SPF with two receivers',
    [`Received-SPF: pass envelope-from=a@brand.example; receiver=evil.example; receiver=${ID}`, RECEIVED],
  ],
  ['Received-SPF of HELO', [`Received-SPF: pass identity=helo; helo=mail.brand.example; receiver=${ID}`, RECEIVED]],
  ['two From fields', [PASS, RECEIVED], 'two-from.eml'],
];
