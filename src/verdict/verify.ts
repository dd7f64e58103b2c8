/**
 * The door: a message and its transport facts in, a verdict out. A staircase of named steps;
 * independent DNS questions run side by side, and every question passes the budget of this one
 * verification. Never throws on what a message holds; a failure is `temperror`, an unknown is told
 * as unknown.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { OverlayRecord } from '../../schemas/dns.ts';
import type { IncludeWord } from '../../schemas/requests/verify.ts';
import type { SmtpFacts } from '../../schemas/smtp.ts';
import type { Verdict, VerdictSettings } from '../../schemas/verdict.ts';
import { createKeyCache } from '../dkim/key.ts';
import { verifyMessage } from '../dkim/verify-message.ts';
import { beginDmarc, noAuthorDomain } from '../dmarc/evaluate.ts';
import { strictestPolicy } from '../dmarc/strictest-policy.ts';
import { type BudgetLimits, withBudget } from '../dns/budget.ts';
import type { Lookup } from '../dns/lookup.ts';
import { parseOverlay, withOverlay } from '../dns/zone/overlay.ts';
import { sha256 } from '../message/digest.ts';
import { scanInTurns } from '../message/line-ends.ts';
import { type MessageLimits, readMessage } from '../message/message.ts';
import { answerAuthor } from './answer.ts';
import { toArcVerdict } from './arc.ts';
import { writeAuthenticationResults, writeReceivedSpf } from './authentication-results.ts';
import { readAuthor } from './author.ts';
import { askBimiAhead, checkBimi } from './bimi.ts';
import { deriveFacts } from './derived/derive.ts';
import { decide } from './disposition.ts';
import { toSignature } from './dkim.ts';
import { mergeEvidence } from './evidence.ts';
import { Fault } from './fault.ts';
import { collectFindings } from './findings/findings.ts';
import { findStrayOctet } from './findings/stray-octets.ts';
import { mayAlign, toIdentifiers } from './identifiers.ts';
import { checkIprev } from './iprev.ts';
import { readMessageFacts } from './message-facts.ts';
import { findOpenOverride, findOverride } from './override.ts';
import { mailauthVersion } from './spf/mailauth.ts';
import { checkSpf } from './spf/spf.ts';
import { traceSpf } from './spf/spf-trace.ts';
import { readTransport } from './transport.ts';

/** What a caller may ask for beside the verdict itself. */
export type VerifyOptions = {
  include?: readonly IncludeWord[] | undefined;
  /** Unpublished records for this verification only. */
  overlay?: readonly OverlayRecord[] | undefined;
  /**
   * Names, `*.` wildcards, addresses and networks of own hosts: the Received fields that they wrote
   * are believed.
   */
  trustReceived?: string | readonly string[] | undefined;
  trustedAuthservIds?: readonly string[] | undefined;
  /** Ends the verification without a verdict. */
  signal?: AbortSignal | undefined;
};

/**
 * Judges one message.
 * @throws Fault `header-too-large`, `invalid-overlay` or `aborted`; nothing else that a caller
 * could cause
 */
export type Verify = (bytes: Buffer, given: SmtpFacts, options?: VerifyOptions) => Promise<Verdict>;

/** The steps whose time is told; `signatures` is DKIM and ARC. */
export type Step = 'spf' | 'signatures' | 'iprev' | 'dmarc' | 'bimi' | 'trace';

/**
 * Where a verification is: the step that began last, or that it ended. `read` comes before the
 * steps, `decide` after them.
 */
export type Progress = {
  /** The id of the verdict. */
  readonly id: string;
  /** Octets of the message. */
  readonly bytes: number;
  readonly step: Step | 'read' | 'decide' | 'end';
};

/** Told where a verification is; called synchronously, must not throw. */
export type OnProgress = (progress: Progress) => void;

/** What a verifier is made of. */
export type VerifierParts = {
  lookup: Lookup;
  settings: VerdictSettings;
  messageLimits: MessageLimits;
  dnsLimits: BudgetLimits;
  clock: {
    /** Milliseconds since the epoch. */
    nowMs: () => number;
    /** Milliseconds that never go back. */
    monotonicMs: () => number;
  };
  newId: () => string;
  version: string;
  /** `replay`: the lookup is recorded evidence, told and not limited. */
  mode: 'enforce' | 'replay';
  /**
   * Told how long a step took in milliseconds, for gauges; must not throw. Steps run side by side:
   * together they take longer than the whole.
   */
  onStep?: ((step: Step, elapsedMs: number) => void) | undefined;
  onProgress?: OnProgress | undefined;
};

/**
 * With more signatures than this, alignment, header fields and findings are not made in one turn of
 * the event loop.
 */
const MANY_SIGNATURES = 100;

/** Makes the function that judges messages. */
export const createVerifier = (parts: VerifierParts): Verify => {
  const keys = createKeyCache();
  const judge = async ({ id, tell }: Run, ...[bytes, given, options = {}]: Parameters<Verify>): Promise<Verdict> => {
    const { settings, clock } = parts;
    const timed = stopwatch(clock.monotonicMs, tell, parts.onStep);
    const startedMs = clock.monotonicMs();
    const nowMs = clock.nowMs();
    const deadlineMs = startedMs + parts.dnsLimits.maxElapsedMs;
    const message = readMessage(bytes, parts.messageLimits, await scanInTurns(bytes));
    if (message.kind === 'header-too-large') {
      throw new Fault('header-too-large', `the header block passes the limit ${message.limit} of ${message.max}`);
    }
    const { facts, derived, clientUnknown, findings: ofDerivedFacts } = deriveFacts(message, given, options);
    const laid = overlaid(parts.lookup, options.overlay);
    const budget = withBudget(stoppable(laid, options.signal), parts.dnsLimits, clock.monotonicMs, parts.mode);
    const { lookup, policyLookup } = budget;
    const author = readAuthor(message);
    const { strict, authservId: receiver } = settings;
    const spfParts = { lookup, deadlineMs, clock, strict, receiver, clientUnknown };

    // Asked at once, as soon as their names are known: SPF, keys, DMARC records, the client's name,
    // and BIMI.
    const dmarcBegun = author.domain === null ? null : beginDmarc(author.domain, policyLookup, deadlineMs);
    const [checked, sealed, iprev, digest] = await Promise.all([
      timed('spf', () => checkSpf(facts, spfParts)),
      timed('signatures', () =>
        verifyMessage(message, {
          lookup,
          deadlineMs,
          nowSeconds: nowMs / 1000,
          settings,
          keys,
          mayAlign: (sdid) => mayAlign(sdid, author.domain),
        }),
      ),
      timed('iprev', () => checkIprev(facts.clientIp, lookup, deadlineMs)),
      sha256(bytes),
      dmarcBegun === null ? null : askBimiAhead(message, author, dmarcBegun, lookup, deadlineMs),
    ]);
    const hasMany = sealed.signatures.length > MANY_SIGNATURES;
    if (hasMany) await nextTurn();
    const signatures = sealed.signatures.map(toSignature);
    const arc = toArcVerdict(sealed.arc, message, settings.arcTrustedSealers);
    const judgedDmarc =
      dmarcBegun === null
        ? noAuthorDomain(author.reason ?? 'there is no author domain')
        : await timed('dmarc', () => dmarcBegun.finish(toIdentifiers(checked, signatures, settings)));
    const dkim = await Promise.all(
      signatures.map(async (signature) => ({
        ...signature,
        aligned: signature.sdid === null || dmarcBegun === null ? null : await dmarcBegun.dkimAligned(signature.sdid),
      })),
    );
    if (hasMany) await nextTurn();
    const bimi = await timed('bimi', () =>
      checkBimi({ message, author, dmarc: judgedDmarc, dkim, evaluation: dmarcBegun }, lookup, deadlineMs),
    );
    // On a ledger of its own: what only the picture needs must not use up the limits of the
    // verdict.
    const aside = withBudget(stoppable(laid, options.signal), parts.dnsLimits, clock.monotonicMs, parts.mode);
    const dmarc =
      asks(options, 'reports') && dmarcBegun !== null
        ? { ...judgedDmarc, rfc9989: { ...judgedDmarc.rfc9989, reports: await dmarcBegun.reports(aside.lookup) } }
        : judgedDmarc;
    const { spf, disagreements } = asks(options, 'trace')
      ? await timed('trace', () => traceSpf(checked, facts, { ...spfParts, lookup: aside.lookup }))
      : { spf: checked, disagreements: [] };
    if (options.signal?.aborted) throw new Fault('aborted', 'the caller gave up');

    tell('decide');
    const severalPolicies =
      author.domains.length > 1
        ? await strictestPolicy(author.domains, toIdentifiers(checked, signatures, settings), policyLookup, deadlineMs)
        : null;
    const grounds = { dmarc, spf, dkim, arc, iprev, facts, settings };
    const override = findOverride(grounds);
    const disposition = decide({
      dmarc,
      spf: spf.result,
      dkim: dkim.map(({ result }) => result),
      enforce: settings.enforce,
      strayOctet: findStrayOctet(message),
      unreadableFrom: severalPolicies ?? settings.unreadableFrom,
      override,
      openOverride: findOpenOverride(grounds),
    });
    const judged = { spf, dkim, arc, dmarc, bimi, iprev, smtp: facts, disposition };
    const usage = budget.usage();
    return {
      id,
      evaluatedAt: new Date(nowMs).toISOString(),
      elapsedMs: rounded(clock.monotonicMs() - startedMs),
      engine: {
        name: 'mailverdict',
        version: parts.version,
        mailauth: mailauthVersion,
        ...(asks(options, 'evidence') && { settings }),
      },
      author: answerAuthor(author, dmarc),
      disposition,
      smtp: facts,
      transport: readTransport(facts),
      ...(derived !== null && { derived }),
      message: readMessageFacts(message, author, digest),
      spf,
      dkim,
      arc,
      dmarc,
      bimi,
      iprev,
      headers: {
        authenticationResults: writeAuthenticationResults(facts.receiver ?? settings.authservId, judged),
        receivedSpf: writeReceivedSpf(facts.receiver ?? settings.authservId, spf.mailFrom ?? spf.helo, facts),
      },
      findings: collectFindings({
        message,
        author,
        outcomes: sealed.signatures,
        ...judged,
        usage,
        settings,
        disagreements,
        ofDerivedFacts,
      }),
      dns: usage,
      ...(asks(options, 'evidence') && { evidence: mergeEvidence(budget.evidence(), aside.evidence()) }),
    };
  };
  return async (bytes, ...rest) => {
    const id = parts.newId();
    const tell: Run['tell'] = (step) => parts.onProgress?.({ id, bytes: bytes.length, step });
    tell('read');
    try {
      return await judge({ id, tell }, bytes, ...rest);
    } finally {
      tell('end');
    }
  };
};

/** One verification: the id of its verdict, and who is told where it is. */
type Run = { readonly id: string; readonly tell: (step: Progress['step']) => void };

const stopwatch =
  (nowMs: () => number, tell: Run['tell'], onStep: VerifierParts['onStep']) =>
  async <Result>(step: Step, work: () => Promise<Result>): Promise<Result> => {
    const startedMs = nowMs();
    tell(step);
    try {
      return await work();
    } finally {
      onStep?.(step, nowMs() - startedMs);
    }
  };

const overlaid = (lookup: Lookup, records: readonly OverlayRecord[] | undefined): Lookup => {
  if (records === undefined || records.length === 0) return lookup;
  const parsed = parseOverlay(records, 'dns');
  if (!parsed.ok) throw new Fault('invalid-overlay', 'the records in "dns" cannot be laid over DNS', parsed.errors);
  return withOverlay(parsed.overlay, lookup);
};

/** Once the caller is gone nothing more is asked: memory only. */
const stoppable =
  (lookup: Lookup, signal: AbortSignal | undefined): Lookup =>
  (question, deadlineMs) =>
    lookup(question, signal?.aborted ? Number.NEGATIVE_INFINITY : deadlineMs);

const asks = ({ include }: VerifyOptions, word: IncludeWord): boolean => include?.includes(word) === true;

const rounded = (ms: number): number => Math.round(ms * 100) / 100;
