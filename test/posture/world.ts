/**
 * A small Internet for one test: names with records, failures where a test wants them, and an
 * assessor over it. Asks no network.
 */
import type { RecordType } from '../../schemas/dns.ts';
import type { Posture } from '../../schemas/posture/posture.ts';
import { DnsSettings } from '../../schemas/settings/dns.ts';
import { PostureSettings } from '../../schemas/settings/domain.ts';
import { budgetLimits } from '../../src/dns/budget/limits.ts';
import type { Answer, Lookup } from '../../src/dns/lookup.ts';
import { normalizeName } from '../../src/dns/name.ts';
import { checkRecordData } from '../../src/dns/record-data.ts';
import { createAssessor } from '../../src/posture/assess.ts';
import type { AssessOptions } from '../../src/posture/assessment.ts';
import type { Fetched, HttpsFetch } from '../../src/posture/reach/https-fetch.ts';

type AssessorParts = Parameters<typeof createAssessor>[0];

/**
 * Records by "name TYPE", or a failure; a TXT value is one record. `signed` names are answered with
 * AD.
 */
export type World = Readonly<Record<string, readonly unknown[] | 'timeout' | 'servfail'>>;

/** The moment of every test. */
export const NOW_MS = Date.parse('2026-12-01T12:00:00Z');
const TTL_SECONDS = 300;

const common = { source: 'network', authenticated: false } as const;

/** A lookup over a world: CNAMEs are followed, names above a record exist, all else is NXDOMAIN. */
export const worldLookup = (world: World, isSigned: (name: string) => boolean = () => false): Lookup => {
  const names = new Set<string>();
  for (const key of Object.keys(world)) {
    let name = key.split(' ')[0] ?? '';
    for (; name.includes('.'); name = name.slice(name.indexOf('.') + 1)) names.add(name);
    names.add(name);
  }
  const ask = (name: string, type: RecordType, links: number): Answer => {
    const authenticated = isSigned(name);
    const wildcard = names.has(name) ? null : `*.${name.slice(name.indexOf('.') + 1)}`;
    const found = world[`${name} ${type}`] ?? (wildcard === null ? undefined : world[`${wildcard} ${type}`]);
    if (typeof found === 'string') return { kind: 'failure', failure: found, source: 'network' };
    if (found !== undefined)
      return {
        kind: 'records',
        records: found.map((data) => checked(type, data)),
        ttlSeconds: TTL_SECONDS,
        ...common,
        authenticated,
        rcode: 0,
      };
    const alias = world[`${name} CNAME`];
    if (Array.isArray(alias) && links < 8) return ask(String(alias[0]).toLowerCase(), type, links + 1);
    const kind = names.has(name) || (wildcard !== null && names.has(wildcard)) ? 'nodata' : 'nxdomain';
    return { kind, ttlSeconds: TTL_SECONDS, ...common, authenticated, rcode: kind === 'nodata' ? 0 : 3 };
  };
  return async ({ name, type }) => {
    const normal = normalizeName(name);
    return normal === null ? { kind: 'failure', failure: 'badname', source: 'local' } : ask(normal, type, 0);
  };
};

const checked = (type: RecordType, data: unknown) => {
  const record = checkRecordData(type, data);
  if (!record.ok) throw new Error(`${type} ${JSON.stringify(data)}: ${record.message}`);
  return record.data;
};

/** Documents by URL; a text is one that could not be fetched, and why. */
export type Web = Readonly<Record<string, { body: string | Buffer; daysLeft?: number } | string>>;

/** A fetch over documents. */
export const webFetch =
  (web: Web): HttpsFetch =>
  async (url): Promise<Fetched> => {
    const document = web[url];
    if (document === undefined) return { kind: 'failed', code: 'no-address', reason: 'the host has no address' };
    if (typeof document === 'string') return { kind: 'failed', code: 'unreachable', reason: document };
    const { daysLeft } = document;
    return {
      kind: 'fetched',
      body: Buffer.from(document.body),
      certificate:
        daysLeft === undefined
          ? null
          : { subject: 'policy host', issuer: 'authority', names: [], validTo: '', daysLeft },
    };
  };

export type WorldOptions = AssessOptions & {
  web?: Web;
  signed?: (name: string) => boolean;
  settings?: Partial<PostureSettings>;
  /** Fixed limits, as small as a test reaches. */
  limits?: AssessorParts['limits'];
  probe?: AssessOptions['probe'];
  prober?: AssessorParts['probe'];
};

/** The parts of an assessor over a world. */
export const worldParts = (world: World, options: WorldOptions = {}): AssessorParts => ({
  lookup: worldLookup(world, options.signed),
  settings: { ...PostureSettings.parse({}), ...options.settings },
  ...(options.limits !== undefined && { limits: options.limits }),
  answerLimits: budgetLimits(DnsSettings.parse({})),
  fetch: options.web === undefined ? null : webFetch(options.web),
  probe: options.prober ?? null,
  clock: { nowMs: () => NOW_MS, monotonicMs: () => performance.now() },
});

/** Assesses a domain of a world; a refusal fails the test. */
export const assessIn = async (world: World, domain: string, options: WorldOptions = {}): Promise<Posture> => {
  const { web: _, signed: __, settings: ___, prober: ____, limits: _____, ...asked } = options;
  const outcome = await createAssessor(worldParts(world, options))(domain, asked);
  if (outcome.kind !== 'posture') throw new Error(JSON.stringify(outcome));
  return outcome.posture;
};

/** The codes of a posture's findings. */
export const codesOf = (posture: Posture): string[] => [...new Set(posture.findings.map(({ code }) => code))];
