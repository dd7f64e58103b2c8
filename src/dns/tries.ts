/**
 * The tries of one question: which server next, when again, and when to give up. A try that goes unanswered is followed by another and stays open to the
 * deadline all the same: a recursive server drops the reply to a question older than its discard time, works on, and answers a later copy, so an
 * abandoned try would throw that answer away. RFC 9520 section 3.1 (at most 3 tries), RFC 6891 section 7 (once more without EDNS).
 */
import { type Clock, MAX_TIMER_MS } from './deadline.ts';
import type { Exchange, TryOutcome } from './exchange.ts';
import type { Answer, Question } from './lookup.ts';
import { encodeQuery, type Query } from './query.ts';
import { BAD_REPLY, judgeReply, type ReplyLimits } from './reply.ts';
import type { Server, Servers } from './servers.ts';

/** When and how often to try. */
export type TrySettings = {
  /** Tries of one question at one server, 1 to 3. */
  readonly triesPerServer: number;
  /** Wait after each of the first tries, one for each server. */
  readonly firstTryMs: number;
  /** Wait after each later try. */
  readonly laterTryMs: number;
  readonly payloadBytes: number;
  /** Trust the AD bit of servers off the loopback. */
  readonly trustsAd: boolean;
  readonly limits: ReplyLimits;
  /** Over TCP a truncated reply is a bad one: there is nowhere else to go. */
  readonly isStream: boolean;
};

/** An answer, or word from a server that it does not fit into a datagram. */
export type TriedAnswer = Answer | { readonly kind: 'truncated'; readonly server: Server };

/**
 * Asks servers until one answers or the deadline comes; never rejects.
 * @param question its name normalized
 * @param first the server to begin with
 */
export type Ask = (question: Question, deadlineMs: number, first?: Server) => Promise<TriedAnswer>;

type Failure = Extract<Answer, { kind: 'failure' }>;

/** The law's bound on tries at one server, the one without EDNS included (RFC 9520 section 3.1). */
const MAX_TRIES = 3;

/** A server as one question knows it. */
type Candidate = {
  readonly server: Server;
  /** Tries sent to it. */
  sent: number;
  /** True once it refused, or could not be reached: it is not asked this question again. */
  isGivenUp: boolean;
};

/** NOERROR and NXDOMAIN are final; every other reply sends the question to the next server, once. */
export const tries =
  (servers: Servers, exchange: Exchange, settings: TrySettings, clock: Clock): Ask =>
  (question, deadlineMs, first) =>
    new Promise((resolve) => {
      const order = first === undefined ? servers.order() : [first, ...servers.all.filter((one) => one !== first)];
      const candidates: Candidate[] = order.map((server) => ({ server, sent: 0, isGivenUp: false }));
      const query = encodeQuery(question.name, question.type, settings.payloadBytes);
      const releases: (() => void)[] = [];
      let lastFailure: Failure = { kind: 'failure', failure: 'network', source: 'network' };
      /** Tries that may still be answered. */
      let open = 0;
      let turn = 0;
      let rounds = 0;
      let isSettled = false;
      let timer: NodeJS.Timeout | undefined;

      const settle = (answer: TriedAnswer): void => {
        isSettled = true;
        clearTimeout(timer);
        for (const release of releases) release();
        resolve(answer);
      };

      /** The next one in turn that has tries left and did not refuse. */
      const nextCandidate = (): Candidate | null => {
        for (let step = 0; step < candidates.length; step++) {
          const candidate = candidates[(turn + step) % candidates.length];
          if (candidate === undefined || candidate.isGivenUp || candidate.sent >= settings.triesPerServer) continue;
          turn = (turn + step + 1) % candidates.length;
          return candidate;
        }
        return null;
      };

      const send = (candidate: Candidate, bytes: Query, isPlain: boolean): void => {
        candidate.sent++;
        open++;
        const onOutcome = (outcome: TryOutcome): void => {
          open--;
          if (!isSettled) receive(candidate, outcome, isPlain);
        };
        releases.push(exchange(candidate.server, bytes, onOutcome));
      };

      const receive = (candidate: Candidate, outcome: TryOutcome, isPlain: boolean): void => {
        if (outcome.kind === 'unreachable') {
          giveUp(candidate, { kind: 'failure', failure: 'network', source: 'network' });
          return;
        }
        const { server } = candidate;
        const judged = judgeReply(outcome.bytes, question, settings.limits, server.isLoopback || settings.trustsAd);
        const answer = judged === 'truncated' && settings.isStream ? BAD_REPLY : judged;
        if (answer === 'truncated' || answer.kind !== 'failure') {
          servers.succeeded(server);
          settle(answer === 'truncated' ? { kind: 'truncated', server } : answer);
        } else if (answer.failure === 'formerr' && !isPlain && candidate.sent < MAX_TRIES) {
          send(candidate, encodeQuery(question.name, question.type, null), true);
        } else giveUp(candidate, answer);
      };

      const giveUp = (candidate: Candidate, failure: Failure): void => {
        candidate.isGivenUp = true;
        // A healthy server says SERVFAIL of a sick zone: that does not speak against the server.
        if (failure.failure !== 'servfail') servers.failed(candidate.server);
        // What a server said tells more than that another could not be reached.
        if (failure.failure !== 'network') lastFailure = failure;
        const next = nextCandidate();
        if (next !== null) advance(next);
        else if (open === 0) settle(lastFailure);
      };

      const advance = (candidate: Candidate): void => {
        send(candidate, query, false);
        rounds++;
        wait(candidate, rounds <= candidates.length ? settings.firstTryMs : settings.laterTryMs);
      };

      /** Waits for a reply; then the next try goes out beside those before it, or the deadline ends them all. */
      const wait = (candidate: Candidate | null, ms: number): void => {
        clearTimeout(timer);
        const remainingMs = deadlineMs - clock();
        const isLast = remainingMs <= ms;
        const started = setTimeout(
          // After a blocked event loop the timer fires before the sockets are read: one more turn lets a reply that is already there win.
          () =>
            setImmediate(() => {
              if (!isSettled && timer === started) timeUp(candidate, isLast);
            }),
          Math.min(MAX_TIMER_MS, Math.max(0, Math.min(ms, remainingMs))),
        );
        timer = started;
      };

      const timeUp = (candidate: Candidate | null, isLast: boolean): void => {
        if (candidate !== null && !candidate.isGivenUp) servers.failed(candidate.server);
        if (isLast) {
          settle(open > 0 ? { kind: 'failure', failure: 'timeout', source: 'network' } : lastFailure);
          return;
        }
        const next = nextCandidate();
        if (next !== null) advance(next);
        else wait(null, Number.POSITIVE_INFINITY);
      };

      const candidate = nextCandidate();
      if (candidate === null) settle(lastFailure);
      else advance(candidate);
    });
