/** Drives one case of a suite through the verifier and lists every expectation it misses. */

import { DnsSettings } from '../../schemas/settings/dns.ts';
import type { Verdict } from '../../schemas/verdict.ts';
import { beginDmarc } from '../../src/dmarc/evaluate.ts';
import { recordLookup, walkTree } from '../../src/dmarc/tree-walk.ts';
import { budgetLimits } from '../../src/dns/budget/limits.ts';
import type { Lookup } from '../../src/dns/lookup.ts';
import { DEFAULT_MESSAGE_LIMITS } from '../../src/message/message.ts';
import { createVerifier } from '../../src/verdict/verify.ts';
import type { SuiteCase } from './suite-case.ts';

const DEADLINE_MS = 30_000;
/** A message for cases that give the transport facts alone. */
const PLAIN_MESSAGE = Buffer.from('Subject: facts alone\r\n\r\n');

/** @returns one line for each missed expectation; empty: the case agrees */
export const judgeCase = async (suiteCase: SuiteCase, lookup: Lookup): Promise<string[]> =>
  suiteCase.given === undefined ? judgeMessage(suiteCase, lookup) : judgeIdentifiers(suiteCase, lookup);

const judgeMessage = async (suiteCase: SuiteCase, lookup: Lookup): Promise<string[]> => {
  const verify = createVerifier({
    lookup,
    settings: {
      strict: true,
      maxSignatures: 10,
      minRsaBits: suiteCase.minimumRsaBits ?? 1024,
      bodyLength: 'report',
      clockSkewSeconds: 300,
      enforce: false,
      underscoreSelectors: false,
      unreadableFrom: 'reject',
      authservId: 'receiver.example',
      arcTrustedSealers: [],
      trustedForwarders: [],
      allowDomains: [],
      allowNetworks: [],
      localDomains: [],
      localNetworks: [],
      relay: 'report',
      protectedNames: [],
    },
    messageLimits: DEFAULT_MESSAGE_LIMITS,
    dnsLimits: budgetLimits(DnsSettings.parse({})),
    clock: {
      nowMs: () => (suiteCase.now === undefined ? Date.now() : new Date(suiteCase.now).getTime()),
      monotonicMs: () => performance.now(),
    },
    newId: () => '00000000-0000-0000-0000-000000000000',
    version: 'test',
    mode: 'enforce',
  });
  const message = suiteCase.message === null ? PLAIN_MESSAGE : Buffer.from(suiteCase.message, 'base64');
  return misses(suiteCase.expect, await verify(message, suiteCase.smtp));
};

const misses = (expect: SuiteCase['expect'], verdict: Verdict): string[] => {
  const missed: string[] = [];
  const words = verdict.dkim.map(({ result }) => result);
  const check = (holds: boolean, told: string): void => {
    if (!holds) missed.push(told);
  };
  if (expect.spf !== undefined)
    check(
      expect.spf.includes(verdict.spf.result),
      `spf ${verdict.spf.result} (${verdict.spf.reason}), expected ${expect.spf.join(' or ')}`,
    );
  if (expect.explanation !== undefined) {
    const explanation = (verdict.spf.mailFrom ?? verdict.spf.helo)?.explanation ?? null;
    check(
      explanation === expect.explanation,
      `explanation ${JSON.stringify(explanation)}, expected ${JSON.stringify(expect.explanation)}`,
    );
  }
  if (expect.arc !== undefined)
    check(
      expect.arc.includes(verdict.arc.result),
      `arc ${verdict.arc.result} (${verdict.arc.reason}), expected ${expect.arc.join(' or ')}`,
    );
  if (expect.dkim !== undefined) {
    const expected = expect.dkim;
    const holds = words.length === expected.length && words.every((word, index) => expected[index]?.includes(word));
    check(
      holds,
      `dkim ${words.join(' ')} (${verdict.dkim.map(({ reason }) => reason).join('; ')}), expected ${JSON.stringify(expected)}`,
    );
  }
  if (expect.dkimAt !== undefined) {
    const { index, pass } = expect.dkimAt;
    check(
      (words[index] === 'pass') === pass,
      `dkim[${index}] ${words[index]} (${verdict.dkim[index]?.reason}), expected ${pass ? 'pass' : 'no pass'}`,
    );
  }
  if (expect.noDkimPass) check(!words.includes('pass'), 'dkim passes, expected no pass');
  return missed;
};

const judgeIdentifiers = async (suiteCase: SuiteCase, lookup: Lookup): Promise<string[]> => {
  const { given, expect } = suiteCase;
  if (given === undefined) return [];
  const passed = (domain: string | null) => (domain === null ? [] : [{ domain, state: 'pass' as const }]);
  const identifiers = { spf: passed(given.spfPassDomain), dkim: passed(given.dkimPassDomain) };
  const { rfc9989 } = await beginDmarc(given.authorDomain, lookup, performance.now() + DEADLINE_MS).finish(identifiers);
  const outcome = {
    dmarc: rfc9989.result,
    spfAligned: rfc9989.alignment.spf.aligned,
    dkimAligned: rfc9989.alignment.dkim.aligned,
    organizationalDomain: rfc9989.organizationalDomain,
  };
  const missed = Object.entries(outcome).flatMap(([name, value]) => {
    const expected = expect[name as keyof typeof outcome];
    return expected === undefined || expected === value ? [] : [`${name} ${value}, expected ${expected}`];
  });
  if (expect.treeWalk === undefined) return missed;
  const walk = await walkTree(given.authorDomain, recordLookup(lookup, performance.now() + DEADLINE_MS));
  const asked = walk.steps.map(({ domain }) => domain);
  return asked.join(' ') === expect.treeWalk.join(' ')
    ? missed
    : [...missed, `tree walk ${asked.join(' ')}, expected ${expect.treeWalk.join(' ')}`];
};
