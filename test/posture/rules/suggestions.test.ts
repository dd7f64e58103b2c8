import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OverlayRecord } from '../../../schemas/dns.ts';
import type { PostureFinding, Suggestion } from '../../../schemas/posture/posture.ts';
import { parseDkimKey } from '../../../src/records/dkim-key.ts';
import { parseDmarc } from '../../../src/records/dmarc.ts';
import { parseMtaSts } from '../../../src/records/mta-sts.ts';
import { parseSpf } from '../../../src/records/spf.ts';
import { parseTlsRpt } from '../../../src/records/tls-rpt.ts';
import { CASES } from '../cases.ts';
import { assessIn } from '../world.ts';

const PARSERS: readonly (readonly [RegExp, (text: string) => { kind: string }, string])[] = [
  [/^v=spf1/, parseSpf, 'record'],
  [/^v=DMARC1/, parseDmarc, 'record'],
  [/^v=TLSRPTv1/, parseTlsRpt, 'record'],
  [/^v=STSv1/, parseMtaSts, 'record'],
  [/p=[A-Za-z0-9+/]{20}/, parseDkimKey, 'key'],
];

const toOverlay = ({ name, type, records }: Suggestion): OverlayRecord => ({ name, type, records: [...records] });
const same = (one: PostureFinding) => (other: PostureFinding) =>
  one.code === other.code && one.message === other.message;

/**
 * Codes whose record a rule can write in the cases at hand; a code that falls out of this list has
 * lost its suggestion.
 */
const SUGGESTING = [
  'dkim-testing',
  'dmarc-fault',
  'dmarc-invalid',
  'dmarc-missing',
  'dmarc-no-reports',
  'dmarc-np-open',
  'dmarc-policy-none',
  'dmarc-policy-quarantine',
  'dmarc-removed-tag',
  'dmarc-report-unauthorized',
  'dmarc-several',
  'dmarc-subdomains-weaker',
  'dmarc-testing',
  'dmarc-unknown-tag',
  'mta-sts-invalid',
  'mx-cname',
  'mx-dangling',
  'mx-implicit',
  'mx-invalid-name',
  'mx-not-public',
  'mx-null-beside-others',
  'no-mail-null-mx',
  'no-mail-policy-open',
  'null-mx-spf-open',
  'spf-broken-include',
  'spf-dead-include',
  'spf-duplicate',
  'spf-include-passes-all',
  'spf-loop',
  'spf-missing',
  'spf-mx-limit',
  'spf-neutral-all',
  'spf-no-all',
  'spf-pass-all',
  'spf-ptr',
  'spf-several',
  'spf-syntax',
  'spf-unreachable',
  'spf-void-limit',
  'spf-void-term',
  'tls-rpt-invalid',
  'tls-rpt-missing',
];

test('a suggestion parses, keeps the other records of its name, and published makes its finding go', async () => {
  const suggesting = new Set<string>();
  for (const { title, world, domain = 'brand.example', options = {} } of CASES) {
    const today = await assessIn(world, domain, options);
    for (const finding of today.findings) {
      const { suggestion, code } = finding;
      if (suggestion === undefined) continue;
      suggesting.add(code);
      for (const record of suggestion.records) {
        if (typeof record !== 'string') continue;
        const parser = PARSERS.find(([pattern]) => pattern.test(record));
        if (parser === undefined)
          assert.ok(!suggestion.replaces.includes(record), `${title}: ${code} replaces ${record}`);
        else assert.equal(parser[1](record).kind, parser[2], `${title}: ${code} suggests ${record}`);
      }
      const standing = world[`${suggestion.name} ${suggestion.type}`];
      if (Array.isArray(standing) && suggestion.type === 'TXT')
        for (const text of standing)
          assert.ok(
            suggestion.records.includes(text) || suggestion.replaces.includes(text),
            `${title}: ${code} loses ${text}`,
          );
      const after = await assessIn(world, domain, { ...options, overlay: [toOverlay(suggestion)] });
      assert.ok(
        !after.findings.some(same(finding)),
        `${title}: ${code} stays with ${JSON.stringify(suggestion.records)}`,
      );
    }
  }
  assert.deepEqual([...suggesting].toSorted(), SUGGESTING);
});
