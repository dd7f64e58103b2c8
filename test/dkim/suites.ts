/**
 * Drives the public DKIM and ARC suites, which live outside the repository, through the room's
 * door: `node test/dkim/suites.ts --suites <folder>`. Exits 1 when an unlisted case differs or a
 * listed one agrees.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { ServerFailure } from '../../src/dns/failure.ts';
import type { KeyZone } from './key-zone.ts';
import { SUITE_DEVIATIONS } from './suite-deviations.ts';
import { verifyBytes } from './verify-bytes.ts';

type Case = {
  id: string;
  message: string;
  now?: number | string;
  minimumRsaBits?: number;
  zone: Record<string, { TXT?: (string | string[])[]; ERROR?: Record<string, string> }>;
  expect: { dkim?: string[][]; arc?: string[]; dkimAt?: { index: number; pass: boolean }; noDkimPass?: boolean };
};

const FAILURES: Record<string, ServerFailure> = { TIMEOUT: 'timeout', SERVFAIL: 'servfail', EBADRESP: 'badresp' };

const toZone = (zone: Case['zone']): KeyZone => {
  const entries = Object.entries(zone).map(([name, sets]) => {
    const error = sets.ERROR?.TXT ?? sets.ERROR?.['*'];
    if (error !== undefined) return [name.toLowerCase(), { failure: FAILURES[error] ?? 'rcode' }] as const;
    const texts = (sets.TXT ?? []).map((strings) => (typeof strings === 'string' ? strings : strings.join('')));
    return [name.toLowerCase(), texts] as const;
  });
  return Object.fromEntries(entries);
};

/** What differs from the suite's expectation, or null. */
const differenceOf = async (one: Case): Promise<string | null> => {
  const nowSeconds = one.now === undefined ? Date.now() / 1000 : new Date(one.now).getTime() / 1000;
  const settings = { minRsaBits: one.minimumRsaBits ?? 1024, maxSignatures: 100 };
  const { signatures, arc } = await verifyBytes(Buffer.from(one.message, 'base64'), toZone(one.zone), {
    nowSeconds,
    settings,
  });
  const words = signatures.map(({ result }) => result);
  const { dkim, dkimAt, noDkimPass } = one.expect;
  const reasons = signatures.map(({ reason }) => reason).join(' | ');
  if (one.expect.arc !== undefined && !one.expect.arc.includes(arc.result)) return `arc ${arc.result}: ${arc.reason}`;
  const told = `dkim ${words.join(' ')}: ${reasons}`;
  if (
    dkim !== undefined &&
    (dkim.length !== words.length || !dkim.every((allowed, at) => allowed.includes(words[at] ?? '')))
  ) {
    return told;
  }
  if (dkimAt !== undefined && (words[dkimAt.index] === 'pass') !== dkimAt.pass) return told;
  return noDkimPass && words.includes('pass') ? told : null;
};

const { values } = parseArgs({ options: { suites: { type: 'string' } } });
if (values.suites === undefined) {
  console.error('usage: node test/dkim/suites.ts --suites <folder>');
  process.exit(64);
}
for (const suite of ['dkim-chasquid', 'dkim-dkimpy', 'arc-validation']) {
  const listed = SUITE_DEVIATIONS[suite] ?? {};
  let agreed = 0;
  let total = 0;
  for (const line of readFileSync(join(values.suites, `${suite}.jsonl`), 'utf8').split('\n')) {
    if (line === '') continue;
    const one: Case = JSON.parse(line);
    total++;
    const difference = await differenceOf(one);
    if (difference === null) agreed++;
    if ((difference !== null) !== one.id in listed) {
      console.log(`${suite} ${one.id}: ${difference ?? 'agrees, though it is listed as a deviation'}`);
      process.exitCode = 1;
    }
  }
  console.log(`${suite}: ${agreed} of ${total} agree, ${Object.keys(listed).length} deviations listed`);
}
