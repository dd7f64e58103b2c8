/** What is odd in From: each fault and each remark is a finding with its place and its rule. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ADDRESS_FAULTS, ADDRESS_REMARKS } from '../../../src/message/address/grammar.ts';
import { makeVerifier } from '../make-verifier.ts';

const verify = makeVerifier();
const findingsOf = async (...bodies: string[]) => {
  const head = bodies.map((body) => `From: ${body}\r\n`).join('');
  return (await verify(Buffer.from(`${head}Subject: x\r\n\r\nx\r\n`), {})).findings;
};

test('verify finds the fault of a From that cannot be read, with its octet and its section', async () => {
  const findings = await findingsOf('<x@quiet.example> <alice@brand.example>');
  const fault = findings.find(({ code }) => code === 'from-angle-opened-twice');
  assert.equal(fault?.severity, 'error');
  assert.equal(fault.section, ADDRESS_FAULTS['angle-opened-twice'].section);
  assert.equal(fault.field, 'message.from');
  assert.match(fault.message, /octet 18: an angle bracket is opened twice/);
  assert.ok(findings.some(({ code }) => code === 'no-author-domain'));
});

test('verify finds a form that readers differ over in a From that it can read', async () => {
  const findings = await findingsOf('<@quiet.example:alice@brand.example>');
  const remark = findings.find(({ code }) => code === 'from-obsolete-route');
  assert.equal(remark?.severity, 'info');
  assert.equal(remark.section, ADDRESS_REMARKS['obsolete-route'].section);
  assert.match(remark.message, /octet 1: a route/);
  assert.ok(!findings.some(({ code }) => code === 'no-author-domain'));
});

test('verify finds each fault once, and says in which From field it is', async () => {
  const findings = await findingsOf('alice@brand.example', 'a@b..example, c@d..example');
  const dots = findings.filter(({ code }) => code === 'from-misplaced-dot');
  assert.deepEqual(
    dots.map(({ message }) => message),
    ['From field 2, octet 0: a dot is where none may be'],
  );
});

const comments: [body: string, codes: string[]][] = [
  ['alice@brand.example (alice@brand.example)', ['from-at-sign-in-comment']],
  ['alice@brand.example (x@quiet.example)', ['from-at-sign-in-comment', 'display-name-domain']],
  ['(x@quiet.example), alice@brand.example', ['from-at-sign-in-comment', 'display-name-domain']],
  ['G (x@quiet.example): alice@brand.example;', ['from-at-sign-in-comment', 'display-name-domain']],
  ['alice@brand.example, x@other.example (x@quiet.example)', ['from-at-sign-in-comment']],
  ['alice@brand.example (Alice)', []],
];
for (const [body, codes] of comments)
  test(`verify finds ${codes.join(' and ') || 'nothing'} for the comment in ${body}`, async () => {
    const told = (await findingsOf(body)).map(({ code }) => code);
    const looked = ['from-at-sign-in-comment', 'display-name-domain'];
    assert.deepEqual(
      looked.filter((code) => told.includes(code)),
      codes,
    );
  });

test('verify has nothing to say of a plain From', async () => {
  const findings = await findingsOf('Alice Smith <alice@brand.example>');
  assert.deepEqual(
    findings.filter(({ code }) => code.startsWith('from-')),
    [],
  );
});
