/**
 * The texts of the example messages and how each was signed, forwarded, changed or sealed. Every
 * date is fixed and both signature algorithms are deterministic (RSASSA-PKCS1-v1_5, Ed25519), so
 * that the same keys give the same bytes. Lines end in CRLF.
 */
import { dkimSign, sealMessage } from 'mailauth';
import { type ExampleKey, KEYS, privateKeyPem } from './keys.ts';

const SIGNED_AT = new Date('2025-02-03T09:00:00Z');
const SEALED_AT = new Date('2025-02-03T09:00:30Z');

/**
 * What is signed: all that a reader is shown, and what decides how the body is read (RFC 6376
 * section 5.4.1).
 */
const SIGNED_FIELDS = ['From', 'To', 'Subject', 'Date', 'Message-ID', 'MIME-Version', 'Content-Type'];

type Field = readonly [name: string, value: string];

/** Builds every message. @returns file name to bytes */
export async function exampleMessages(keysFolder: string): Promise<Map<string, Buffer>> {
  const sign = signer(keysFolder);
  const plain = message(BRAND_FIELDS, LETTER);
  const signed = await sign(plain, KEYS.brandRsa);
  const messages: Record<string, string> = {
    'aligned.eml': await sign(await sign(plain, KEYS.brandEd25519), KEYS.brandRsa),
    'ed25519.eml': await sign(plain, KEYS.brandEd25519),
    'spf-only.eml': message(
      letterHead({
        from: 'Shop orders <orders@shop.example>',
        subject: 'Your order 1042 is on its way',
        id: 'order-1042@shop.example',
      }),
      ['Two pairs of gloves left our house today.'],
    ),
    'unaligned.eml': await sign(plain, KEYS.mailer),
    'body-changed.eml': signed.replace('account 1111', 'account 9999'),
    'spf-fail.eml': message(
      letterHead({
        from: 'Alice <alice@brand.example>',
        subject: 'Please pay today',
        id: 'urgent@stranger.example',
      }),
      ['The account has changed. Please pay to account 6666 today.'],
    ),
    'forwarded.eml': `${received('mail.brand.example', '192.0.2.10', 'mx.alumni.example', 'F0001')}${signed}`,
    'mailing-list.eml': await throughList(signed, keysFolder),
    'bounce.eml': message(
      [
        ['From', 'Mail Delivery System <mailer-daemon@brand.example>'],
        ['To', 'carol@receiver.example'],
        ['Subject', 'Undelivered mail returned to sender'],
        ['Date', 'Mon, 3 Feb 2025 09:00:00 +0000'],
        ['Message-ID', '<bounce-7@mail.brand.example>'],
        ['Auto-Submitted', 'auto-replied'],
        ['MIME-Version', '1.0'],
        ['Content-Type', 'multipart/report; report-type=delivery-status; boundary="part"'],
      ],
      BOUNCE_BODY,
    ),
    'two-from.eml': await sign(
      message(
        [
          ['From', 'Alice <alice@brand.example>'],
          ...letterHead({ from: 'Desk <desk@notice.example>', subject: 'Who wrote this?', id: 'two@notice.example' }),
        ],
        ['One of the two lines above is shown to you. Which one depends on your mail program.'],
      ),
      KEYS.notice,
    ),
    'unsigned.eml': message(letterHead({ from: 'bob@quiet.example', subject: 'Lunch?', id: 'lunch@quiet.example' }), [
      'At noon, at the fountain?',
    ]),
    'np-subdomain.eml': message(
      letterHead({
        from: 'Museum lottery <prize@lottery.museum.example>',
        subject: '=?UTF-8?Q?You_have_won_=E2=80=93_really?=',
        id: 'prize@stranger.example',
      }),
      ['Send your bank details to receive the prize.'],
    ),
    'rsa-1024.eml': await sign(
      message(
        letterHead({
          from: 'Heritage office <office@heritage.example>',
          subject: 'Opening hours',
          id: 'hours@heritage.example',
        }),
        ['We are open from ten to four.'],
      ),
      KEYS.heritage,
    ),
    'weak-key.eml': await sign(
      message(
        letterHead({
          from: 'Antique office <office@antique.example>',
          subject: 'A key as old as our chairs',
          id: 'chairs@antique.example',
        }),
        ['Anyone with an afternoon to spare can compute this key.'],
      ),
      KEYS.antique,
    ),
    'partial-body.eml': `${await sign(plain, KEYS.brandRsa, lines(LETTER).length)}${lines(['', 'P.S. The account has changed: please use account 6666.'])}`,
    'display-name.eml': await sign(
      message(
        letterHead({
          from: '"security@brand.example" <desk@notice.example>',
          subject: 'Your account is locked',
          id: 'locked@notice.example',
        }),
        ['Confirm your password at https://notice.example/ to unlock it.'],
      ),
      KEYS.notice,
    ),
  };
  return new Map(Object.entries(messages).map(([file, text]) => [file, Buffer.from(text, 'utf8')]));
}

const BRAND_FIELDS = letterHead({
  from: 'Alice <alice@brand.example>',
  subject: 'Invoice for January',
  id: 'january@brand.example',
});

const LETTER = [
  'Dear Carol,',
  '',
  'the amount for January is 120 euro. Please pay to account 1111.',
  '',
  'Kind regards',
  'Alice',
];

const BOUNCE_BODY = [
  '--part',
  'Content-Type: text/plain; charset=us-ascii',
  '',
  'Your message could not be delivered: no such mailbox.',
  '--part',
  'Content-Type: message/delivery-status',
  '',
  'Reporting-MTA: dns; mail.brand.example',
  '',
  'Final-Recipient: rfc822; nobody@brand.example',
  'Action: failed',
  'Status: 5.1.1',
  '--part--',
];

function letterHead(of: { from: string; subject: string; id: string }): Field[] {
  return [
    ['From', of.from],
    ['To', 'Carol <carol@receiver.example>'],
    ['Subject', of.subject],
    ['Date', 'Mon, 3 Feb 2025 09:00:00 +0000'],
    ['Message-ID', `<${of.id}>`],
    ['MIME-Version', '1.0'],
    ['Content-Type', 'text/plain; charset=utf-8'],
  ];
}

function message(fields: readonly Field[], body: readonly string[]): string {
  return `${lines(fields.map(([name, value]) => `${name}: ${value}`))}\r\n${lines(body)}`;
}

function lines(of: readonly string[]): string {
  return of.map((line) => `${line}\r\n`).join('');
}

function received(helo: string, clientIp: string, by: string, id: string): string {
  return lines([
    `Received: from ${helo} (${helo} [${clientIp}])`,
    `\tby ${by} (Postfix) with ESMTPS id ${id}`,
    '\tfor <carol@alumni.example>; Mon, 3 Feb 2025 09:00:10 +0000 (UTC)',
  ]);
}

type Sign = (text: string, key: ExampleKey, maxBodyBytes?: number) => Promise<string>;

function signer(keysFolder: string): Sign {
  return async (text, key, maxBodyBytes) => {
    const { signatures, errors } = await dkimSign(Buffer.from(text), {
      signingDomain: key.domain,
      selector: key.selector,
      privateKey: privateKeyPem(key, keysFolder),
      signTime: SIGNED_AT,
      signatureData: [
        {
          signingDomain: key.domain,
          selector: key.selector,
          privateKey: privateKeyPem(key, keysFolder),
          headerList: SIGNED_FIELDS,
          ...(maxBodyBytes === undefined ? {} : { maxBodyLength: maxBodyBytes }),
        },
      ],
    });
    if (signatures === '') throw new Error(`no signature by ${key.selector}.${key.domain}`, { cause: errors[0]?.err });
    return `${signatures}${text}`;
  };
}

/**
 * The list checks the message, changes it as lists do, and seals what it saw before the change (RFC
 * 8617 section 5.1).
 */
async function throughList(signed: string, keysFolder: string): Promise<string> {
  const listFields = 'List-Id: Gardening <gardening.lists.example>\r\nList-Post: <mailto:gardening@lists.example>\r\n';
  const changed = `${listFields}${signed.replace('\r\nSubject: ', '\r\nSubject: [gardening] ')}${lines(['-- ', 'gardening@lists.example'])}`;
  const seal = await sealMessage(Buffer.from(changed), {
    signingDomain: KEYS.lists.domain,
    selector: KEYS.lists.selector,
    privateKey: privateKeyPem(KEYS.lists, keysFolder),
    cv: 'none',
    signTime: SEALED_AT,
    headerList: SIGNED_FIELDS,
    authResults:
      'mx.lists.example;\r\n spf=pass smtp.mailfrom=alice@brand.example;\r\n dkim=pass header.d=brand.example header.s=rsa;\r\n dmarc=pass header.from=brand.example',
  });
  return `${seal}${changed}`;
}
