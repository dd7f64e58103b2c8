/**
 * Mutated messages through the verifier: `node test/long/mutated-messages.ts --count 1000000 --seed
 * 1`. Every message must get a verdict of the schema and no exception, and no mutation may make a
 * pass: a message that passes is one whose base passes for the same Author Domain, with the same
 * From and the same body, or with a finding that names what the signature does not cover. Prints
 * each violation with its seed and ends with 1 when there is one. DNS is a table in memory.
 */
import { parseArgs } from 'node:util';
import { Verdict } from '../../schemas/verdict.ts';
import type { Lookup } from '../../src/dns/lookup.ts';
import { type KeyZone, keyLookup } from '../dkim/key-zone.ts';
import { BASE_ZONE, createRandom, makeBases, mutate, type Random } from '../dkim/mutate.ts';
import { makeVerifier } from '../verdict/make-verifier.ts';

/** What one run found. */
export type MutationReport = {
  readonly count: number;
  readonly pass: number;
  readonly violations: readonly { readonly seed: number; readonly what: string }[];
};

/** The moment at which the base messages are valid, in milliseconds. */
const NOW_MS = 1_767_225_600_000;
/** The sender whose SPF passes; its mail is aligned with no base message. */
const OTHER = { clientIp: '192.0.2.10', helo: 'mail.other.example', mailFrom: 'bounce@other.example' };
const FACTS = [{}, OTHER, { clientIp: '198.51.100.7', helo: 'host.stranger.example', mailFrom: 'alice@brand.example' }];
const POLICIES: KeyZone = {
  'brand.example': ['v=spf1 -all'],
  'other.example': ['v=spf1 ip4:192.0.2.10 -all'],
  '_dmarc.brand.example': ['v=DMARC1; p=reject'],
  '_dmarc.other.example': ['v=DMARC1; p=reject'],
};
/** The finding that says that the signature does not cover all of the body. */
const REMARK = 'dkim-unsigned-body';

/**
 * The zone of the case under test: the verifier is made once, so that its caches are part of what
 * is tried.
 */
let zone: KeyZone = BASE_ZONE;
const lookup: Lookup = async (question, deadlineMs) =>
  question.type === 'TXT'
    ? keyLookup({ ...POLICIES, ...zone })(question, deadlineMs)
    : { kind: 'nxdomain', source: 'zone', ttlSeconds: 60, authenticated: false };
const verify = makeVerifier({}, lookup, { clock: { nowMs: () => NOW_MS, monotonicMs: () => performance.now() } });

type Judged = { readonly passes: boolean; readonly domain: string | null; readonly codes: readonly string[] };

const judge = async (text: string, facts: object): Promise<Judged> => {
  const verdict = Verdict.parse(JSON.parse(JSON.stringify(await verify(Buffer.from(text, 'latin1'), facts))));
  return {
    passes: verdict.dmarc.result === 'pass' || verdict.author.authenticated === true,
    domain: verdict.author.domain,
    codes: verdict.findings.map(({ code }) => code),
  };
};

const collapsed = (text: string): string => text.replace(/[ \t\r\n]+/g, ' ').trim();

/** What a reader sees: the From fields and the body, read here in the plainest way. */
const shown = (text: string): { from: string; body: string } => {
  const blank = /\r?\n\r?\n/.exec(text);
  const header = blank === null ? text : text.slice(0, blank.index);
  const fields = header.split(/\r?\n(?![ \t])/).filter((field) => /^from[ \t\r\n]*:/i.test(field));
  return {
    from: fields.map((field) => collapsed(field.slice(field.indexOf(':') + 1))).join('\n'),
    body: blank === null ? '' : collapsed(text.slice(blank.index)),
  };
};

const changeOne = async (
  bases: readonly { text: string; judged: readonly Judged[] }[],
  random: Random,
): Promise<{ passes: boolean; what: string | null }> => {
  const base = bases[Math.floor(random() * bases.length)];
  const at = Math.floor(random() * FACTS.length);
  const before = base?.judged[at];
  if (base === undefined || before === undefined) throw new RangeError('no base message');
  const mutated = mutate([base.text], random);
  zone = mutated.zone;
  const after = await judge(mutated.text, FACTS[at] ?? {});
  // With other records than the base was judged with, only the form of the verdict is of interest.
  if (!after.passes || zone !== BASE_ZONE) return { passes: after.passes, what: null };
  const byOther = FACTS[at] === OTHER && after.domain === 'other.example';
  const [was, is] = [shown(base.text), shown(mutated.text)];
  const what = byOther
    ? null
    : !before.passes
      ? 'a message whose base does not pass'
      : before.domain !== after.domain
        ? `for ${after.domain}, not ${before.domain}`
        : was.from !== is.from
          ? `with another From: ${is.from}`
          : was.body !== is.body && !after.codes.includes(REMARK)
            ? `with another body: ${after.codes.join(' ')}`
            : null;
  return { passes: true, what: what === null ? null : `passes ${what}` };
};

/**
 * Judges `count` mutations, the seeds of which are `seed`, `seed + 1`, …
 * @param tell told how many are done, every 10,000
 */
export const runMutations = async (
  count: number,
  seed: number,
  tell: (done: number) => void = () => undefined,
): Promise<MutationReport> => {
  const bases: { text: string; judged: Judged[] }[] = [];
  zone = BASE_ZONE;
  for (const text of await makeBases()) {
    const judged: Judged[] = [];
    for (const facts of FACTS) judged.push(await judge(text, facts));
    bases.push({ text, judged });
  }
  const violations: { seed: number; what: string }[] = [];
  let pass = 0;
  for (let at = seed; at < seed + count; at++) {
    try {
      const { passes, what } = await changeOne(bases, createRandom(at));
      if (passes) pass++;
      if (what !== null) violations.push({ seed: at, what });
    } catch (cause) {
      violations.push({ seed: at, what: `throws ${cause instanceof Error ? cause.stack : cause}` });
    }
    if ((at - seed + 1) % 10_000 === 0) tell(at - seed + 1);
  }
  return { count, pass, violations };
};

if (import.meta.main) {
  const { values } = parseArgs({
    options: { count: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' } },
  });
  const startedMs = performance.now();
  const { violations, ...counts } = await runMutations(Number(values.count), Number(values.seed), (done) =>
    console.error(`${done} after ${Math.round((performance.now() - startedMs) / 1000)} s`),
  );
  for (const { seed, what } of violations.slice(0, 50)) console.log(`seed ${seed}: ${what}`);
  console.log(JSON.stringify({ ...counts, seed: Number(values.seed), violations: violations.length }));
  process.exitCode = violations.length === 0 ? 0 : 1;
}
