/**
 * The package offers what package.json says: each entry exists, and a program can judge a message
 * with the first of them.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Config, createLog, createMailverdict } from '../../src/index.ts';
import { example } from '../verdict/make-verifier.ts';

const ROOT = new URL('../../', import.meta.url);

test('package.json names entries whose sources exist', () => {
  const { exports, bin } = JSON.parse(readFileSync(new URL('package.json', ROOT), 'utf8')) as {
    exports: Record<string, string | { default: string }>;
    bin: Record<string, string>;
  };
  const entries = [
    ...Object.values(exports).map((entry) => (typeof entry === 'string' ? entry : entry.default)),
    ...Object.values(bin),
  ];
  for (const entry of entries) {
    const source = entry.replace(/^(?:\.\/)?dist\//, '').replace(/\.js$/, '.ts');
    assert.ok(existsSync(new URL(source, ROOT)), entry);
  }
});

test('createMailverdict gives a program a verifier from settings alone', async () => {
  const config = Config.parse({
    dnsServers: '127.0.0.1:9',
    dnsZone: new URL('examples/zone.txt', ROOT).pathname,
    authservId: 'mx.program.example',
  });
  const parts = createMailverdict(config, createLog('silent'));
  try {
    const verdict = await parts.verify(example('ed25519.eml'), {});
    assert.equal(verdict.dmarc.result, 'pass');
    assert.equal(verdict.author.authenticated, true);
  } finally {
    parts.resolver.close();
  }
});
