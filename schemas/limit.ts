/**
 * The limits of ours that an evaluation can reach, each with a name, and how a reached one is
 * reported: which, its value, its setting. A limit of ours is not an outage: it has the failure
 * kind `limit`, and `lasting` decides the result. Limits that a standard sets (RFC 7208 section
 * 4.6.4, RFC 8617 section 4.2.1) are results of that standard and stand not here; docs/limits.md
 * lists both.
 */
import { z } from 'zod';

/** Names of the limits. */
export const LimitName = z
  .enum([
    'records',
    'text-bytes',
    'cname-links',
    'questions',
    'domains',
    'misses',
    'failures',
    'time',
    'waiting',
    'signatures',
    'key-records',
    'tags',
    'alignment-walks',
    'client-names',
    'author-domains',
    'author-addresses',
    'author-characters',
    'author-comments',
    'spf-questions',
    'spf-terms',
    'spf-depth',
    'mail-hosts',
  ])
  .describe('a limit of this service');
export type LimitName = z.infer<typeof LimitName>;

/** A limit that was reached. */
export const ReachedLimit = z
  .object({
    name: LimitName,
    value: z.number().describe('the most that is allowed'),
    setting: z
      .string()
      .nullable()
      .describe('the setting that changes it, as in "DNS_MAX_QUESTIONS"; null: it cannot be changed'),
  })
  .meta({ id: 'ReachedLimit', description: 'A limit of this service that was reached' });
export type ReachedLimit = z.infer<typeof ReachedLimit>;

/** What is known of a limit beforehand. */
type LimitFacts = {
  /** What is counted, after the number: "64 records in one answer". */
  readonly what: string;
  /** The setting for messages; an assessment of a domain has settings of its own. */
  readonly setting: string | null;
  /** True when asking again later comes to the same: then the result is not `temperror`. */
  readonly lasting: boolean;
};

/** Every limit. */
export const LIMITS: Readonly<Record<LimitName, LimitFacts>> = {
  records: { what: 'records in one DNS answer', setting: null, lasting: true },
  'text-bytes': { what: 'bytes of text in one DNS answer', setting: null, lasting: true },
  'cname-links': { what: 'CNAME records in a row', setting: null, lasting: true },
  questions: { what: 'DNS questions', setting: 'DNS_MAX_QUESTIONS', lasting: true },
  domains: { what: 'domains in DNS questions', setting: 'DNS_MAX_DOMAINS', lasting: true },
  // Once answers are in memory, the same questions cost fewer misses.
  misses: { what: 'DNS questions to a server', setting: 'DNS_MAX_MISSES', lasting: false },
  failures: { what: 'failed DNS questions', setting: 'DNS_MAX_FAILURES', lasting: false },
  time: { what: 'milliseconds for all DNS questions', setting: 'DNS_MAX_ELAPSED_MS', lasting: false },
  waiting: { what: 'DNS questions that wait for their turn', setting: 'DNS_MAX_WAITING', lasting: false },
  signatures: { what: 'DKIM signatures', setting: 'MAX_SIGNATURES', lasting: true },
  'key-records': { what: 'key records at one name', setting: null, lasting: true },
  tags: { what: 'tags in one signature field', setting: null, lasting: true },
  'alignment-walks': { what: 'Tree Walks for identifiers', setting: null, lasting: true },
  'client-names': { what: 'names of the client', setting: null, lasting: true },
  'author-domains': { what: 'author domains', setting: null, lasting: true },
  'author-addresses': { what: 'addresses in From', setting: null, lasting: true },
  'author-characters': { what: 'characters in From', setting: null, lasting: true },
  'author-comments': { what: 'comments in From', setting: null, lasting: true },
  'spf-questions': { what: 'DNS questions for an SPF tree', setting: null, lasting: true },
  'spf-terms': { what: 'terms of an SPF tree', setting: null, lasting: true },
  'spf-depth': { what: 'SPF records within one another', setting: null, lasting: true },
  'mail-hosts': { what: 'mail hosts', setting: null, lasting: true },
};

/** The sentence for a limit. @param setting where it is not the one for messages */
export const reached = (
  name: LimitName,
  value: number,
  setting: string | null = LIMITS[name].setting,
): ReachedLimit => ({
  name,
  value,
  setting,
});

/** The limit for a sentence: "the limit of 64 records in one DNS answer (fixed)". */
export const limitText = ({ name, value, setting }: ReachedLimit): string =>
  `the limit of ${value} ${LIMITS[name].what} (${setting ?? 'fixed'})`;
