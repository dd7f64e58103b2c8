/** Requests of the Postfix policy protocol: any split of the stream, limits, facts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SmtpFacts } from '../../../schemas/smtp.ts';
import { createMemory } from '../../../src/message/memory.ts';
import {
  createPolicyReader,
  factsOfRequest,
  hasEnvelope,
  type PolicyRequest,
} from '../../../src/pipeline/policy/request.ts';

type PolicyFault = Extract<ReturnType<ReturnType<typeof createPolicyReader>['next']>, string>;

const readAll = (chunks: Buffer[]): (PolicyRequest | PolicyFault)[] => {
  const reader = createPolicyReader(createMemory(1_000_000));
  const read: (PolicyRequest | PolicyFault)[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let next = reader.next(); next !== undefined; next = reader.next()) {
      read.push(next);
      if (typeof next === 'string') return read;
    }
  }
  return read;
};

const REQUEST =
  'request=smtpd_access_policy\nprotocol_state=RCPT\nsender=a=b@sender.example\nqueue_id=\nunknown_one=x\n\n';

test('createPolicyReader gives the same requests byte by byte and glued together', () => {
  const stream = Buffer.from(REQUEST.repeat(2));
  const whole = readAll([stream]);
  assert.equal(whole.length, 2);
  assert.deepEqual(readAll([...stream].map((octet) => Buffer.from([octet]))), whole);
  const [first] = whole;
  assert.equal(typeof first === 'object' && first.get('sender'), 'a=b@sender.example');
});

for (const [title, text, fault] of [
  ['more octets than allowed without an end', `a=${'x'.repeat(66_000)}`, 'request-too-large'],
  ['more octets than allowed', `a=${'x'.repeat(66_000)}\n\n`, 'request-too-large'],
  ['more lines than allowed', `${'a=b\n'.repeat(201)}\n`, 'malformed-request'],
  ['a line without an equals sign', 'EHLO x\n\n', 'malformed-request'],
  ['an empty request', '\n\n', 'malformed-request'],
] as const) {
  test(`createPolicyReader ends at ${title}`, () => assert.deepEqual(readAll([Buffer.from(text)]), [fault]));
}

test('createPolicyReader never throws on random octets', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (octets) => void readAll([Buffer.from(octets)])));
});

const requestOf = (attributes: Record<string, string>): PolicyRequest => new Map(Object.entries(attributes));

test('factsOfRequest tells what Postfix tells, and nothing of what is empty or unknown', () => {
  const facts = factsOfRequest(
    requestOf({
      client_address: '2001:db8::1',
      client_name: 'unknown',
      helo_name: 'mail.sender.example',
      sender: '',
      recipient: 'bob@rcpt.example',
      sasl_username: '',
      queue_id: 'Q1',
    }),
    'mx.rcpt.example',
  );
  assert.deepEqual(facts, {
    clientIp: '2001:db8::1',
    helo: 'mail.sender.example',
    mailFrom: '',
    rcptTo: ['bob@rcpt.example'],
    queueId: 'Q1',
    receiver: 'mx.rcpt.example',
  });
});

test('factsOfRequest makes facts that fit their schema, whatever comes', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 1200 }), (value) => {
      const names = [
        'client_address',
        'client_name',
        'helo_name',
        'sender',
        'recipient',
        'sasl_username',
        'sasl_method',
        'queue_id',
      ];
      const [request] = readAll([
        Buffer.from(`${names.map((name) => `${name}=${value.replaceAll('\n', '')}`).join('\n')}\n\n`),
      ]);
      if (typeof request !== 'object') throw new Error(String(request));
      assert.equal(SmtpFacts.safeParse(factsOfRequest(request, 'mx')).error, undefined);
    }),
  );
});

test('hasEnvelope knows the stages that have one', () => {
  const at = (state: string) => hasEnvelope(requestOf({ request: 'smtpd_access_policy', protocol_state: state }));
  assert.deepEqual(['CONNECT', 'EHLO', 'MAIL', 'RCPT', 'DATA', 'END-OF-MESSAGE', 'ETRN'].map(at), [
    false,
    false,
    true,
    true,
    true,
    true,
    false,
  ]);
  assert.equal(hasEnvelope(requestOf({ request: 'something_else', protocol_state: 'RCPT' })), false);
});

test('factsOfRequest tells an identity exactly or not at all', () => {
  const octets = Buffer.concat([
    Buffer.from('request=smtpd_access_policy\nsender=jürgen@münchen.example\nhelo_name=b'),
    Buffer.from([0xfc]),
    Buffer.from('cher.example\nsasl_username=a\x01b\n\n'),
  ]);
  const [request] = readAll([octets]);
  assert.deepEqual(factsOfRequest(request as PolicyRequest, 'mx.rcpt.example'), {
    mailFrom: 'jürgen@münchen.example',
    auth: {},
    receiver: 'mx.rcpt.example',
  });
});
