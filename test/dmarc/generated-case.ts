/**
 * Generated DMARC cases: an Author Domain, identifiers near it, and records at the names between.
 * Seeded, so that a case can be had again from its number.
 */
import type { Answer, Lookup } from '../../src/dns/lookup.ts';

/** A seeded source of choices (mulberry32). */
export const choices = (seed: number) => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return {
    next,
    chance: (probability: number): boolean => next() < probability,
    pick: <Item>(items: readonly Item[]): Item => items[Math.floor(next() * items.length)] as Item,
  };
};

/** One case. A TXT list is what stands at `_dmarc.` and the name; a word is a failure. */
export type GeneratedCase = {
  authorDomain: string;
  spf: string[];
  dkim: string[];
  records: Map<string, string[] | 'servfail' | 'timeout'>;
  existing: Set<string>;
};

const LABELS = ['a', 'b', 'mail', 'news', 'x1'];
const ENDINGS = ['example', 'com', 'co.uk', 'example.com', 'blogspot.com'];

/** Makes the case of a seed. */
export const generateCase = (seed: number): GeneratedCase => {
  const { chance, pick, next } = choices(seed);
  const domain = (ending: string): string => {
    const depth = chance(0.05) ? 8 + Math.floor(next() * 3) : Math.floor(next() * 4);
    return [...Array.from({ length: depth }, () => pick(LABELS)), 'brand', ending].join('.');
  };
  const ending = pick(ENDINGS);
  const authorDomain = chance(0.05) ? ending : domain(ending);
  const relative = (): string => {
    const labels = authorDomain.split('.');
    if (chance(0.3)) return authorDomain;
    if (chance(0.4)) return labels.slice(Math.floor(next() * labels.length)).join('.');
    if (chance(0.5)) return `${pick(LABELS)}.${labels.slice(Math.floor(next() * labels.length)).join('.')}`;
    return domain(chance(0.5) ? ending : pick(ENDINGS));
  };
  const spf = chance(0.6) ? [relative()] : [];
  const dkim = Array.from({ length: Math.floor(next() * 3) }, relative);
  const records: GeneratedCase['records'] = new Map();
  const existing = new Set<string>();
  for (const name of [authorDomain, ...spf, ...dkim]) {
    if (chance(0.5)) existing.add(name);
    const labels = name.split('.');
    for (let from = 0; from < labels.length; from++) {
      if (!chance(0.35)) continue;
      const at = labels.slice(from).join('.');
      if (chance(0.06)) records.set(at, chance(0.5) ? 'servfail' : 'timeout');
      else
        records.set(
          at,
          Array.from({ length: chance(0.1) ? 2 : 1 }, () => record(chance, pick)),
        );
    }
  }
  return { authorDomain, spf, dkim, records, existing };
};

const record = (chance: (probability: number) => boolean, pick: <Item>(items: readonly Item[]) => Item): string => {
  if (chance(0.05)) return pick(['v=spf1 -all', 'v=DMARC2; p=none', 'x=1; v=DMARC1', 'v=dmarc1; p=reject', '']);
  const policy = ['none', 'quarantine', 'reject', 'REJECT', 'quarantine '];
  const tags: string[] = ['v=DMARC1'];
  if (chance(0.9)) tags.push(`p=${chance(0.05) ? 'bogus' : pick(policy)}`);
  if (chance(0.3)) tags.push(`sp=${chance(0.05) ? 'bogus' : pick(policy)}`);
  if (chance(0.3)) tags.push(`np=${chance(0.05) ? 'bogus' : pick(policy)}`);
  if (chance(0.3)) tags.push(`adkim=${pick(['r', 's', 'S', 'x'])}`);
  if (chance(0.3)) tags.push(`aspf=${pick(['r', 's', 'S', 'x'])}`);
  if (chance(0.2)) tags.push(`psd=${pick(['y', 'n', 'u', 'z'])}`);
  if (chance(0.2)) tags.push(`t=${pick(['y', 'n', 'q'])}`);
  if (chance(0.3)) tags.push(`rua=${pick(['mailto:a@b.example', 'a@b.example', 'mailto:'])}`);
  if (chance(0.2)) tags.push('pct=50');
  if (chance(0.03)) tags.push('p=none');
  return tags.join(pick([';', '; ', ' ; '])) + (chance(0.3) ? ';' : '');
};

/** The case as a lookup. */
export const caseLookup = (generated: GeneratedCase): Lookup => {
  const common = { ttlSeconds: 300, authenticated: false, source: 'zone' } as const;
  return async ({ name, type }): Promise<Answer> => {
    if (type === 'A')
      return generated.existing.has(name)
        ? { kind: 'records', records: ['192.0.2.1'], ...common }
        : { kind: 'nxdomain', ...common };
    if (type !== 'TXT' || !name.startsWith('_dmarc.')) return { kind: 'nxdomain', ...common };
    const held = generated.records.get(name.slice('_dmarc.'.length));
    if (held === undefined) return { kind: 'nxdomain', ...common };
    if (typeof held === 'string') return { kind: 'failure', failure: held, source: 'zone' };
    return { kind: 'records', records: held.map((text) => [text]), ...common };
  };
};
