/**
 * The limits of one verification. All names come from the sender, who pays one message while we pay
 * the questions (RFC 7208 section 11.1).
 */
import type { LimitName } from '../../../schemas/limit.ts';
import type { DnsSettings } from '../../../schemas/settings/dns.ts';

/** The limits of one verification; each from 1. */
export type BudgetLimits = {
  /** Distinct questions, whether or not from the cache. */
  readonly maxQuestions: number;
  /** Questions that go out to a server. */
  readonly maxMisses: number;
  /** Distinct registered domains. */
  readonly maxDomains: number;
  /** Questions that failed; after them only the cache is asked. */
  readonly maxFailures: number;
  /** From the first question to the last answer. RFC 7208 section 4.6.4 asks for at least 20 s. */
  readonly maxElapsedMs: number;
  /** Records of one answer of any type but TXT. */
  readonly maxRecords: number;
  /** Sum of all strings of all TXT records of one answer, in octets. */
  readonly maxTextBytes: number;
  /** The settings behind the limits, where they are not those for messages. */
  readonly settings?: Readonly<Partial<Record<LimitName, string | null>>>;
};

/**
 * Records of one answer that are used. RFC 7208 section 4.6.4 bounds those of MX and PTR to ten; no
 * usual name has more than a few dozen addresses.
 */
const MAX_RECORDS = 64;
/** Text of one answer that is used: what the largest DNS message could hold (RFC 1035). */
const MAX_TEXT_BYTES = 65_535;

/** The limits of one verification: those of the settings, and the fixed ones on one answer. */
export const budgetLimits = (settings: DnsSettings): BudgetLimits => ({
  maxQuestions: settings.dnsMaxQuestions,
  maxMisses: settings.dnsMaxMisses,
  maxDomains: settings.dnsMaxDomains,
  maxFailures: settings.dnsMaxFailures,
  maxElapsedMs: settings.dnsMaxElapsedMs,
  maxRecords: MAX_RECORDS,
  maxTextBytes: MAX_TEXT_BYTES,
});
