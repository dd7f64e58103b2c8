/**
 * What to do with a message: the published DMARC policy, or the reason not to follow it. Pure. A
 * temporary failure never becomes a rejection and never passes for an answer (RFC 9989 section
 * 4.10.1 leaves it to the receiver: here it is a temporary refusal when policy is enforced).
 */
import type { DmarcVerdict } from '../../../schemas/dmarc.ts';
import type { Disposition, Override, SmtpReply, VerdictSettings } from '../../../schemas/verdict.ts';
import type { StrictestPolicy } from '../../dmarc/strictest-policy.ts';
import { RELAY_REPLY } from '../relay.ts';

/** What the decision is made of. */
export type DispositionGrounds = {
  dmarc: DmarcVerdict;
  /** SPF result word, for the reply text. */
  spf: string;
  /** DKIM result words, for the reply text. */
  dkim: string[];
  enforce: boolean;
  /** An octet of the header block that mail systems read differently; null: none. */
  strayOctet: string | null;
  /** True for mail that a stranger relays, where the settings refuse it. */
  isRefusedRelay: boolean;
  /**
   * For a message without one author domain: UNREADABLE_FROM, or the strictest policy of several.
   */
  unreadableFrom: VerdictSettings['unreadableFrom'] | StrictestPolicy;
  /** Why a DMARC failure does not count for this message, if so. */
  override: Override | null;
  /** What may yet override it once a temporary failure has ended, in words; null: nothing. */
  openOverride: string | null;
};

/** Decides. @returns `accept` with what it would have been unless the policy is enforced */
export const decide = (grounds: DispositionGrounds): Disposition => {
  const due = dueAction(grounds);
  if (grounds.enforce || due.action === 'accept') {
    return {
      ...due,
      wouldBe: due.action,
      ...replyFor(due.action, grounds),
    };
  }
  return {
    action: 'accept',
    cause: due.cause,
    reason: `${due.reason}; policy is not enforced here, so the message is accepted`,
    wouldBe: due.action,
  };
};

type Due = Pick<Disposition, 'action' | 'cause' | 'reason' | 'override'>;

/**
 * A From that names nobody, or several, must not bypass a policy. RFC 9989 section 5.3.1
 * ends DMARC there; section 11.5 asks the receiver to see the threat and allows a refusal.
 */
const dueWithoutAuthor = ({ dmarc, unreadableFrom }: DispositionGrounds): Due => {
  const reason = `there is no one author domain: ${dmarc.rfc9989.reason}`;
  switch (unreadableFrom) {
    case 'accept':
    case 'none':
      return { action: 'accept', cause: 'author', reason: `DMARC cannot be evaluated: ${dmarc.rfc9989.reason}` };
    case 'unknown':
      return { action: 'tempfail', cause: 'author', reason: `${reason}; the policy of one of them is not known yet` };
    case 'quarantine':
    case 'reject':
      return { action: unreadableFrom, cause: 'author', reason };
    default:
      return unreadableFrom satisfies never;
  }
};

const dueAction = (grounds: DispositionGrounds): Due => {
  // Whatever was proved, it was proved of one reading of the header, and the recipient may be shown
  // another.
  if (grounds.strayOctet !== null)
    return {
      action: 'reject',
      cause: 'header',
      reason: `the header holds a ${grounds.strayOctet}, which mail systems read differently`,
    };
  // Whoever the author is: what is refused is the way that the message takes.
  if (grounds.isRefusedRelay)
    return {
      action: 'reject',
      cause: 'relay',
      reason: 'a client that did not log in sends to recipients outside of the local domains',
    };
  const { dmarc, override } = grounds;
  const { result, policy } = dmarc.rfc9989;
  switch (result) {
    case 'pass':
      return { action: 'accept', cause: 'dmarc', reason: 'DMARC passes' };
    case 'none':
      return { action: 'accept', cause: 'dmarc', reason: 'the author domain publishes no DMARC policy' };
    case 'permerror':
      if (dmarc.authorDomain === null) return dueWithoutAuthor(grounds);
      return { action: 'accept', cause: 'dmarc', reason: `DMARC cannot be evaluated: ${dmarc.rfc9989.reason}` };
    case 'temperror':
      return { action: 'tempfail', cause: 'dmarc', reason: `DMARC is not known yet: ${dmarc.rfc9989.reason}` };
    case 'fail': {
      const applies = policy?.applies ?? 'none';
      if (applies === 'none')
        return { action: 'accept', cause: 'dmarc', reason: 'DMARC fails and the policy asks for no action' };
      if (override !== null) {
        return {
          action: 'accept',
          cause: 'dmarc',
          reason: `DMARC fails with policy ${applies}, but ${override.comment}`,
          override,
        };
      }
      if (grounds.openOverride !== null) {
        const open = `a temporary failure keeps ${grounds.openOverride} from being checked, which may override it`;
        return { action: 'tempfail', cause: 'dmarc', reason: `DMARC fails with policy ${applies}, but ${open}` };
      }
      return { action: applies, cause: 'dmarc', reason: `DMARC fails and the policy is ${applies}` };
    }
    default:
      return result satisfies never;
  }
};

const replyFor = (action: Disposition['action'], grounds: DispositionGrounds): { smtpReply?: SmtpReply } => {
  const domain = printable(grounds.dmarc.authorDomain ?? 'the author domain');
  switch (action) {
    case 'reject':
      if (grounds.strayOctet !== null) {
        return {
          smtpReply: {
            code: 550,
            // RFC 3463 section 3.7: something about the content.
            enhancedCode: '5.6.0',
            text: `The header of the message holds a ${grounds.strayOctet} (RFC 5322 section 2.2)`,
          },
        };
      }
      if (grounds.isRefusedRelay) return { smtpReply: RELAY_REPLY };
      if (grounds.dmarc.authorDomain === null) {
        return {
          smtpReply: {
            code: 550,
            // X.7.1 of RFC 3463, as large receivers answer a faulty From. 5.7.26
            // and its neighbours speak of checks that failed; none was made.
            enhancedCode: '5.7.1',
            text: 'The From field of the message does not name one author domain that can be read (RFC 5322 section 3.6.2)',
          },
        };
      }
      return {
        smtpReply: {
          code: 550,
          // X.7.26 of RFC 7372: more than one check failed.
          enhancedCode: '5.7.26',
          text: `Message does not prove that it comes from ${domain} (SPF ${grounds.spf}, DKIM ${dkimWords(grounds.dkim)}); the DMARC policy of ${domain} is reject`,
        },
      };
    case 'tempfail':
      return {
        smtpReply: {
          code: 451,
          // RFC 7372 section 3.2 names SPF; all else is the general security status of RFC 3463.
          enhancedCode: grounds.spf === 'temperror' ? '4.7.24' : '4.7.0',
          text: `Sender authentication of ${domain} could not be completed, please try again later`,
        },
      };
    case 'accept':
    case 'quarantine':
      return {};
    default:
      return action satisfies never;
  }
};

const dkimWords = (results: string[]): string =>
  results.length === 0 ? 'none' : [...new Set(results)].slice(0, 3).join('/');

/** Printable ASCII without a percent sign, which Sendmail and Postfix would read as a format. */
const printable = (text: string): string => text.slice(0, 128).replace(/[^\x21-\x7e]|%/g, '?');
