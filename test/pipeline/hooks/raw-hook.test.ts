/** The raw hook: the same decision as behind the milter, for octets and facts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RawHookResponse } from '../../../schemas/requests/hooks.ts';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import { makeDisposition, makeVerdict } from '../make-verdict.ts';
import { makeHooks, OCTETS } from './make-hooks.ts';

test('createRawHook tells what to do with a message, with its verdict', async () => {
  const { raw, judged } = makeHooks({}, makeVerdict({ disposition: makeDisposition('reject') }));
  const facts: SmtpFacts = { clientIp: '192.0.2.10', rcptTo: ['bob@rcpt.example'] };
  const response = RawHookResponse.parse(await raw(Buffer.from(OCTETS), facts));
  assert.deepEqual(
    [response.action, response.smtpReply?.code, response.verdict?.dmarc.result, response.removeHeaders],
    ['reject', 550, 'pass', [{ name: 'Authentication-Results', occurrence: 1 }]],
  );
  assert.deepEqual(judged, [{ octets: OCTETS, facts }]);
});

test('createRawHook removes fields that bear the authserv-id of the request', async () => {
  const { raw } = makeHooks();
  const { removeHeaders } = await raw(Buffer.from('Authentication-Results: other.example; none\r\n\r\n'), {
    receiver: 'other.example',
  });
  assert.equal(removeHeaders.length, 1);
});
