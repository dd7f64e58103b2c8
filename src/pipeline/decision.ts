/**
 * A verdict and the header fields of the message → header edits and an action. Pure, and shared by
 * milter, MTA Hooks and raw hook, so that the same message gets the same treatment behind each.
 * Removes forged fields first and adds ours on top after that: the other order would remove our
 * own. RFC 8601 section 5 (removal), RFC 7372 (reply codes).
 */
import type { SmtpFacts } from '../../schemas/smtp.ts';
import type { Disposition, SmtpReply, Verdict } from '../../schemas/verdict.ts';
import { writeAuthenticationResults, writeLoginResults, writeNoResults } from '../verdict/authentication-results.ts';
import { RELAY_REPLY } from '../verdict/relay.ts';
import type { Enforcement } from './enforcement.ts';
import { type Exactness, withExactness } from './exactness.ts';
import type { HeaderAddition, HeaderRemoval } from './header-edits.ts';
import { OWN_REPLIES, safeReply } from './smtp-reply.ts';

/** What happens to the message. */
type Action = Disposition['action'];

/** Why a message gets no verdict. */
export type Unevaluated = 'fault' | 'too-slow' | 'service-full' | 'over-size';

/** What is done, and why. */
export type Decision = {
  readonly action: Action;
  /** One plain sentence, for the log. */
  readonly reason: string;
  /** What decided: the verdict, a skipped client, or the failure to reach a verdict. */
  readonly cause: 'verdict' | 'authenticated' | 'local-network' | Unevaluated;
  /** The action if policy were enforced on every recipient. */
  readonly wouldBe: Action;
  /** With reject and tempfail. */
  readonly smtpReply: SmtpReply | null;
  /** Fields to remove, in the order in which to do it. */
  readonly remove: readonly HeaderRemoval[];
  /** Fields to add after that, in order. */
  readonly add: readonly HeaderAddition[];
  /** The verdict with what the face adds to it; null without one. */
  readonly verdict: Verdict | null;
};

/** What every decision needs of the message and the settings. */
type DecisionGrounds = {
  /** Forged fields, in the order in which to remove them. */
  readonly forged: readonly HeaderRemoval[];
  /** Fields that go back on top in place of removed ones, before ours are added. */
  readonly restored: readonly HeaderAddition[];
  readonly authservId: string;
};

/** What a decision on a verdict needs beside it. */
type VerdictGrounds = DecisionGrounds & {
  readonly exactness: Exactness;
  /** One per recipient; the mildest outcome wins. */
  readonly enforcements: readonly Enforcement[];
  readonly addReceivedSpf: boolean;
};

/** Decides on a verdict. */
export const decide = (given: Verdict, grounds: VerdictGrounds): Decision => {
  const verdict = withExactness(given, grounds.exactness, (changed) =>
    writeAuthenticationResults(grounds.authservId, changed),
  );
  const outcomes = grounds.enforcements.map((enforcement) => actionUnder(enforcement, verdict.disposition));
  const action = outcomes.reduce(milder, 'reject');
  const onlyLogged = grounds.enforcements.every((enforcement) => enforcement === 'dry-run');
  const common = {
    action,
    reason: verdict.disposition.reason,
    cause: 'verdict' as const,
    wouldBe: verdict.disposition.wouldBe,
    smtpReply: replyOf(action, verdict),
    verdict,
  };
  if (onlyLogged) return { ...common, remove: [], add: [] };
  return {
    ...common,
    remove: grounds.forged,
    add: [...restoredUnder(action, grounds), ...verdictFields(verdict, action, grounds.addReceivedSpf)],
  };
};

/**
 * Decides on a message that was not evaluated because its client logged in: forged fields go, and
 * the field says no more than that.
 */
export const stampAuthenticated = (grounds: DecisionGrounds, facts: SmtpFacts): Decision => ({
  action: 'accept',
  reason: 'the client logged in with SMTP AUTH, so its mail is not evaluated',
  cause: 'authenticated',
  wouldBe: 'accept',
  smtpReply: null,
  remove: grounds.forged,
  add: [...grounds.restored, ...fieldOf(writeLoginResults(grounds.authservId, facts))],
  verdict: null,
});

/** Decides on a message that is left as it is. */
export const ignoreMessage = (cause: 'authenticated' | 'local-network'): Decision => ({
  action: 'accept',
  reason: cause === 'authenticated' ? 'the client logged in with SMTP AUTH' : 'the client belongs to a local network',
  cause,
  wouldBe: 'accept',
  smtpReply: null,
  remove: [],
  add: [],
  verdict: null,
});

/** What a message gets that could not be evaluated. */
type FailureSettings = {
  readonly failureMode: 'tempfail' | 'accept';
  readonly oversizedMessages: 'accept' | 'reject' | 'tempfail';
  /** True where nothing is refused and nothing changed. */
  readonly dryRun: boolean;
  /**
   * True when there are more forged fields than could be kept: such a message is never let through
   * with what is left of them.
   */
  readonly forgedIncomplete: boolean;
};

/**
 * Decides without a verdict. An accepted message still loses its forged fields and is stamped
 * "none": no check was made (RFC 8601 section 2.2).
 */
export const decideWithoutVerdict = (
  why: Unevaluated,
  grounds: DecisionGrounds,
  settings: FailureSettings,
): Decision => {
  const wanted: Action =
    why !== 'over-size' ? settings.failureMode : settings.forgedIncomplete ? 'reject' : settings.oversizedMessages;
  const action = settings.dryRun ? 'accept' : wanted;
  return {
    action,
    reason: UNEVALUATED_REASONS[why],
    cause: why,
    wouldBe: wanted,
    smtpReply: action === 'accept' ? null : failureReply(why, action),
    remove: settings.dryRun ? [] : grounds.forged,
    add:
      settings.dryRun || action !== 'accept'
        ? []
        : [...grounds.restored, ...fieldOf(writeNoResults(grounds.authservId, UNEVALUATED_REASONS[why]))],
    verdict: null,
  };
};

const UNEVALUATED_REASONS = {
  fault: 'not evaluated because of an internal fault',
  'too-slow': 'not evaluated within the time allowed',
  'service-full': 'not evaluated because the service was full',
  'over-size': 'not evaluated because it is too large',
} as const satisfies Record<Unevaluated, string>;

const failureReply = (why: Unevaluated, action: Action): SmtpReply =>
  why === 'over-size' ? OWN_REPLIES[action === 'reject' ? 'over-size-reject' : 'over-size-tempfail'] : OWN_REPLIES[why];

const actionUnder = (enforcement: Enforcement, disposition: Disposition): Action => {
  switch (enforcement) {
    case 'on':
      return disposition.wouldBe;
    case 'as-verdict':
      return disposition.action;
    case 'off':
    case 'dry-run':
      return 'accept';
    default:
      return enforcement satisfies never;
  }
};

const SEVERITY = { accept: 0, quarantine: 1, tempfail: 2, reject: 3 } as const satisfies Record<Action, number>;

const milder = (one: Action, other: Action): Action => (SEVERITY[one] <= SEVERITY[other] ? one : other);

const replyOf = (action: Action, { disposition, dmarc }: Verdict): SmtpReply | null => {
  if (action === 'accept' || action === 'quarantine') return null;
  const given = disposition.smtpReply;
  // The verdict brings a reply only where ENFORCE made it act; a recipient's own setting may act
  // without it.
  if (given !== undefined && Math.floor(given.code / 100) === (action === 'reject' ? 5 : 4)) return safeReply(given);
  const domain = dmarc.authorDomain ?? 'the author domain';
  return safeReply(
    action === 'reject'
      ? refusalOf(disposition.cause, domain)
      : {
          code: 451,
          enhancedCode: '4.7.0',
          text: `Sender authentication of ${domain} could not be completed, please try again later`,
        },
  );
};

const refusalOf = (cause: Disposition['cause'], domain: string): SmtpReply => {
  switch (cause) {
    case 'dmarc':
      return { code: 550, enhancedCode: '5.7.26', text: `Message fails DMARC of ${domain}, whose policy is reject` };
    case 'author':
      return { code: 550, enhancedCode: '5.7.1', text: 'Message does not name one author domain that can be read' };
    case 'header':
      return { code: 550, enhancedCode: '5.6.0', text: 'Message has octets in its header that no header may have' };
    case 'relay':
      return RELAY_REPLY;
    default:
      return cause satisfies never;
  }
};

const restoredUnder = (action: Action, { restored }: DecisionGrounds): readonly HeaderAddition[] =>
  action === 'reject' || action === 'tempfail' ? [] : restored;

const verdictFields = (verdict: Verdict, action: Action, addReceivedSpf: boolean): HeaderAddition[] => {
  if (action === 'reject' || action === 'tempfail') return [];
  return [
    ...(action === 'quarantine'
      ? [
          {
            name: 'X-Mailverdict-Quarantine',
            value: fieldValue(`yes; reason="${verdict.disposition.reason.replace(/[^\x20-\x7e]|["\\]/g, '')}"`),
          },
        ]
      : []),
    ...(addReceivedSpf ? fieldOf(verdict.headers.receivedSpf) : []),
    ...fieldOf(verdict.headers.authenticationResults),
  ];
};

const fieldOf = (field: string | null): HeaderAddition[] => {
  const colon = field?.indexOf(':') ?? -1;
  if (field === null || colon < 1) return [];
  return [{ name: field.slice(0, colon), value: fieldValue(field.slice(colon + 1)) }];
};

/**
 * A field body that both mail servers take as it is: no control characters, every fold followed by
 * white space, no empty line. UTF-8 stays: whether a message may contain it is decided where the
 * value is written.
 */
export const fieldValue = (text: string): string =>
  text
    .split(/\r?\n|\r/)
    .map((line) =>
      line
        .replace(/\t/g, ' ')
        .replace(/[\0-\x1f\x7f-\x9f]/g, '?')
        .trimEnd(),
    )
    .filter((line) => line.trim() !== '')
    .map((line, index) => (index === 0 ? line.trimStart() : line.startsWith(' ') ? line : ` ${line}`))
    .join('\r\n');
