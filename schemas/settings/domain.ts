/**
 * Settings of the domain view. Environment names are the keys in upper snake case:
 * `domainCacheEntries` is `DOMAIN_CACHE_ENTRIES`.
 */
import { z } from 'zod';
import { toggle, wholeNumber } from './setting.ts';

export const PostureSettings = z.object({
  domainMaxQuestions: wholeNumber({
    default: 640,
    min: 64,
    max: 8192,
    unit: 'questions',
    about: 'DNS questions of one assessment',
  }),
  domainMaxElapsedMs: wholeNumber({
    default: 20_000,
    min: 500,
    max: 120_000,
    unit: 'ms',
    about: 'time for all DNS questions of one assessment',
  }),
  domainFetch: toggle({
    default: true,
    about: 'fetch the MTA-STS policy, the BIMI logo and its certificate over HTTPS, from public addresses only',
  }),
  domainFetchTimeoutMs: wholeNumber({
    default: 8000,
    min: 200,
    max: 60_000,
    unit: 'ms',
    about: 'time for one HTTPS fetch, redirects included',
  }),
  domainProbe: toggle({
    default: false,
    about: 'allow ?probe=smtp: connect to port 25 of a domain’s mail hosts, from this machine’s address',
  }),
  domainProbeTimeoutMs: wholeNumber({
    default: 8000,
    min: 200,
    max: 60_000,
    unit: 'ms',
    about: 'time for one connection to a mail host',
  }),
  domainConcurrency: wholeNumber({
    default: 4,
    min: 1,
    max: 32,
    unit: 'domains',
    about: 'domains of one request that are assessed at once',
  }),
  domainCacheEntries: wholeNumber({
    default: 500,
    min: 0,
    max: 100_000,
    unit: 'assessments',
    about: 'assessments cached; 0: none',
  }),
  domainMaxTtlSeconds: wholeNumber({
    default: 3600,
    min: 1,
    max: 86_400,
    unit: 's',
    about: 'longest time an assessment is cached',
  }),
});
export type PostureSettings = z.infer<typeof PostureSettings>;
