/**
 * Settings of the domain view. Environment names are the keys in upper snake case:
 * `domainCacheEntries` is `DOMAIN_CACHE_ENTRIES`.
 */
import { z } from 'zod';
import { toggle, wholeNumber } from './setting.ts';

const number = (about: string, unit: string, standard: number, min: number, max: number) =>
  wholeNumber({ default: standard, min, max, unit, about });

export const PostureSettings = z.object({
  domainMaxQuestions: number('DNS questions of one assessment', 'questions', 640, 64, 8192),
  domainMaxElapsedMs: number('time for all DNS questions of one assessment', 'ms', 20_000, 500, 120_000),
  domainFetch: toggle({
    default: true,
    about: 'fetch the MTA-STS policy, the BIMI logo and its certificate over HTTPS, from public addresses only',
  }),
  domainFetchTimeoutMs: number('time for one HTTPS fetch, redirects included', 'ms', 8000, 200, 60_000),
  domainProbe: toggle({
    default: false,
    about: 'allow ?probe=smtp: connect to port 25 of a domain’s mail hosts, from this machine’s address',
  }),
  domainProbeTimeoutMs: number('time for one connection to a mail host', 'ms', 8000, 200, 60_000),
  domainConcurrency: number('domains of one request that are assessed at once', 'domains', 4, 1, 32),
  domainCacheEntries: number('assessments cached; 0: none', 'assessments', 500, 0, 100_000),
  domainMaxTtlSeconds: number('longest time an assessment is cached', 's', 3600, 1, 86_400),
});
export type PostureSettings = z.infer<typeof PostureSettings>;
