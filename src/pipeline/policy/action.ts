/**
 * An SPF verdict → the answer to Postfix at RCPT time. Pure. MAIL FROM decides; HELO decides too
 * when it fails and MAIL FROM does not pass (RFC 7208 section 2.3). Never answers OK, which would
 * let the message past the checks that follow.
 */
import type { PipelineSettings } from '../../../schemas/settings/pipeline.ts';
import type { SpfCheck, SpfVerdict } from '../../../schemas/spf.ts';
import type { SmtpReply } from '../../../schemas/verdict.ts';
import { fieldValue } from '../decision.ts';
import { replyLine } from '../smtp-reply.ts';

/** Which outcomes refuse. */
type PolicySettings = Pick<PipelineSettings, 'policySpfFail' | 'policySpfPermerror' | 'policySpfTemperror'>;

/** The answer to Postfix, and the answer if SPF were enforced. */
type PolicyAction = { kind: 'refuse'; reply: SmtpReply } | { kind: 'prepend'; check: SpfCheck | null };

/**
 * Longest field that is prepended: Postfix takes it as one line, and RFC 5322 section 2.1.1 allows
 * 998 octets.
 */
const MAX_FIELD_LENGTH = 998;

/** Chooses. */
export const policyAction = (spf: SpfVerdict, settings: PolicySettings): PolicyAction => {
  const check = decidingCheck(spf);
  if (check === null) return { kind: 'prepend', check };
  const domain = check.domain;
  switch (check.result) {
    case 'fail':
      // RFC 7372 section 3.2.
      return settings.policySpfFail === 'reject'
        ? refusal(550, '5.7.23', `${domain} does not allow this client to send mail for it (SPF)`)
        : { kind: 'prepend', check };
    case 'permerror':
      return settings.policySpfPermerror === 'reject'
        ? refusal(550, '5.7.24', `The SPF record of ${domain} cannot be evaluated`)
        : { kind: 'prepend', check };
    case 'temperror':
      return settings.policySpfTemperror === 'defer'
        ? refusal(451, '4.7.24', `SPF of ${domain} could not be checked, please try again later`)
        : { kind: 'prepend', check };
    case 'none':
    case 'neutral':
    case 'pass':
    case 'softfail':
      return { kind: 'prepend', check };
    default:
      return check.result satisfies never;
  }
};

const decidingCheck = ({ mailFrom, helo }: SpfVerdict): SpfCheck | null =>
  helo?.result === 'fail' && mailFrom?.result !== 'pass' && mailFrom?.result !== 'fail' ? helo : (mailFrom ?? helo);

const refusal = (code: number, enhancedCode: string, text: string): PolicyAction => ({
  kind: 'refuse',
  reply: { code, enhancedCode, text },
});

/** The answer with a refusal. */
export const refuseAnswer = (reply: SmtpReply): string => answer(replyLine(reply));

/**
 * The answer that adds a field.
 * @param field with its name, folded; null or a field that does not fit on one line: no opinion
 */
export const prependAnswer = (field: string | null): string => {
  const line = field === null ? '' : fieldValue(field).replace(/\r\n +/g, ' ');
  return line === '' || line.length > MAX_FIELD_LENGTH ? NO_OPINION : answer(`PREPEND ${line}`);
};

const answer = (action: string): string => `action=${action}\n\n`;

/** The answer without an opinion. */
export const NO_OPINION = answer('DUNNO');
