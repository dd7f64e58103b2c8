/**
 * The tries of one question: which server next, when again, and when to give up. A try that goes
 * unanswered is followed by another and stays open to the deadline all the same: a recursive server
 * drops the reply to a question older than its discard time, works on, and answers a later copy, so
 * an abandoned try would throw that answer away. RFC 9520 (at most 3 tries), RFC 6891
 * section 7 (once more without EDNS).
 */

import { afterReplies, type Clock, MAX_TIMER_MS } from '../deadline.ts';
import type { Answer, Question } from '../lookup.ts';
import { encodeQuery } from '../wire/query.ts';
import { BAD_REPLY, judgeReply } from '../wire/reply.ts';
import type { Ask, OnAnswer } from './ask.ts';
import type { Exchange, OpenTry, Receiver } from './exchange.ts';
import type { Server, Servers } from './servers.ts';

/** When and how often to try. */
type TrySettings = {
  /** Tries of one question at one server, 1 to 3. */
  readonly triesPerServer: number;
  /** Wait after each of the first tries, one for each server. */
  readonly firstTryMs: number;
  /** Wait after each later try. */
  readonly laterTryMs: number;
  readonly payloadBytes: number;
  /** Trust the AD bit of servers off the loopback. */
  readonly trustsAd: boolean;
  /** Over TCP a truncated reply is a bad one: there is nowhere else to go. */
  readonly isStream: boolean;
};

/**
 * An answer, or that a server has to be asked over TCP: its reply does not fit a datagram, or
 * datagrams are being forged.
 */
export type TriedAnswer = Answer | { readonly kind: 'needs-tcp'; readonly server: Server };

type Failure = Extract<Answer, { kind: 'failure' }>;

/** The law's bound on tries at one server, the one without EDNS included (RFC 9520). */
const MAX_TRIES = 3;

const UNREACHABLE: Failure = Object.freeze({ kind: 'failure', failure: 'network', source: 'network' });
const NO_REPLY: Failure = Object.freeze({ kind: 'failure', failure: 'timeout', source: 'network' });

/**
 * Asks servers until one answers or the deadline comes. NOERROR and NXDOMAIN are final; every other
 * reply sends the question to the next server, once.
 */
export const tries = (servers: Servers, exchange: Exchange, settings: TrySettings, clock: Clock): Ask<TriedAnswer> => {
  const means = { servers, exchange, settings, clock };
  return (question, deadlineMs, onAnswer, first) => {
    const order = first === undefined ? servers.order() : [first, ...servers.all.filter((one) => one !== first)];
    new AskedQuestion(means, question, deadlineMs, onAnswer).start(order);
  };
};

/** What all questions over one transport share. */
type Means = {
  readonly servers: Servers;
  readonly exchange: Exchange;
  readonly settings: TrySettings;
  readonly clock: Clock;
};

/** A server as one question knows it. */
type Candidate = {
  readonly server: Server;
  /** Tries sent to it. */
  sent: number;
  /** True once it refused, or could not be reached: it is not asked this question again. */
  isGivenUp: boolean;
};

/** One try of a question. */
class Try implements Receiver {
  readonly asked: AskedQuestion;
  readonly candidate: Candidate;
  /** Without EDNS. */
  readonly isPlain: boolean;
  /** The transport's side of it; null once it ended. */
  sent: OpenTry | null = null;

  constructor(asked: AskedQuestion, candidate: Candidate, isPlain: boolean) {
    this.asked = asked;
    this.candidate = candidate;
    this.isPlain = isPlain;
  }

  onReply(bytes: Buffer): void {
    this.sent = null;
    this.asked.receive(this, bytes);
  }

  onUnreachable(): void {
    this.sent = null;
    this.asked.giveUp(this.candidate, UNREACHABLE);
  }

  onSpoofed(): void {
    this.sent = null;
    this.asked.needTcp(this.candidate);
  }
}

/** Before the first; never added to. */
const NO_TRIES: Try[] = [];
/** Before the question starts. */
const NO_CANDIDATES: readonly Candidate[] = [];

/**
 * A question from its first try to its answer: one object, since a question that is not cached
 * costs little more than what is made for it.
 */
class AskedQuestion {
  private readonly means: Means;
  private readonly question: Question;
  private readonly deadlineMs: number;
  private readonly onAnswer: OnAnswer<TriedAnswer>;
  private candidates: readonly Candidate[] = NO_CANDIDATES;
  private tries: Try[] = NO_TRIES;
  private lastFailure: Failure = UNREACHABLE;
  private turn = 0;
  private rounds = 0;
  private isSettled = false;
  private timer: NodeJS.Timeout | undefined = undefined;

  constructor(means: Means, question: Question, deadlineMs: number, onAnswer: OnAnswer<TriedAnswer>) {
    this.means = means;
    this.question = question;
    this.deadlineMs = deadlineMs;
    this.onAnswer = onAnswer;
  }

  /** Begins with the first of the servers. */
  start(servers: readonly Server[]): void {
    this.candidates = servers.map((server) => ({ server, sent: 0, isGivenUp: false }));
    const candidate = this.nextCandidate();
    if (candidate === null) this.settle(this.lastFailure);
    else this.advance(candidate);
  }

  receive(answered: Try, bytes: Buffer): void {
    if (this.isSettled) return;
    const { servers, settings } = this.means;
    const { candidate } = answered;
    const { server } = candidate;
    const judged = judgeReply(bytes, this.question, server.isLoopback || settings.trustsAd);
    const answer = judged === 'truncated' && settings.isStream ? BAD_REPLY : judged;
    // A limit of ours speaks of the answer, not of the server: another one would say the same.
    if (answer === 'truncated' || answer.kind !== 'failure' || answer.failure === 'limit') {
      servers.succeeded(server);
      if (answer === 'truncated') this.needTcp(candidate);
      else this.settle(answer);
    } else if (answer.failure === 'formerr' && !answered.isPlain && candidate.sent < MAX_TRIES) {
      this.send(candidate, true);
    } else this.giveUp(candidate, answer);
  }

  needTcp({ server }: Candidate): void {
    if (!this.isSettled) this.settle({ kind: 'needs-tcp', server });
  }

  giveUp(candidate: Candidate, failure: Failure): void {
    if (this.isSettled) return;
    candidate.isGivenUp = true;
    // A healthy server says SERVFAIL of a sick zone: that does not speak against the server.
    if (failure.failure !== 'servfail') this.means.servers.failed(candidate.server);
    // What a server said is worth more than that another could not be reached.
    if (failure.failure !== 'network') this.lastFailure = failure;
    const next = this.nextCandidate();
    if (next !== null) this.advance(next);
    else if (!this.hasOpenTry()) this.settle(this.lastFailure);
  }

  /** The next one in turn that has tries left and did not refuse. */
  private nextCandidate(): Candidate | null {
    const { candidates, turn } = this;
    for (let step = 0; step < candidates.length; step++) {
      const candidate = candidates[(turn + step) % candidates.length];
      if (candidate === undefined || candidate.isGivenUp) continue;
      if (candidate.sent >= this.means.settings.triesPerServer) continue;
      this.turn = (turn + step + 1) % candidates.length;
      return candidate;
    }
    return null;
  }

  private advance(candidate: Candidate): void {
    const { settings } = this.means;
    this.send(candidate, false);
    this.rounds++;
    this.wait(candidate, this.rounds <= this.candidates.length ? settings.firstTryMs : settings.laterTryMs);
  }

  private send(candidate: Candidate, isPlain: boolean): void {
    const { exchange, settings } = this.means;
    const { name, type } = this.question;
    candidate.sent++;
    const sent = new Try(this, candidate, isPlain);
    // Most questions have one try; a list that starts empty gets room for seventeen.
    if (this.tries.length === 0) this.tries = [sent];
    else this.tries.push(sent);
    sent.sent = exchange(candidate.server, encodeQuery(name, type, isPlain ? null : settings.payloadBytes), sent);
  }

  private hasOpenTry(): boolean {
    return this.tries.some((one) => one.sent !== null);
  }

  /**
   * Waits for a reply; then the next try goes out beside those before it, or the deadline ends them
   * all.
   */
  private wait(candidate: Candidate | null, ms: number): void {
    clearTimeout(this.timer);
    const remainingMs = this.deadlineMs - this.means.clock();
    const isLast = remainingMs <= ms;
    const started = setTimeout(
      () =>
        afterReplies(() => {
          if (!this.isSettled && this.timer === started) this.timeUp(candidate, isLast);
        }),
      Math.min(MAX_TIMER_MS, Math.max(0, Math.min(ms, remainingMs))),
    );
    this.timer = started;
  }

  private timeUp(candidate: Candidate | null, isLast: boolean): void {
    if (candidate !== null && !candidate.isGivenUp) this.means.servers.failed(candidate.server);
    if (isLast) {
      this.settle(this.hasOpenTry() ? NO_REPLY : this.lastFailure);
      return;
    }
    for (const one of this.tries) if (one.candidate === candidate) one.sent?.overdue();
    const next = this.nextCandidate();
    if (next !== null) this.advance(next);
    else this.wait(null, Number.POSITIVE_INFINITY);
  }

  private settle(answer: TriedAnswer): void {
    this.isSettled = true;
    clearTimeout(this.timer);
    for (const { sent } of this.tries) sent?.release(answer === NO_REPLY);
    this.onAnswer(answer);
  }
}
