/**
 * Asks the questions of a whole tree as early as they are known, level by level, so that an
 * evaluation that shares the answers waits for the depth of the tree only. Counts nothing and
 * decides nothing: the evaluation asks in its own order and finds the answers waiting. RFC 7208
 * section 4.6.
 */
import type { RecordType } from '../../schemas/dns.ts';
import { reverseName } from '../ip/address.ts';
import type { DomainSpec } from '../records/macro.ts';
import { parseSpf, type SpfTerm, type SpfUnreadableTerm, selectSpf } from '../records/spf.ts';
import { txtTexts } from '../records/txt.ts';
import { expandName, usesLetter } from './macro.ts';
import { isDnsName, isRecordDomain } from './target-name.ts';
import { addressTypeOf, causesLookup, mxHosts } from './terms.ts';
import type { Client, SpfLimits, Walk } from './walk.ts';

/**
 * Asks ahead from a domain on: at most `extraQuestions` questions, `nesting` levels, each domain's
 * record once. Names that need `%{p}` are left to the evaluation.
 * @returns when all of it is answered; never rejects
 */
export const askAhead = async (ask: Walk['ask'], client: Client, limits: SpfLimits, first: string): Promise<void> => {
  const address = addressTypeOf(client.ip);
  const seen = new Set<string>();
  let left = limits.extraQuestions;
  const spend = (name: string, type: RecordType) => {
    if (left <= 0 || !isDnsName(name)) return null;
    left -= 1;
    return ask(name, type);
  };

  const nameOf = (spec: DomainSpec | null, domain: string): string | null => {
    if (spec === null) return domain;
    return usesLetter(spec.tokens, 'p')
      ? null
      : expandName(spec.tokens, { ...client, domain, validatedName: 'unknown' });
  };

  const readMx = async (name: string): Promise<void> => {
    const answer = await spend(name, 'MX');
    if (answer?.kind !== 'records') return;
    const hosts = mxHosts(answer.records).slice(0, limits.mxHosts);
    await Promise.all(hosts.map((host) => spend(host, address)));
  };

  const readTerm = async (term: SpfTerm | SpfUnreadableTerm, domain: string, depth: number): Promise<void> => {
    if (!causesLookup(term)) return;
    const name = nameOf(term.domain, domain);
    if (name === null) return;
    switch (term.name) {
      case 'include':
      case 'redirect':
        return readDomain(name, depth + 1);
      case 'a':
        await spend(name, address);
        return;
      case 'exists':
        await spend(name, 'A');
        return;
      case 'mx':
        return readMx(name);
      case 'ptr':
        await spend(reverseName(client.ip), 'PTR');
        return;
      default:
        throw term satisfies never;
    }
  };

  const readDomain = async (domain: string, depth: number): Promise<void> => {
    const key = domain.toLowerCase();
    if (depth > limits.nesting || seen.has(key) || !isRecordDomain(domain)) return;
    seen.add(key);
    const answer = await spend(domain, 'TXT');
    if (answer?.kind !== 'records') return;
    const selected = selectSpf(txtTexts(answer.records));
    if (selected.kind !== 'one') return;
    const record = parseSpf(selected.text);
    await Promise.all(record.terms.map((term) => readTerm(term, domain, depth)));
  };

  await readDomain(first, 0);
};
