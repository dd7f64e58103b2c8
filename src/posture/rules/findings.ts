/**
 * The table of findings: every rule once, with its stable code, how much it matters, its RFC
 * section, and where one can be written the record to publish instead. Pure; a rule states a fact
 * or nothing, and never changes the posture.
 */
import type { PostureFinding } from '../../../schemas/posture/posture.ts';
import { makeFinding } from '../../findings/finding.ts';
import type { Assessed, Rule } from './assessed.ts';
import { BIMI_RULES } from './bimi.ts';
import { DKIM_RULES } from './dkim.ts';
import { DMARC_APPLIED_RULES } from './dmarc/applied.ts';
import { DMARC_POLICY_RULES } from './dmarc/policy.ts';
import { DMARC_RECORD_RULES } from './dmarc/record.ts';
import { DMARC_REPORT_RULES } from './dmarc/reports.ts';
import { DMARC_TAG_RULES } from './dmarc/tags.ts';
import { LIMIT_RULES } from './limits.ts';
import { MX_RULES } from './mail/mx.ts';
import { NO_MAIL_RULES } from './mail/no-mail.ts';
import { SPF_ALL_RULES } from './spf/all.ts';
import { SPF_EVALUATION_RULES } from './spf/evaluation.ts';
import { SPF_RECORD_RULES } from './spf/record.ts';
import { SPF_TERM_RULES } from './spf/terms.ts';
import { DANE_RULES } from './transport/dane.ts';
import { MTA_STS_RULES } from './transport/mta-sts.ts';
import { PROBE_RULES } from './transport/probe.ts';
import { TLS_RPT_RULES } from './transport/tls-rpt.ts';
import { DNSSEC_RULES, ZONE_RULES } from './zone.ts';

/** Every rule, in the order in which findings of one severity are listed. */
export const RULES: readonly Rule[] = [
  SPF_RECORD_RULES,
  SPF_EVALUATION_RULES,
  SPF_ALL_RULES,
  SPF_TERM_RULES,
  DMARC_RECORD_RULES,
  DMARC_POLICY_RULES,
  DMARC_TAG_RULES,
  DMARC_REPORT_RULES,
  DMARC_APPLIED_RULES,
  DKIM_RULES,
  MX_RULES,
  NO_MAIL_RULES,
  DNSSEC_RULES,
  DANE_RULES,
  PROBE_RULES,
  MTA_STS_RULES,
  TLS_RPT_RULES,
  BIMI_RULES,
  ZONE_RULES,
  LIMIT_RULES,
].flat();

/** Findings of one rule that are listed: a tree of a thousand dead terms is one thing to mend. */
export const MAX_FINDINGS_PER_RULE = 20;

const WEIGHT = { error: 0, warning: 1, advice: 2, info: 3, good: 4 } as const;

/** Of a name that does not exist nothing else is worth saying. */
const ABSENT_RULES = RULES.filter((rule) => rule.code === 'domain-not-found' || LIMIT_RULES.includes(rule));

/** All findings, what matters most first. */
export const collectFindings = (assessed: Assessed): PostureFinding[] =>
  (assessed.zone.exists === false ? ABSENT_RULES : RULES)
    .flatMap((rule) =>
      [rule.find(assessed) ?? []]
        .flat()
        .slice(0, MAX_FINDINGS_PER_RULE)
        .map((hit) => makeFinding(rule.code, rule, hit)),
    )
    .toSorted((one, other) => WEIGHT[one.severity] - WEIGHT[other.severity]);
