/**
 * One assessment of a domain: every subject is asked for at once, under one budget of questions and
 * time, and one that needs another one's outcome waits for that alone. Never throws for what DNS or
 * a server says: a failure is a state of the subject it belongs to.
 */
import type { OverlayRecord } from '../../schemas/dns.ts';
import type { Posture } from '../../schemas/posture/posture.ts';
import type { PostureSettings } from '../../schemas/settings/domain.ts';
import { type Budget, withBudget } from '../dns/budget/budget.ts';
import type { BudgetLimits } from '../dns/budget/limits.ts';
import type { Lookup } from '../dns/lookup.ts';
import { type Overlay, withOverlay } from '../dns/zone/overlay.ts';
import type { Ask } from './ask.ts';
import { askTexts } from './ask.ts';
import { assessBimi } from './bimi.ts';
import { assessDkim } from './dkim-selectors.ts';
import { assessDmarc } from './dmarc-walk.ts';
import { assessDnssec } from './dnssec.ts';
import type { Domain } from './domain.ts';
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

/** What assessments are made with. */
export type AssessorDependencies = {
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
  readonly limits?: Partial<FixedLimits>;
};

type FixedLimits = typeof FIXED;

/** Limits that are no settings: no operator needs another one. */
export const FIXED = {
  /** Registered domains. Each is a stranger whom a hostile domain makes us ask. */
  maxDomains: 128,
  /** Failed questions, after which only the cache is asked: a dead zone must not take the time. */
  maxFailures: 48,
  /** Sixteen times the lookups of RFC 7208 section 4.6.4: a wrong tree is still shown whole. */
  maxSpfQuestions: 160,
  /** Terms of the SPF tree that are shown; nobody reads more. */
  maxSpfTerms: 2000,
  /** Twice the MX hosts that SPF allows (RFC 7208 section 4.6.4). */
  maxMailHosts: 20,
  /** Bytes of an MTA-STS policy (RFC 8461 section 3.3). */
  maxPolicyBytes: 65_536,
  /** Bytes of a BIMI logo, or of its certificate file, which has the logo and a chain. */
  maxLogoBytes: 131_072,
  /** Bytes of cached assessments, by their text. DOMAIN_CACHE_ENTRIES bounds ordinary ones. */
  cacheBytes: 33_554_432,
};

/**
 * Assesses a domain, now.
 * @param overlay unpublished records; null: DNS as it is published
 * @returns never rejects for what the outside does
 */
export const assessOnce = async (
  domain: Domain,
  options: AssessOptions,
  overlay: Overlay | null,
  dependencies: AssessorDependencies,
): Promise<Posture> => {
  const { settings, clock } = dependencies;
  const startedMs = clock.monotonicMs();
  const nowMs = clock.nowMs();
  const budget = openBudget(overlay, dependencies);
  const asking = { ...dependencies, nowMs, budget, deadlineMs: startedMs + settings.domainMaxElapsedMs };
  const { texts, ...subjects } = await askAll(domain.ascii, options, asking);
  const usage = budget.usage();
  const assessed: Assessed = {
    ...subjects,
    domain: domain.ascii,
    sendsMail: sendsMail(subjects),
    texts,
    usage,
    nowMs,
  };
  const findings = collectFindings(assessed);
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
    grade: grade(assessed),
    findings,
    ...subjects,
    dns: usage,
    ...(options.include?.includes('evidence') && { evidence }),
  };
};

/** The budget of one assessment, over the overlay where there is one. */
const openBudget = (
  overlay: Overlay | null,
  { lookup, settings, answerLimits, clock, limits }: AssessorDependencies,
): Budget => {
  const { maxDomains, maxFailures } = { ...FIXED, ...limits };
  return withBudget(
    overlay === null ? lookup : withOverlay(overlay, lookup),
    {
      maxQuestions: settings.domainMaxQuestions,
      maxMisses: settings.domainMaxQuestions,
      maxDomains,
      maxFailures,
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
};

/** What the subjects of one assessment ask with. */
type Asking = AssessorDependencies & {
  readonly budget: Budget;
  readonly deadlineMs: number;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
};

/** What was found out about each subject. */
type Subjects = Omit<Assessed, 'domain' | 'sendsMail' | 'usage' | 'nowMs'>;

/** Asks for all subjects at once. @param domain A-labels */
const askAll = async (domain: string, options: AssessOptions, asking: Asking): Promise<Subjects> => {
  const { settings, budget, clock, probe, deadlineMs, nowMs } = asking;
  const fixed = { ...FIXED, ...asking.limits };
  const ask: Ask = (name, type) => budget.lookup({ name, type }, deadlineMs);
  const fetch = settings.domainFetch ? asking.fetch : null;
  const timeoutMs = settings.domainFetchTimeoutMs;
  // All begun before the first one is awaited: independent questions are asked at once.
  const mailBegun = assessMail(domain, ask, fixed.maxMailHosts);
  const dmarcBegun = assessDmarc(domain, ask, budget.policyLookup, deadlineMs);
  const policyLimits = { maxBytes: fixed.maxPolicyBytes, timeoutMs };
  const mtaStsBegun = assessMtaSts(domain, mailBegun, { ask, fetch, limits: policyLimits });
  const logoLimits = { maxBytes: fixed.maxLogoBytes, timeoutMs };
  const bimiBegun = assessBimi(domain, dmarcBegun, { ask, fetch, limits: logoLimits, nowMs });
  const [spf, { posture: dmarc }, published, mtaSts, tlsRpt, bimi, dnssec, zone, texts, dkim] = await Promise.all([
    assessSpf(domain, options, {
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
    assessTlsRpt(domain, ask),
    bimiBegun,
    assessDnssec(domain, ask),
    assessZone(domain, ask),
    textsOf(domain, ask),
    // Last: a hundred selectors that nothing hangs on wait behind the questions that others hang
    // on.
    assessDkim(domain, options.selectors, ask),
  ]);
  const mail =
    options.probe === undefined || probe === null
      ? published
      : await probeHosts(published, probe, settings.domainProbeTimeoutMs);
  return { spf, dmarc, dkim, mail, mtaSts, tlsRpt, bimi, dnssec, zone, texts };
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
