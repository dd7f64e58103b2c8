/** The line of a verdict in the log stays short, whatever a message bears. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logFields } from '../../src/verdict/summary.ts';
import { example, makeVerifier } from '../verdict/make-verifier.ts';

const lineOf = async (signatures: number): Promise<{ dkim: string[]; dkimMore?: number }> => {
  const field = 'DKIM-Signature: v=1; a=rsa-sha256; d=junk.example; s=s; h=from; bh=AAAA; b=AAAA\r\n';
  const bytes = Buffer.concat([Buffer.from(field.repeat(signatures)), example('unsigned.eml')]);
  return logFields(await makeVerifier()(bytes, {})) as { dkim: string[]; dkimMore?: number };
};

test('logFields tells ten signatures, and of more how many', async () => {
  const ten = await lineOf(10);
  assert.deepEqual([ten.dkim.length, ten.dkimMore], [10, undefined]);
  const thousand = await lineOf(1000);
  assert.deepEqual([thousand.dkim.length, thousand.dkimMore], [10, 990]);
  assert.ok(JSON.stringify(thousand).length < 2_000);
});
