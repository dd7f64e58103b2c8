/**
 * The door: a domain in, its posture out. Every part is asked for at once, under one budget of
 * questions and time, and parts that need another one's outcome wait for that alone. Never throws
 * for what DNS or a server says: a failure is a state of its own in the part it belongs to.
 */
import type { OverlayRecord } from '../../schemas/dns.ts';
import type { Posture } from '../../schemas/posture/posture.ts';
import type { PostureSettings } from '../../schemas/settings/domain.ts';
import { withBudget } from '../dns/budget/budget.ts';
import type { BudgetLimits } from '../dns/budget/limits.ts';
import type { Lookup } from '../dns/lookup.ts';
import { type Overlay, parseOverlay, withOverlay } from '../dns/zone/overlay.ts';
import type { Ask } from './ask.ts';
import { askTexts } from './ask.ts';
import { assessBimi } from './bimi.ts';
import { createPostureCache } from './cache.ts';
import { compare } from './changes.ts';
import { assessDkim } from './dkim-selectors.ts';
import { assessDmarc } from './dmarc-walk.ts';
import { assessDnssec } from './dnssec.ts';
import { type Domain, readDomain } from './domain.ts';
import { assessMail } from './mail-hosts.ts';
import { assessMtaSts } from './mta-sts.ts';
import { sendsMail, summarize } from './purpose.ts';
import type { HttpsFetch } from './reach/https-fetch.ts';
import type { SmtpProbeHost } from './reach/smtp-probe.ts';
import { probeHosts } from './reach/smtp-probe.ts';
import type { Assessed } from './rules/assessed.ts';
import { collectFindings } from './rules/findings.ts';
import { grade } from './rules/grade.ts';
import { assessSpf, type GivenSender } from './spf/spf.ts';
import { assessTlsRpt } from './tls-rpt.ts';
import { assessZone } from './zone-sanity.ts';

/** What a caller may ask for. */
export type AssessOptions = GivenSender & {
  readonly selectors?: readonly string[] | undefined;
  /** Look at port 25 of each mail host; refused where the settings do not allow it. */
  readonly probe?: 'smtp' | undefined;
  readonly include?: readonly 'evidence'[] | undefined;
  /** Unpublished records for this assessment only; the answer then lists what they change. */
  readonly overlay?: readonly OverlayRecord[] | undefined;
};

/** A posture, or what is wrong with the request. */
export type AssessOutcome =
  | { readonly kind: 'posture'; readonly posture: Posture }
  | {
      readonly kind: 'refused';
      readonly reason: 'invalid-domain' | 'invalid-overlay' | 'probe-not-allowed';
      /** Wrong fields; `path` is "domain", or a path inside "dns". */
      readonly errors: readonly { readonly path: string; readonly message: string }[];
    };

/**
 * Assesses one domain.
 * @param domain as a caller wrote it: A-labels or U-labels
 * @returns never rejects for what the outside does
 */
export type Assess = (domain: string, options?: AssessOptions) => Promise<AssessOutcome>;

/** What an assessor is made of. */
type AssessorParts = {
  readonly lookup: Lookup;
  readonly settings: PostureSettings;
  /** Limits on one DNS answer, the same as for messages. */
  readonly answerLimits: Pick<BudgetLimits, 'maxRecords' | 'maxTextBytes'>;
  /** null: nothing is fetched. */
  readonly fetch: HttpsFetch | null;
  /** null: no host is probed. */
  readonly probe: SmtpProbeHost | null;
  readonly clock: {
    /** Milliseconds since the epoch. */ readonly nowMs: () => number;
    /** Milliseconds that never go back. */ readonly monotonicMs: () => number;
  };
  /** Replaces fixed limits; for tests. @default FIXED */
  readonly limits?: Partial<typeof FIXED>;
};

/** Limits that are no settings: they bound the picture, and no operator needs another one. */
const FIXED = {
  /** Registered domains. Each is a stranger whom a hostile domain makes us ask. */
  maxDomains: 128,
  /** Failed questions, after which only memory is asked: a dead zone must not take all the time. */
  maxFailures: 48,
  /** Sixteen times the lookups of RFC 7208 section 4.6.4: a wrong tree is still shown whole. */
  maxSpfQuestions: 160,
  /** Terms of the SPF tree that are shown; nobody reads more. */
  maxSpfTerms: 2000,
  /** Twice the MX hosts that SPF allows (RFC 7208 section 4.6.4). */
  maxMailHosts: 20,
  /** Bytes of an MTA-STS policy (RFC 8461 section 3.3). */
  maxPolicyBytes: 65_536,
  /** Bytes of a BIMI logo, or of its certificate file, which holds the logo and a chain. */
  maxLogoBytes: 131_072,
  /** Bytes of cached assessments, by their text. DOMAIN_CACHE_ENTRIES bounds ordinary ones. */
  cacheBytes: 33_554_432,
};

/**
 * Makes the function that assesses domains. Assessments are cached as long as their records
 * allow, and equal ones in flight are shared.
 */
export const createAssessor = (parts: AssessorParts): Assess => {
  const { settings, clock } = parts;
  const { cacheBytes } = { ...FIXED, ...parts.limits };
  const cache = createPostureCache(
    { maxEntries: settings.domainCacheEntries, maxBytes: cacheBytes },
    clock.monotonicMs,
  );
  const underWay = new Map<string, Promise<Posture>>();

  const today = async (domain: Domain, options: AssessOptions): Promise<Posture> => {
    const key = JSON.stringify([
      domain.ascii,
      options.selectors,
      options.clientIp,
      options.mailFrom,
      options.helo,
      options.include,
    ]);
    let flight = underWay.get(key);
    if (flight === undefined) {
      const known = cache.get(key);
      if (known !== undefined) return { ...known, domain: { ...domain } };
      flight = assessOnce(domain, { ...options, probe: undefined }, null, parts).finally(() => underWay.delete(key));
      underWay.set(key, flight);
      cache.set(key, await flight);
    }
    // Whoever asked first may have spelled the name differently.
    return { ...(await flight), domain: { ...domain } };
  };

  return async (text, options = {}) => {
    const read = readDomain(text);
    if (read.kind === 'fault') return refused('invalid-domain', [{ path: 'domain', message: read.message }]);
    if (options.probe !== undefined && (parts.probe === null || !settings.domainProbe))
      return refused('probe-not-allowed', [{ path: 'probe', message: 'is not allowed by this service' }]);
    const { domain } = read;
    if (options.overlay === undefined || options.overlay.length === 0) {
      const posture =
        options.probe === undefined ? await today(domain, options) : await assessOnce(domain, options, null, parts);
      return { kind: 'posture', posture };
    }
    const parsed = parseOverlay(options.overlay, 'dns');
    if (!parsed.ok) return refused('invalid-overlay', parsed.errors);
    const [published, posture] = await Promise.all([
      today(domain, options),
      assessOnce(domain, options, parsed.overlay, parts),
    ]);
    return { kind: 'posture', posture: { ...posture, changes: compare(published, posture) } };
  };
};

type Refused = Extract<AssessOutcome, { kind: 'refused' }>;

const refused = (reason: Refused['reason'], errors: Refused['errors']): Refused => ({
  kind: 'refused',
  reason,
  errors,
});

const assessOnce = async (
  domain: Domain,
  options: AssessOptions,
  overlay: Overlay | null,
  { lookup, settings, answerLimits, fetch, probe, clock, limits }: AssessorParts,
): Promise<Posture> => {
  const fixed = { ...FIXED, ...limits };
  const startedMs = clock.monotonicMs();
  const nowMs = clock.nowMs();
  const deadlineMs = startedMs + settings.domainMaxElapsedMs;
  const budget = withBudget(
    overlay === null ? lookup : withOverlay(overlay, lookup),
    {
      maxQuestions: settings.domainMaxQuestions,
      maxMisses: settings.domainMaxQuestions,
      maxDomains: fixed.maxDomains,
      maxFailures: fixed.maxFailures,
      maxElapsedMs: settings.domainMaxElapsedMs,
      maxRecords: answerLimits.maxRecords,
      maxTextBytes: answerLimits.maxTextBytes,
      settings: {
        questions: 'DOMAIN_MAX_QUESTIONS',
        misses: 'DOMAIN_MAX_QUESTIONS',
        domains: null,
        failures: null,
        time: 'DOMAIN_MAX_ELAPSED_MS',
      },
    },
    clock.monotonicMs,
  );
  const ask: Ask = (name, type) => budget.lookup({ name, type }, deadlineMs);
  const { ascii } = domain;
  const fetchOfDomain = settings.domainFetch ? fetch : null;
  const timeoutMs = settings.domainFetchTimeoutMs;

  // All begun before the first one is awaited: independent questions are asked at once.
  const mailBegun = assessMail(ascii, ask, fixed.maxMailHosts);
  const dmarcBegun = assessDmarc(ascii, ask, budget.policyLookup, deadlineMs);
  const mtaStsBegun = assessMtaSts(ascii, mailBegun, {
    ask,
    fetch: fetchOfDomain,
    limits: { maxBytes: fixed.maxPolicyBytes, timeoutMs },
  });
  const bimiBegun = assessBimi(ascii, dmarcBegun, {
    ask,
    fetch: fetchOfDomain,
    limits: { maxBytes: fixed.maxLogoBytes, timeoutMs },
    nowMs,
  });
  const [spf, { posture: dmarc }, published, mtaSts, tlsRpt, bimi, dnssec, zone, texts, dkim] = await Promise.all([
    assessSpf(ascii, options, {
      ask,
      lookup: budget.lookup,
      deadlineMs,
      monotonicMs: clock.monotonicMs,
      epochSeconds: nowMs / 1000,
      limits: { maxQuestions: fixed.maxSpfQuestions, maxTerms: fixed.maxSpfTerms },
    }),
    dmarcBegun,
    mailBegun,
    mtaStsBegun,
    assessTlsRpt(ascii, ask),
    bimiBegun,
    assessDnssec(ascii, ask),
    assessZone(ascii, ask),
    textsOf(ascii, ask),
    // Last: a hundred selectors that nothing hangs on wait behind the questions that others hang
    // on.
    assessDkim(ascii, options.selectors, ask),
  ]);
  const mail =
    options.probe === undefined || probe === null
      ? published
      : await probeHosts(published, probe, settings.domainProbeTimeoutMs);

  const parts = { spf, dmarc, dkim, mail, mtaSts, tlsRpt, bimi, dnssec, zone };
  const usage = budget.usage();
  const assessed: Assessed = {
    ...parts,
    domain: ascii,
    sendsMail: sendsMail(spf, mail),
    texts,
    usage,
    nowMs,
  };
  const findings = collectFindings(assessed);
  const graded = grade(assessed);
  const evidence = budget.evidence();
  const failed = evidence.some(({ outcome }) => outcome === 'failure');
  const ttls = evidence.flatMap(({ ttlSeconds }) => ttlSeconds ?? []);
  return {
    domain: { ...domain },
    assessedAt: new Date(nowMs).toISOString(),
    elapsedMs: Math.round((clock.monotonicMs() - startedMs) * 100) / 100,
    ttlSeconds: failed || ttls.length === 0 ? 0 : Math.min(settings.domainMaxTtlSeconds, ...ttls),
    summary: summarize(domain.unicode, assessed, findings),
    sendsMail: assessed.sendsMail,
    grade: graded,
    findings,
    ...parts,
    dns: usage,
    ...(options.include?.includes('evidence') && { evidence }),
  };
};

/**
 * The present records of the names that suggestions are for; every one of these questions was asked
 * before and is remembered.
 */
const textsOf = async (domain: string, ask: Ask): Promise<Assessed['texts']> => {
  const at = async (name: string): Promise<readonly string[]> => {
    const found = await askTexts(ask, name);
    return found.kind === 'found' ? found.values : [];
  };
  const [own, dmarc, mtaSts, tlsRpt] = await Promise.all(
    [domain, `_dmarc.${domain}`, `_mta-sts.${domain}`, `_smtp._tls.${domain}`].map(at),
  );
  return { domain: own ?? [], dmarc: dmarc ?? [], mtaSts: mtaSts ?? [], tlsRpt: tlsRpt ?? [] };
};
