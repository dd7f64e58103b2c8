/**
 * Runs published SPF suites through check_host(): `node test/spf/suites.ts --suites <directory>`.
 * The suites are data outside this repository, one JSON object a line; the form of a case is
 * described beside them. Ends with status 1 when a case fails that is not listed, or a listed one
 * passes.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkHost } from '../../src/spf/check-host.ts';
import { type MemoryZone, memoryLookup } from './memory-zone.ts';

type Case = {
  readonly id: string;
  readonly smtp: { readonly clientIp: string; readonly helo: string; readonly mailFrom: string };
  readonly zone: MemoryZone;
  readonly expect: { readonly spf: readonly string[]; readonly explanation?: string | null };
};

/** Cases whose expectation differs from RFC 7208, with the reason. */
const DISPUTED: Readonly<Record<string, string>> = {
  'Macro expansion rules / v-macro-ip6':
    'asks for upper-case hexadecimal digits; the example in RFC 7208 section 7.4 has lower-case ones, and DNS does not tell them apart',
  'corner cases / default-modifier': '"default=" is an unknown modifier and has no effect (RFC 7208 section 6)',
  'corner cases / default-modifier-harsh':
    'expects a result that RFC 7208 section 2.6 does not have, for a modifier that it does not define',
};

const FILES = ['spf-rfc7208.jsonl', 'spf-pyspf-corner-cases.jsonl'];

const run = async (one: Case, whole: boolean): Promise<string | null> => {
  const { clientIp, helo, mailFrom } = one.smtp;
  const sender = mailFrom === '' ? helo : mailFrom;
  const checked = await checkHost(
    { ip: clientIp, domain: sender.slice(sender.lastIndexOf('@') + 1), sender, helo, receiver: 'mx.receiver.example' },
    { lookup: memoryLookup(one.zone), deadlineMs: Number.POSITIVE_INFINITY, whole },
  );
  if (!one.expect.spf.includes(checked.result))
    return `${checked.result} (${checked.reason}), not ${one.expect.spf.join(' or ')}`;
  const { explanation } = one.expect;
  if (explanation === undefined || checked.explanation === explanation) return null;
  return `explanation ${JSON.stringify(checked.explanation)}, not ${JSON.stringify(explanation)}`;
};

const at = process.argv.indexOf('--suites');
const directory = at < 0 ? undefined : process.argv[at + 1];
if (directory === undefined) {
  console.error('usage: node test/spf/suites.ts --suites <directory>');
  process.exit(2);
}
let bad = 0;
for (const file of FILES) {
  const cases = readFileSync(join(directory, file), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line): Case => JSON.parse(line));
  let passed = 0;
  for (const one of cases) {
    const [failure, withTree] = [await run(one, false), await run(one, true)];
    const reason = DISPUTED[one.id];
    if (failure !== withTree)
      console.log(`FAIL ${one.id}: the whole tree changes the result: ${withTree ?? 'as expected'}`);
    if (failure !== null && reason === undefined) console.log(`FAIL ${one.id}: ${failure}`);
    if (failure !== null && reason !== undefined) console.log(`disputed ${one.id}: ${reason}`);
    if (failure === null && reason !== undefined) console.log(`FAIL ${one.id}: is listed as disputed but passes`);
    if ((failure === null) === (reason === undefined) && failure === withTree) passed += failure === null ? 1 : 0;
    else bad += 1;
  }
  console.log(`${file}: ${passed} of ${cases.length} pass`);
}
process.exitCode = bad === 0 ? 0 : 1;
