/** A verifier for tests: the zone of the examples, or another lookup, with a fixed clock and id. */
import { readFileSync } from 'node:fs';
import { DnsSettings } from '../../schemas/settings/dns.ts';
import type { VerdictSettings } from '../../schemas/verdict.ts';
import { budgetLimits } from '../../src/dns/budget/limits.ts';
import type { Lookup } from '../../src/dns/lookup.ts';
import { parseZone, zoneLookup } from '../../src/dns/zone/zone.ts';
import { DEFAULT_MESSAGE_LIMITS } from '../../src/message/message.ts';
import type { VerifierParts } from '../../src/verdict/run.ts';
import { createVerifier, type Verify } from '../../src/verdict/verify.ts';

/** Settings as a start without any gives them. */
export const SETTINGS: VerdictSettings = {
  strict: true,
  underscoreSelectors: false,
  maxSignatures: 10,
  minRsaBits: 1024,
  bodyLength: 'report',
  clockSkewSeconds: 300,
  enforce: false,
  unreadableFrom: 'reject',
  authservId: 'mx.receiver.example',
  arcTrustedSealers: [],
  trustedForwarders: [],
  allowDomains: [],
  allowNetworks: [],
  localDomains: [],
  localNetworks: ['127.0.0.0/8', '::1'],
  relay: 'report',
  protectedNames: [],
};

/** When the examples were sent, a little later. */
export const NOW_MS = Date.UTC(2025, 1, 3, 12);

const zone = parseZone(readFileSync(new URL('../../examples/zone.txt', import.meta.url), 'utf8'));
if (!zone.ok) throw new Error(JSON.stringify(zone.errors));

/** Names under `.example` from the examples' zone; every other name does not exist. */
export const exampleLookup: Lookup = zoneLookup(zone.zone, async () => ({
  kind: 'nxdomain',
  ttlSeconds: 60,
  authenticated: false,
  source: 'zone',
}));

/** The parts of a verifier, without lookup and settings. */
export const PARTS: Omit<VerifierParts, 'lookup' | 'settings' | 'mode'> = {
  messageLimits: DEFAULT_MESSAGE_LIMITS,
  dnsLimits: budgetLimits(DnsSettings.parse({})),
  clock: { nowMs: () => NOW_MS, monotonicMs: () => performance.now() },
  newId: () => '00000000-0000-4000-8000-000000000000',
  version: '0.0.0-test',
};

/** Makes a verifier. */
export const makeVerifier = (
  settings: Partial<VerdictSettings> = {},
  lookup: Lookup = exampleLookup,
  parts: Partial<VerifierParts> = {},
): Verify => createVerifier({ ...PARTS, lookup, settings: { ...SETTINGS, ...settings }, mode: 'enforce', ...parts });

/** Octets of an example. */
export const example = (file: string): Buffer => readFileSync(new URL(`../../examples/${file}`, import.meta.url));
