/**
 * The door: a domain in, its posture out. Assessments are cached, equal ones in flight are shared,
 * and one with unpublished records is compared with what is published.
 */
import type { Posture } from '../../schemas/posture/posture.ts';
import { parseOverlay } from '../dns/zone/overlay.ts';
import { type AssessOptions, type AssessorDependencies, assessOnce, FIXED } from './assessment.ts';
import { createPostureCache } from './cache.ts';
import { compare } from './changes.ts';
import { type Domain, readDomain } from './domain.ts';

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

/**
 * Makes the function that assesses domains. Assessments are cached as long as their records
 * allow, and equal ones in flight are shared.
 */
export const createAssessor = (dependencies: AssessorDependencies): Assess => {
  const { settings, clock } = dependencies;
  const { cacheBytes } = { ...FIXED, ...dependencies.limits };
  const cache = createPostureCache(
    { maxEntries: settings.domainCacheEntries, maxBytes: cacheBytes },
    clock.monotonicMs,
  );
  const inFlight = new Map<string, Promise<Posture>>();

  const assessPublished = async (domain: Domain, options: AssessOptions): Promise<Posture> => {
    const key = JSON.stringify([
      domain.ascii,
      options.selectors,
      options.clientIp,
      options.mailFrom,
      options.helo,
      options.include,
    ]);
    let flight = inFlight.get(key);
    if (flight === undefined) {
      const known = cache.get(key);
      if (known !== undefined) return { ...known, domain: { ...domain } };
      flight = assessOnce(domain, { ...options, probe: undefined }, null, dependencies).finally(() =>
        inFlight.delete(key),
      );
      inFlight.set(key, flight);
      cache.set(key, await flight);
    }
    // Whoever asked first may have spelled the name differently.
    return { ...(await flight), domain: { ...domain } };
  };

  return async (text, options = {}) => {
    const read = readDomain(text);
    if (read.kind === 'fault') return refused('invalid-domain', [{ path: 'domain', message: read.message }]);
    if (options.probe !== undefined && (dependencies.probe === null || !settings.domainProbe))
      return refused('probe-not-allowed', [{ path: 'probe', message: 'is not allowed by this service' }]);
    const { domain } = read;
    if (options.overlay === undefined || options.overlay.length === 0) {
      const posture =
        options.probe === undefined
          ? await assessPublished(domain, options)
          : await assessOnce(domain, options, null, dependencies);
      return { kind: 'posture', posture };
    }
    const parsed = parseOverlay(options.overlay, 'dns');
    if (!parsed.ok) return refused('invalid-overlay', parsed.errors);
    const [published, posture] = await Promise.all([
      assessPublished(domain, options),
      assessOnce(domain, options, parsed.overlay, dependencies),
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
