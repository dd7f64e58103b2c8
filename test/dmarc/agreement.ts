/**
 * Holds the RFC 9989 reading against mailauth in strict mode on generated cases. As a program it
 * runs many: `node test/dmarc/agreement.ts --cases 20000 [--seed 1]`.
 */
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { beginDmarc } from '../../src/dmarc/evaluate.ts';
import { toMailauthResolver } from '../../src/verdict/spf/resolver.ts';
import { caseLookup, generateCase } from './generated-case.ts';

const { evaluateDmarc } = createRequire(import.meta.url)('mailauth/lib/dmarc/index.js') as {
  evaluateDmarc: (options: object) => Promise<{
    response: {
      status: { result: string };
      policy?: string;
      policyDomain?: string;
      alignment?: { spf: { result?: string }; dkim: { result?: string } };
    };
  }>;
};

/** @returns null when both agree, else what differs */
export const compareSeed = async (seed: number): Promise<string | null> => {
  const generated = generateCase(seed);
  const lookup = caseLookup(generated);
  const deadlineMs = performance.now() + 10_000;
  const passed = (domains: string[]) => domains.map((domain) => ({ domain, state: 'pass' as const }));
  const ours = (
    await beginDmarc(generated.authorDomain, lookup, deadlineMs).finish({
      spf: passed(generated.spf),
      dkim: passed(generated.dkim),
    })
  ).rfc9989;
  const { response } = await evaluateDmarc({
    headerFrom: [`a@${generated.authorDomain}`],
    fromFields: 1,
    spfDomains: generated.spf,
    dkimDomains: generated.dkim.map((domain, index) => ({ id: String(index), domain })),
    resolver: toMailauthResolver(lookup, deadlineMs),
    strict: true,
  });
  const told = {
    ours: [
      ours.result,
      ours.policy?.applies,
      ours.recordDomain,
      Boolean(ours.alignment.spf.aligned),
      Boolean(ours.alignment.dkim.aligned),
    ],
    theirs: [
      response.status.result,
      response.policy,
      response.policyDomain ?? null,
      Boolean(response.alignment?.spf.result),
      Boolean(response.alignment?.dkim.result),
    ],
  };
  // Without a usable policy mailauth tells neither record nor alignment; with the policy left open
  // it tells the weaker one.
  if (ours.result === 'none' || ours.result === 'temperror' || ours.policy === null) {
    return told.ours[0] === told.theirs[0] ? null : JSON.stringify({ seed, ...told, generated: show(generated) });
  }
  return JSON.stringify(told.ours) === JSON.stringify(told.theirs)
    ? null
    : JSON.stringify({ seed, ...told, generated: show(generated) });
};

const show = (generated: ReturnType<typeof generateCase>) => ({
  ...generated,
  records: [...generated.records],
  existing: [...generated.existing],
});

if (import.meta.main) {
  const { values } = parseArgs({
    options: { cases: { type: 'string', default: '20000' }, seed: { type: 'string', default: '1' } },
  });
  const first = Number(values.seed);
  let different = 0;
  for (let seed = first; seed < first + Number(values.cases); seed++) {
    const difference = await compareSeed(seed);
    if (difference === null) continue;
    different++;
    if (different <= 20) console.error(difference);
  }
  console.log(`${Number(values.cases) - different} passed, ${different} failed`);
  process.exitCode = different === 0 ? 0 : 1;
}
