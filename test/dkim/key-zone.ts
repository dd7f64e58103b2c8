/**
 * A zone for these tests: name to TXT records, an error word, or nothing. As a lookup for our code
 * and as a resolver for mailauth, so that both see the same DNS. Counts what was asked.
 */
import type { ServerFailure } from '../../src/dns/failure.ts';
import type { Lookup } from '../../src/dns/lookup.ts';

/** TXT records of a name: each a text, one byte a code unit; or why the question fails. */
export type KeyZone = Readonly<Record<string, readonly string[] | { readonly failure: ServerFailure }>>;

const find = (zone: KeyZone, name: string) => zone[name.toLowerCase().replace(/\.$/, '')];

/** The zone as a lookup; `asked` collects the names. */
export const keyLookup = (zone: KeyZone, asked: string[] = []): Lookup => {
  return async ({ name }) => {
    asked.push(name);
    const found = find(zone, name);
    if (found === undefined) return { kind: 'nxdomain', source: 'zone', ttlSeconds: 60, authenticated: false };
    if ('failure' in found) return { kind: 'failure', source: 'zone', failure: found.failure };
    const records = found.map((text) => text.match(/.{1,255}/gs) ?? ['']);
    return { kind: 'records', source: 'zone', records, ttlSeconds: 60, authenticated: false };
  };
};

/** The zone as mailauth asks it: rejects with an error code. */
export const keyResolver =
  (zone: KeyZone) =>
  async (name: string): Promise<string[][]> => {
    const found = find(zone, name);
    if (found === undefined) throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    if ('failure' in found) throw Object.assign(new Error('no answer'), { code: 'ETIMEOUT' });
    return found.map((text) => [text]);
  };
