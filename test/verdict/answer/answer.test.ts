/** answerAuthor: the level of every example, who it was else, and whose move it is. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { dkimSign } from 'mailauth';
import { EXAMPLES } from '../../../examples/cases.ts';
import type { AuthorVerdict } from '../../../schemas/author.ts';
import type { Lookup } from '../../../src/dns/lookup.ts';
import { example, exampleLookup, makeVerifier } from '../make-verifier.ts';

const factsOf = (file: string) => EXAMPLES.find((one) => one.file === file)?.smtp ?? {};
const judge = (file: string, settings = {}, lookup: Lookup = exampleLookup) =>
  makeVerifier(settings, lookup)(example(file), factsOf(file));

/** What is expected of an example beside `proven`. */
const others: Readonly<Record<string, readonly [level: AuthorVerdict['level'], actual: string]>> = {
  'unaligned.eml': ['contradicted', 'mailer.example spf,dkim sending-service'],
  'body-changed.eml': ['contradicted', ''],
  'spf-fail.eml': ['contradicted', ''],
  'mailing-list.eml': ['contradicted', 'lists.example spf mailing-list'],
  'two-from.eml': ['unproven', 'notice.example spf,dkim unknown'],
  'unsigned.eml': ['unproven', ''],
  'np-subdomain.eml': ['contradicted', ''],
  'weak-key.eml': ['unproven', ''],
};

for (const { file } of EXAMPLES)
  test(`answerAuthor knows how well the author of ${file} is known, and who it was else`, async () => {
    const { author, ...verdict } = await judge(file);
    const [level, actual] = others[file] ?? ['proven', ''];
    assert.equal(author.level, level);
    assert.equal(author.authenticated, level === 'proven');
    assert.deepEqual(author.actual.map(({ domain, by, relation }) => `${domain} ${by} ${relation}`).join(), actual);
    assert.equal(author.by.length > 0, level === 'proven');
    assert.equal(author.next.length > 0, level !== 'proven', 'somebody has to move unless it is proven');
    assert.match(author.summary, level === 'proven' ? /^Yes: / : /^No: /);
    for (const { domain } of author.actual) assert.ok(author.summary.includes(domain), author.summary);
    for (const { where } of author.by) assert.ok(pathExists({ author, ...verdict }, where), where);
  });

/** True when a path such as "dkim[0]" leads to a member. */
const pathExists = (verdict: object, path: string): boolean =>
  path
    .split(/[.[\]]+/)
    .filter((word) => word !== '')
    .reduce<unknown>((at, word) => (at as Record<string, unknown> | undefined)?.[word], verdict) instanceof Object;

test('a default verdict of every example has less than 5 kB', async () => {
  for (const { file } of EXAMPLES) {
    const octets = Buffer.byteLength(JSON.stringify(await judge(file)));
    assert.ok(octets < 5000, `${file}: ${octets}`);
  }
});

test('alignment tells the identifiers that were compared and the mode when nothing aligns', async () => {
  const { alignment } = (await judge('unaligned.eml')).dmarc.rfc9989;
  const compared = { mode: 'relaxed', aligned: false, domain: null, compared: ['mailer.example'] };
  assert.deepEqual(alignment, { spf: compared, dkim: compared });
});

test('answerAuthor names the setting that would accept a list, and with it the list vouches', async () => {
  const before = await judge('mailing-list.eml', { enforce: true });
  assert.equal(before.author.next[0]?.setting, 'ARC_TRUSTED_SEALERS=lists.example');
  const { author, disposition } = await judge('mailing-list.eml', {
    enforce: true,
    arcTrustedSealers: ['lists.example'],
  });
  assert.equal(author.level, 'vouched');
  assert.equal(disposition.action, 'accept');
  assert.deepEqual(author.by, [
    {
      kind: 'arc',
      domain: 'brand.example',
      by: 'lists.example',
      at: '2025-02-03T09:00:30.000Z',
      where: 'arc.instances[0]',
    },
  ]);
  assert.match(author.summary, /^Yes, on the word of others: lists\.example, whose ARC seals are trusted here/);
});

test('answerAuthor says of a message that the operator allowed that it is accepted all the same', async () => {
  const { author, disposition } = await judge('spf-fail.eml', { enforce: true, allowNetworks: ['198.51.100.200'] });
  assert.equal(disposition.action, 'accept');
  assert.equal(author.level, 'contradicted');
  assert.match(
    author.summary,
    /^No: .* accepted here all the same: the client 198\.51\.100\.200 is in the allowed network/,
  );
});

test('answerAuthor does not know what a failure of DNS kept from being checked', async () => {
  const failing: Lookup = async (question, deadlineMs) =>
    question.name.includes('_domainkey')
      ? { kind: 'failure', failure: 'servfail', source: 'network', rcode: 2 }
      : exampleLookup(question, deadlineMs);
  const { author } = await makeVerifier({}, failing)(example('forwarded.eml'), factsOf('forwarded.eml'));
  assert.equal(author.level, 'unknown');
  assert.equal(author.authenticated, null);
  assert.deepEqual(
    author.next.map(({ who }) => who),
    ['receiver'],
  );
});

test('answerAuthor names five who are proven, and alignment ten that were compared', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const key = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');
  const domains = Array.from({ length: 12 }, (_, at) => `s${at}.example`);
  const message = 'From: a@brand.example\r\nSubject: x\r\n\r\nHi\r\n';
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const keys = domains.map((signingDomain) => ({ signingDomain, selector: 's', privateKey: pem }));
  const [first] = keys;
  assert.ok(first);
  const { signatures } = await dkimSign(message, { ...first, signatureData: keys });
  const overlay = domains.map((domain) => ({
    name: `s._domainkey.${domain}`,
    type: 'TXT' as const,
    records: [`v=DKIM1; k=ed25519; p=${key}`],
  }));
  const verdict = await makeVerifier({ maxSignatures: 20 })(Buffer.from(`${signatures}${message}`), {}, { overlay });
  assert.equal(verdict.dkim.filter(({ result }) => result === 'pass').length, domains.length);
  assert.equal(verdict.author.actual.length, 5);
  assert.equal(verdict.dmarc.rfc9989.alignment.dkim.compared.length, 10);
});

test('answerAuthor tells the owner of a strict record which domain to use', async () => {
  const { author } = await makeVerifier()(
    Buffer.from('From: a@brand.example\r\n\r\n'),
    { clientIp: '192.0.2.10', helo: 'x.example', mailFrom: 'a@mail.brand.example' },
    { overlay: [{ name: '_dmarc.brand.example', type: 'TXT', records: ['v=DMARC1; p=reject; aspf=s'] }] },
  );
  assert.equal(author.level, 'contradicted');
  assert.deepEqual(author.actual, [{ domain: 'mail.brand.example', by: ['spf'], relation: 'same-organization' }]);
  assert.match(author.next.find(({ who }) => who === 'domain-owner')?.text ?? '', /alignment is strict/);
});
