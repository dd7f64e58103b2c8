/**
 * The header fields of a verdict: nothing from a message breaks out, and the order is fixed (RFC
 * 8601, RFC 7208 section 9.1).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  writeAuthenticationResults,
  writeLoginResults,
  writeReceivedSpf,
} from '../../src/verdict/authentication-results.ts';
import { example, makeVerifier } from './make-verifier.ts';

test('writeLoginResults writes a token, an address or a quoted string, and leaves out what it cannot tell (RFC 8601 section 2.2)', () => {
  const cases: [value: string, written: string | null][] = [
    ['brand.example', 'brand.example'],
    ['@brand.example', '@brand.example'],
    ['alice@brand.example', 'alice@brand.example'],
    ['a b@brand.example', '"a b@brand.example"'],
    ['x"; dkim=pass header.d="bank.example', '"x\\"; dkim=pass header.d=\\"bank.example"'],
    ['back\\slash', '"back\\\\slash"'],
    ['2001:db8::1', '"2001:db8::1"'],
    ['a/b+c==', '"a/b+c=="'],
    ['', null],
    ['a\r\nX-Evil: 1', null],
    ['a\u2028b', null],
    ['x'.repeat(256), null],
  ];
  for (const [value, written] of cases) {
    const field = writeLoginResults('mx', { auth: { identity: value }, protocol: 'UTF8SMTPA' });
    const property = written === null ? '' : ` smtp.auth=${written}`;
    assert.equal(field, `Authentication-Results: mx; auth=pass${property}`);
  }
});

test('writeAuthenticationResults keeps the order spf, dkim, arc, dmarc, bimi, iprev, auth, with MAIL FROM before HELO', async () => {
  const smtp = {
    clientIp: '192.0.2.10',
    helo: 'mail.brand.example',
    mailFrom: 'alice@brand.example',
    auth: { identity: 'alice; x=y' },
  };
  const verdict = await makeVerifier()(example('aligned.eml'), smtp);
  const methods = [...verdict.headers.authenticationResults.matchAll(/^ ([a-z]+)=/gm)].map((match) => match[1]);
  assert.deepEqual(methods, ['spf', 'spf', 'dkim', 'dkim', 'arc', 'dmarc', 'bimi', 'iprev', 'auth']);
  assert.match(
    verdict.headers.authenticationResults,
    /spf=pass smtp\.mailfrom=brand\.example;\r\n spf=pass smtp\.helo=mail\.brand\.example/,
  );
  assert.match(verdict.headers.authenticationResults, /auth=pass smtp\.auth="alice; x=y"$/);
});

test('writeAuthenticationResults never ends in a semicolon and never folds a word', async () => {
  const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.${'c'.repeat(60)}.example`;
  const verdict = await makeVerifier()(Buffer.from(`From: x@${long}\r\n\r\n`), {
    clientIp: '192.0.2.1',
    helo: long,
    mailFrom: `x@${long}`,
  });
  const text = writeAuthenticationResults('mx.receiver.example', verdict);
  assert.doesNotMatch(text, /;$/);
  assert.ok(text.includes(`header.from=${long}`));
});

test('writeReceivedSpf tells the identity that counts, with values that cannot end the field (RFC 7208 section 9.1)', async () => {
  const smtp = { clientIp: '192.0.2.10', helo: 'mail.brand.example', mailFrom: '"a;b"@brand.example' };
  const { headers } = await makeVerifier()(example('aligned.eml'), smtp);
  const text = (headers.receivedSpf ?? '').replaceAll('\r\n ', ' ');
  assert.match(
    text,
    /^Received-SPF: pass \(brand\.example permits 192\.0\.2\.10\) client-ip=192\.0\.2\.10; envelope-from="\\"a;b\\"@brand\.example"; helo=mail\.brand\.example; receiver=mx\.receiver\.example; identity=mailfrom$/,
  );
  assert.equal(writeReceivedSpf('mx.example', null, {}), null);
});

test('header fields tell UTF-8 only in a message that may hold it, and never another identity (RFC 6531, RFC 8616)', async () => {
  const smtp = {
    clientIp: '192.0.2.10',
    helo: 'mail.brand.example',
    mailFrom: 'jürgen@münchen.example',
    auth: { identity: 'jürgen' },
  };
  const fieldsOf = async (protocol?: string) => {
    const { headers } = await makeVerifier()(example('aligned.eml'), { ...smtp, ...(protocol && { protocol }) });
    return `${headers.authenticationResults}\r\n${headers.receivedSpf}`;
  };
  for (const protocol of [undefined, 'ESMTPSA']) {
    const ascii = await fieldsOf(protocol);
    assert.match(ascii, /^[\0-\x7f]*$/);
    assert.match(ascii, /smtp\.mailfrom=xn--mnchen-3ya\.example/);
    assert.doesNotMatch(ascii, /envelope-from|smtp\.auth|\?rgen|gen@/);
    assert.match(ascii, /auth=pass/);
  }
  const utf8 = await fieldsOf('UTF8SMTPSA');
  assert.match(utf8, /smtp\.auth="jürgen"/);
  assert.match(utf8, /envelope-from="jürgen@münchen\.example"/);
});
