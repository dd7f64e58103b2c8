import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SmtpFacts } from '../../schemas/smtp.ts';
import { readTransport } from '../../src/verdict/transport.ts';

test('transport is read from what the facts say and from nothing else', () => {
  const cases: [SmtpFacts, string, boolean | null][] = [
    [{}, 'unknown', null],
    [{ protocol: 'ESMTP' }, 'none', false],
    [{ protocol: 'ESMTPS' }, 'opportunistic', false],
    [{ protocol: 'ESMTPSA' }, 'opportunistic', true],
    [{ protocol: 'UTF8SMTPSA' }, 'opportunistic', true],
    [{ tls: { version: 'TLSv1.3', mode: 'starttls' } }, 'opportunistic', null],
    [{ tls: { mode: 'implicit' } }, 'forced', null],
    [{ auth: { identity: 'alice' } }, 'unknown', true],
  ];
  for (const [facts, encryption, authenticated] of cases) {
    const transport = readTransport(facts);
    assert.deepEqual(
      [transport.encryption, transport.authenticated],
      [encryption, authenticated],
      JSON.stringify(facts),
    );
  }
});
