/**
 * What a domain is for, as far as its records say: whether it means to send mail at all, and its
 * posture in one sentence. A domain that sends none and says so is well kept, not broken (RFC 7505
 * section 4.2, RFC 7208 section 10.1.2). Pure.
 */

import type { PostureFinding } from '../../schemas/posture/posture.ts';
import type { SpfPosture } from '../../schemas/posture/spf.ts';
import { counted } from './counted.ts';
import type { Assessed } from './rules/assessed.ts';

/** Terms that can let a sender pass. */
const PASSING = new Set(['a', 'mx', 'ip4', 'ip6', 'include', 'exists', 'ptr', 'redirect']);

/** True when the SPF record names no sender and refuses everyone. */
export const refusesAll = ({ state, all, tree }: SpfPosture): boolean =>
  state === 'valid' && all === '-' && !(tree?.terms ?? []).some(({ name }) => PASSING.has(name));

/**
 * Whether a domain sends mail, as far as its records show it.
 * @returns false: they say that it sends none; null: nothing shows it, or DNS leaves it unknown
 */
export const sendsMail = ({ spf, mail, dkim }: Pick<Assessed, 'spf' | 'mail' | 'dkim'>): boolean | null => {
  // A null MX means no replies and no bounces, which a sender needs (RFC 7505 section 4.2); an SPF
  // record with senders in it says otherwise.
  if (refusesAll(spf) || (mail.state === 'null-mx' && spf.state !== 'valid')) return false;
  const isShown =
    (spf.state !== 'absent' && spf.state !== 'dns-failure') || mail.state === 'mx' || dkim.state === 'found';
  return isShown ? true : null;
};

/** The posture in one sentence. @param name as people read it */
export const summarize = (
  name: string,
  { sendsMail: sends, zone, spf, mail }: Assessed,
  findings: readonly PostureFinding[],
): string => {
  if (zone.exists === false) return `${name} does not exist in DNS`;
  const count = (severity: PostureFinding['severity']): number =>
    findings.filter((finding) => finding.severity === severity).length;
  const purpose =
    sends === null
      ? spf.state === 'dns-failure' || mail.state === 'dns-failure'
        ? 'DNS left parts of it unknown'
        : 'nothing shows whether it sends mail'
      : sends
        ? 'it sends mail'
        : 'it says that it sends no mail';
  const errors = count('error');
  const warnings = count('warning');
  const first =
    findings.find(({ severity }) => severity === 'error') ?? findings.find(({ severity }) => severity === 'warning');
  return first === undefined
    ? `${name}: ${purpose}, and nothing has to be mended`
    : `${name}: ${purpose}, with ${counted(errors, 'error')} and ${counted(warnings, 'warning')}; first of all, ${first.message}`;
};
