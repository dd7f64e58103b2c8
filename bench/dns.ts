/**
 * The resolver against node:dns, in pairs within one run and at the same Unbound: `npm run
 * bench:dns [-- --json]`. Exits 1 when one of its targets is missed, 69 when Unbound or NSD is not
 * installed. The names are in Unbound's cache before the first pair, so that the stub is what is
 * measured.
 */

import { promises as nodeDns } from 'node:dns';
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { DnsSettings } from '../schemas/settings/dns.ts';
import { createResolver } from '../src/dns/resolver.ts';
import { type DnsDaemons, startDnsDaemons } from '../test/interop/dns-daemons.ts';

const QUESTIONS = 20_000;
const ROUNDS = 9;
/** Runs of each side before the first pair: V8 compiles for some hundred thousand questions. */
const WARM_UPS = 10;
const HITS = 500_000;
/**
 * Names lie under this many registered domains: one domain has a limit of its own on questions in
 * flight.
 */
const DOMAINS = 1000;
/** What must hold. */
const TARGETS = { at100: 1, at1000: 10, hit: 30 } as const;

const ZONE = `$ORIGIN example.
$TTL 86400
@ SOA ns.example. host.example. 1 3600 600 86400 300
@ NS ns
ns A 127.0.0.1
* TXT "v=spf1 ip4:192.0.2.0/24 include:_spf.mail.example -all"
`;

type Ask = (name: string) => Promise<boolean>;
type Run = { readonly perSecond: number; readonly failures: number; readonly cpuMicroseconds: number };

const nameAt = (index: number): string => `n${index}.d${index % DOMAINS}.example`;

/** Asks `count` names, `inFlight` at a time. */
const run = async (ask: Ask, count: number, inFlight: number): Promise<Run> => {
  let next = 0;
  let failures = 0;
  const worker = async () => {
    while (next < count) if (!(await ask(nameAt(next++)))) failures++;
  };
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  await Promise.all(Array.from({ length: inFlight }, worker));
  const elapsedMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpu);
  return { perSecond: (count / elapsedMs) * 1000, failures, cpuMicroseconds: (user + system) / count };
};

/** A fresh resolver for each run: every question is a miss. */
const runOurs = async (literal: string, count: number, inFlight: number): Promise<Run> => {
  const resolver = createResolver(DnsSettings.parse({ dnsServers: [literal] }));
  const ask: Ask = async (name) =>
    (await resolver.lookup({ name, type: 'TXT' }, performance.now() + 60_000)).kind === 'records';
  const result = await run(ask, count, inFlight);
  resolver.close();
  return result;
};

const runNode = async (literal: string, count: number, inFlight: number): Promise<Run> => {
  const resolver = new nodeDns.Resolver();
  resolver.setServers([literal]);
  const ask: Ask = (name) =>
    resolver.resolveTxt(name).then(
      (records) => records.length > 0,
      () => false,
    );
  return run(ask, count, inFlight);
};

/** Nanoseconds of a hit: one name, asked again and again one after the other. */
const hitNanoseconds = async (literal: string): Promise<number> => {
  const resolver = createResolver(DnsSettings.parse({ dnsServers: [literal] }));
  const question = { name: nameAt(0), type: 'TXT' as const };
  await resolver.lookup(question, Number.POSITIVE_INFINITY);
  const startMs = performance.now();
  for (let hit = 0; hit < HITS; hit++) await resolver.lookup(question, Number.POSITIVE_INFINITY);
  const elapsedMs = performance.now() - startMs;
  resolver.close();
  return (elapsedMs / HITS) * 1e6;
};

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)] ?? 0;

/** Pairs, the order turned round each time, so that neither has the warmer machine. */
const pairs = async (literal: string, count: number, inFlight: number, rounds: number) => {
  const ours: Run[] = [];
  const node: Run[] = [];
  for (let round = 0; round < rounds; round++) {
    if (round % 2 === 0) ours.push(await runOurs(literal, count, inFlight));
    node.push(await runNode(literal, count, inFlight));
    if (round % 2 === 1) ours.push(await runOurs(literal, count, inFlight));
  }
  const of = (runs: readonly Run[]) => ({
    perSecond: Math.round(median(runs.map(({ perSecond }) => perSecond))),
    failures: runs.reduce((sum, { failures }) => sum + failures, 0),
    cpuMicroseconds: median(runs.map(({ cpuMicroseconds }) => cpuMicroseconds)),
  });
  const ratio = median(ours.map((run, round) => run.perSecond / (node[round]?.perSecond ?? 1)));
  return { inFlight, questions: count, ours: of(ours), node: of(node), ratio };
};

const measure = async ({ literal }: DnsDaemons) => {
  for (let done = 0; done < WARM_UPS; done++) {
    await runOurs(literal, QUESTIONS, 200);
    await runNode(literal, QUESTIONS, 200);
  }
  const at100 = await pairs(literal, QUESTIONS, 100, ROUNDS);
  const at1000 = await pairs(literal, QUESTIONS, 1000, ROUNDS);
  return { at100, at1000, cache: await hitsAndMisses(literal) };
};

/**
 * The cost of a question that is asked and of one that is held, side by side, so that what else the
 * machine does falls on both.
 */
const hitsAndMisses = async (literal: string) => {
  await hitNanoseconds(literal);
  const rounds: { hit: number; miss: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const miss = (await runOurs(literal, QUESTIONS, 100)).cpuMicroseconds * 1000;
    rounds.push({ hit: await hitNanoseconds(literal), miss });
  }
  return {
    hitNanoseconds: median(rounds.map(({ hit }) => hit)),
    missNanoseconds: median(rounds.map(({ miss }) => miss)),
    ratio: median(rounds.map(({ hit, miss }) => miss / hit)),
  };
};

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const missing = ['nsd', 'unbound'].filter((binary) => !existsSync(`/usr/sbin/${binary}`));
if (missing.length > 0) {
  console.error(`${missing.join(' and ')} not found: apt-get install --no-install-recommends nsd unbound`);
  process.exit(69);
}
const daemons = await startDnsDaemons([{ apex: 'example', text: ZONE }]);
const { at100, at1000, cache } = await measure(daemons).finally(daemons.close);

const checks = [
  { what: '100 in flight, ours : node:dns', value: at100.ratio, target: TARGETS.at100 },
  { what: '1,000 in flight, ours : node:dns', value: at1000.ratio, target: TARGETS.at1000 },
  { what: 'warm hit, miss : hit', value: cache.ratio, target: TARGETS.hit },
];
const failed = checks.filter(({ value, target }) => value < target).map(({ what }) => what);
for (const { inFlight, ours } of [at100, at1000])
  if (ours.failures > 0) failed.push(`${ours.failures} questions failed at ${inFlight} in flight`);

if (values.json) console.log(JSON.stringify({ at100, at1000, cache, failed }, null, 2));
else {
  console.log('in flight  resolver   questions/s  failed  CPU µs/question');
  for (const { inFlight, ours, node } of [at100, at1000])
    for (const [name, result] of [['ours', ours] as const, ['node:dns', node] as const])
      console.log(
        `${String(inFlight).padStart(9)}  ${name.padEnd(9)}  ${String(result.perSecond).padStart(11)}  ${String(result.failures).padStart(6)}  ${result.cpuMicroseconds.toFixed(1).padStart(15)}`,
      );
  console.log(
    `a hit ${cache.hitNanoseconds.toFixed(0)} ns, a miss ${(cache.missNanoseconds / 1000).toFixed(1)} µs of CPU`,
  );
  for (const { what, value, target } of checks)
    console.log(`${what}: ${value.toFixed(2)} (at least ${target})${value < target ? ' MISSED' : ''}`);
  for (const line of failed) console.log(`missed: ${line}`);
}
process.exitCode = failed.length === 0 ? 0 : 1;
