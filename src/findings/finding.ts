/**
 * The one contract of findings, of a verdict and of the domain view alike: what is known of a
 * finding beforehand, what one of them says, and how the two make a finding. The catalogues stay
 * with their subjects, in src/verdict/findings/catalogue.ts and src/posture/rules/. Pure.
 */
import type { Finding } from '../../schemas/finding.ts';
import type { PostureFinding } from '../../schemas/posture/posture.ts';

/** What is known of a finding beforehand. */
export type FindingFacts = {
  /** One finding may have another severity, where `about` says so. */
  readonly severity: Finding['severity'];
  /** The rule, as in "RFC 7208 section 4.6.4"; one finding may name a closer one. */
  readonly section: string;
  /** One sentence without a full stop, which names no domain. */
  readonly about: string;
};

/** What one finding says beyond that. */
export type Occurrence = {
  /** One plain sentence. */
  readonly message: string;
  /** Path in the verdict or posture. */
  readonly field?: string | undefined;
  /** Where it is not that of the facts. */
  readonly severity?: Finding['severity'];
  /** Where it is not that of the facts. */
  readonly section?: string;
  readonly limit?: Finding['limit'];
  /** The record to publish; only the domain view has one. */
  readonly suggestion?: PostureFinding['suggestion'];
};

/** Makes a finding. @param code stable; programs rely on it */
export const makeFinding = (
  code: string,
  facts: FindingFacts,
  { message, field, severity = facts.severity, section = facts.section, limit, suggestion }: Occurrence,
): PostureFinding => ({
  code,
  severity,
  message,
  section,
  ...(field !== undefined && { field }),
  ...(limit !== undefined && { limit }),
  ...(suggestion !== undefined && { suggestion }),
});
