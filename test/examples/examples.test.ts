/**
 * The example messages: made again they are the same bytes, and the verifying library alone already
 * says of each what the table says.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { authenticate } from 'mailauth';
import { EXAMPLES } from '../../examples/cases.ts';
import { KEYS } from '../../examples/keys.ts';
import { makeExamples } from '../../examples/make.ts';
import type { RecordType } from '../../schemas/dns.ts';
import type { Answer } from '../../src/dns/lookup.ts';
import { parseZone, zoneLookup } from '../../src/dns/zone/zone.ts';
import { DEFAULT_MESSAGE_LIMITS, readMessage } from '../../src/message/message.ts';

const FOLDER = join(import.meta.dirname, '../../examples');
const KEYS_FOLDER = join(FOLDER, 'keys');
const GENERATED = [...EXAMPLES.map((example) => example.file), 'zone.txt', 'README.md'];

const nothingElse = async (): Promise<Answer> => ({
  kind: 'nxdomain',
  source: 'local',
  ttlSeconds: 0,
  authenticated: false,
});

function zone() {
  const parsed = parseZone(readFileSync(join(FOLDER, 'zone.txt'), 'utf8'), 'zone.txt');
  assert.deepEqual(parsed.ok ? [] : parsed.errors, []);
  if (!parsed.ok) throw new Error('zone.txt does not parse');
  return zoneLookup(parsed.zone, nothingElse);
}

/**
 * The resolver that mailauth expects: rows for records, an error with a code for a name or a type
 * that is not there.
 */
async function resolver(name: string, type: string): Promise<string[][] | string[]> {
  const answer = await zone()({ name, type: type as RecordType }, Number.POSITIVE_INFINITY);
  if (answer.kind === 'records') return answer.records as string[][] | string[];
  throw Object.assign(new Error(answer.kind), { code: answer.kind === 'nodata' ? 'ENODATA' : 'ENOTFOUND' });
}

test('makeExamples writes the same bytes that the repository holds', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'examples-'));
  try {
    await makeExamples(folder, KEYS_FOLDER);
    assert.deepEqual(readdirSync(folder).sort(), [...GENERATED].sort());
    for (const file of GENERATED)
      assert.ok(
        readFileSync(join(folder, file)).equals(readFileSync(join(FOLDER, file))),
        `${file} differs: run "npm run examples"`,
      );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('makeExamples makes the keys that are missing, so that all can be made anew', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'examples-'));
  try {
    await makeExamples(folder, join(folder, 'keys'));
    assert.equal(readdirSync(join(folder, 'keys')).length, Object.keys(KEYS).length);
    assert.notDeepEqual(readFileSync(join(folder, 'aligned.eml')), readFileSync(join(FOLDER, 'aligned.eml')));
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('EXAMPLES names every message in the folder once, and every one of them has CRLF line ends', () => {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.eml'));
  assert.deepEqual(EXAMPLES.map((example) => example.file).sort(), files.sort());
  for (const file of files) {
    const message = readMessage(readFileSync(join(FOLDER, file)), DEFAULT_MESSAGE_LIMITS);
    assert.equal(message.kind, 'message');
    if (message.kind !== 'message') continue;
    assert.deepEqual([message.lineEnds.bareLf, message.lineEnds.bareCr, message.hasBlankLine], [0, 0, true]);
    assert.ok(message.fields.every((field) => field.wellFormed));
  }
});

test('KEYS are all marked as keys that protect nothing', () => {
  for (const file of readdirSync(KEYS_FOLDER))
    assert.match(
      readFileSync(join(KEYS_FOLDER, file), 'utf8'),
      /^EXAMPLE KEY - published in this repository, protects nothing\n/,
    );
});

for (const { file, smtp, expect } of EXAMPLES) {
  test(`${file} is what the table says of it`, async () => {
    const { spf, dkim, arc, dmarc } = await authenticate(readFileSync(join(FOLDER, file)), {
      ip: smtp.clientIp ?? '',
      helo: smtp.helo ?? '',
      sender: smtp.mailFrom ?? '',
      mta: 'mx.receiver.example',
      strict: true,
      disableBimi: true,
      resolver,
    });
    assert.deepEqual(
      {
        spf: spf === false ? 'none' : spf?.status.result,
        dkim: dkim.results.map((signature) => signature.status.result).filter((result) => result !== 'none'),
        arc: arc === false ? 'none' : arc?.status.result,
        // mailauth gives no DMARC result without exactly one Author Domain, which the verdict calls
        // permerror.
        dmarc: dmarc === false ? 'permerror' : dmarc?.status.result,
        policy: dmarc === false || dmarc?.status.result === 'none' ? null : dmarc?.policy,
      },
      expect,
    );
  });
}
