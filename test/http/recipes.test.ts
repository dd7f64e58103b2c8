/**
 * The forms in which providers hand over a message, as docs/app-that-receives-mail.md reads them: the same
 * octets reach the verifier, and DKIM passes. The functions are those of the page.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { SmtpFacts } from '../../schemas/smtp.ts';
import { MailverdictClient } from '../../src/client/client.ts';
import { startApp } from '../client/running-service.ts';
import { readPage } from '../interop/doc-blocks.ts';
import { example, makeVerifier } from '../verdict/make-verifier.ts';

const folder = await mkdtemp(join(tmpdir(), 'mailverdict-recipes-'));
const file = join(folder, 'raw-message.mjs');
await writeFile(file, readPage('app-that-receives-mail.md').block('raw-message.mjs'));
const recipes: Record<string, (from: unknown) => unknown> = await import(file);

const seen: Buffer[] = [];
const judge = makeVerifier();
const service = await startApp({
  verify: (message, facts, options) => {
    seen.push(Buffer.from(message));
    return judge(message, facts, options);
  },
});
after(async () => {
  await service.close();
  await rm(folder, { recursive: true });
});

/** As it is on the wire, with 8-bit text in UTF-8 below what is signed on top. */
const MESSAGE = Buffer.from(example('aligned.eml').toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1');
const TEXT = MESSAGE.toString('utf8');

const form = (fields: Record<string, string>): Request => {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  return new Request('http://localhost/', { method: 'POST', body });
};
const urlEncoded = (fields: Record<string, string>): Request =>
  new Request('http://localhost/', { method: 'POST', body: new URLSearchParams(fields) });
const sns = (content: string, encoding: string) => ({
  Type: 'Notification',
  Message: JSON.stringify({
    notificationType: 'Received',
    mail: { source: 'alice@brand.example' },
    receipt: { action: { type: 'SNS', encoding } },
    content,
  }),
});
const MAIL_FROM = { mailFrom: 'alice@brand.example' };

const handed: readonly (readonly [form: string, recipe: string, given: unknown, facts: SmtpFacts])[] = [
  ['Gmail API', 'fromGmail', { id: '1', raw: MESSAGE.toString('base64url') }, {}],
  ['Amazon SES by SNS in Base64', 'fromSns', sns(MESSAGE.toString('base64'), 'BASE64'), MAIL_FROM],
  ['Amazon SES by SNS as text', 'fromSns', sns(TEXT, 'UTF8'), MAIL_FROM],
  ['Postmark', 'fromPostmark', JSON.parse(JSON.stringify({ From: 'alice@brand.example', RawEmail: TEXT })), {}],
  [
    'Mailgun',
    'fromMailgun',
    form({ recipient: 'x@app.example', sender: 'alice@brand.example', 'body-mime': TEXT }),
    MAIL_FROM,
  ],
  [
    'Mailgun without a multipart form',
    'fromMailgun',
    urlEncoded({ sender: 'alice@brand.example', 'body-mime': TEXT }),
    MAIL_FROM,
  ],
  [
    'SendGrid',
    'fromSendGrid',
    form({
      sender_ip: '192.0.2.10',
      envelope: '{"to":["x@app.example"],"from":"alice@brand.example"}',
      email: TEXT,
    }),
    { ...MAIL_FROM, clientIp: '192.0.2.10' },
  ],
  ['Microsoft Graph, Resend and S3', 'fromBody', new Response(MESSAGE), {}],
  [
    'Cloudflare Email Workers',
    'fromCloudflare',
    { from: 'alice@brand.example', raw: new Response(MESSAGE).body },
    MAIL_FROM,
  ],
];

for (const [from, recipe, given, facts] of handed)
  test(`the recipe for ${from} hands on every octet, and DKIM passes`, async () => {
    const read = (await recipes[recipe]?.(given)) as { message: Uint8Array; facts: SmtpFacts };
    assert.deepEqual({ ...read.facts }, facts);
    const client = new MailverdictClient({ baseUrl: service.baseUrl });
    const { dkim, decision } = await client.verify(read.message, read.facts, { require: 'proven' });
    assert.deepEqual(seen.pop(), MESSAGE);
    assert.deepEqual(
      dkim.map(({ result }) => result),
      ['pass', 'pass'],
    );
    assert.equal(decision?.satisfied, true);
  });

/** Header fields as these providers write them on top, newest first. */
const onTop = (text: string): Buffer => Buffer.concat([Buffer.from(text.replace(/\n/g, '\r\n')), MESSAGE]);

const GMAIL = onTop(`Delivered-To: x@app.example
Received: by 2002:a05:6a10:1234:b0:4a1:2b3c:4d5e with SMTP id x1csp123456pxu;
        Mon, 3 Feb 2025 01:00:02 -0800 (PST)
Return-Path: <alice@brand.example>
Received: from mail.brand.example (mail.brand.example. [192.0.2.10])
        by mx.google.com with ESMTPS id 98e67ed59e1d1
        for <x@app.example>
        (version=TLS1_3 cipher=TLS_AES_256_GCM_SHA384 bits=256/256);
        Mon, 03 Feb 2025 01:00:01 -0800 (PST)
Authentication-Results: mx.google.com;
       dkim=pass header.i=@brand.example header.s=rsa header.b=abc;
       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=brand.example
`);
const SES = onTop(`Return-Path: <alice@brand.example>
Received: from mail.brand.example (mail.brand.example [192.0.2.10])
 by inbound-smtp.us-east-1.amazonaws.com with SMTP id o3vrnil0e2ic28
 for x@app.example;
 Mon, 03 Feb 2025 09:00:01 +0000 (UTC)
X-SES-Spam-Verdict: PASS
Authentication-Results: amazonses.com;
 spf=pass client-ip=192.0.2.10; envelope-from=alice@brand.example; helo=mail.brand.example;
 dkim=pass header.i=@brand.example;
 dmarc=pass header.from=brand.example;
`);

for (const [provider, message, trustReceived, id] of [
  ['Gmail', GMAIL, 'mx.google.com', 'mx.google.com'],
  ['Amazon SES', SES, 'inbound-smtp.us-east-1.amazonaws.com', 'amazonses.com'],
] as const)
  test(`the client of a message from ${provider} is found, and its results below that field do not count`, async () => {
    const verdict = await judge(message, {}, { trustReceived, trustedAuthservIds: [id] });
    assert.equal(verdict.smtp.clientIp, '192.0.2.10');
    assert.equal(verdict.spf.result, 'pass');
    assert.deepEqual(verdict.derived?.authenticationResults, []);
  });
