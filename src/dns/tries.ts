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

/** NOERROR and NXDOMAIN are final; every other reply sends the question to the next server, once. */
export const tries =
  (servers: Servers, exchange: Exchange, settings: TrySettings, clock: Clock): Ask =>
  (question, deadlineMs, first) =>
    new Promise((resolve) => {
      const order = first === undefined ? servers.order() : [first, ...servers.all.filter((one) => one !== first)];
      const sent = new Map<Server, number>();
      const givenUp = new Set<Server>();
      const releases: (() => void)[] = [];
      let open = 0;
      let lastFailure: Failure = { kind: 'failure', failure: 'network', source: 'network' };
      let timer: NodeJS.Timeout | undefined;
      let isSettled = false;
      let turn = 0;
      let rounds = 0;
      const query = encodeQuery(question.name, question.type, settings.payloadBytes);

      const settle = (answer: TriedAnswer): void => {
        isSettled = true;
        clearTimeout(timer);
        for (const release of releases) release();
        resolve(answer);
      };

      /** The next server in turn that has tries left and did not refuse; null when there is none. */
      const nextServer = (): Server | null => {
        for (let step = 0; step < order.length; step++) {
          const server = order[(turn + step) % order.length];
          if (server === undefined || givenUp.has(server)) continue;
          if ((sent.get(server) ?? 0) >= settings.triesPerServer) continue;
          turn = (turn + step + 1) % order.length;
          return server;
        }
        return null;
      };

      const send = (server: Server, bytes: Query, isPlain: boolean): void => {
        sent.set(server, (sent.get(server) ?? 0) + 1);
        open++;
        let isOver = false;
        const release = exchange(server, bytes, (outcome) => {
          if (isOver) return;
          isOver = true;
          open--;
          if (!isSettled) receive(server, outcome, isPlain);
        });
        releases.push(release);
      };

      const receive = (server: Server, outcome: TryOutcome, isPlain: boolean): void => {
        if (outcome.kind === 'unreachable') {
          giveUp(server, { kind: 'failure', failure: 'network', source: 'network' });
          return;
        }
        const judged = judgeReply(outcome.bytes, question, settings.limits, server.isLoopback || settings.trustsAd);
        const answer = judged === 'truncated' && settings.isStream ? BAD_REPLY : judged;
        if (answer === 'truncated' || answer.kind !== 'failure') {
          servers.succeeded(server);
          settle(answer === 'truncated' ? { kind: 'truncated', server } : answer);
        } else if (answer.failure === 'formerr' && !isPlain && (sent.get(server) ?? 0) < MAX_TRIES) {
          send(server, encodeQuery(question.name, question.type, null), true);
        } else giveUp(server, answer);
      };

      const giveUp = (server: Server, failure: Failure): void => {
        // A healthy server says SERVFAIL of a sick zone: that does not speak against the server.
        if (failure.failure !== 'servfail') servers.failed(server);
        givenUp.add(server);
        // What a server said tells more than that another could not be reached.
        if (failure.failure !== 'network') lastFailure = failure;
        const next = nextServer();
        if (next !== null) advance(next);
        else if (open === 0) settle(lastFailure);
      };

      const advance = (server: Server): void => {
        clearTimeout(timer);
        send(server, query, false);
        rounds++;
        wait(server, rounds <= order.length ? settings.firstTryMs : settings.laterTryMs);
      };

      /** Waits for a reply; then the next try goes out beside those before it, or the deadline ends them all. */
      const wait = (server: Server | null, ms: number): void => {
        const remainingMs = deadlineMs - clock();
        const isLast = remainingMs <= ms;
        timer = setTimeout(
          // After a blocked event loop the timer fires before the sockets are read: one more turn lets a reply that is already there win.
          () => setImmediate(() => (isSettled ? undefined : timeUp(server, isLast))),
          Math.min(MAX_TIMER_MS, Math.max(0, Math.min(ms, remainingMs))),
        );
      };

      const timeUp = (server: Server | null, isLast: boolean): void => {
        if (server !== null && !givenUp.has(server)) servers.failed(server);
        if (isLast) {
          settle(open > 0 ? { kind: 'failure', failure: 'timeout', source: 'network' } : lastFailure);
          return;
        }
        const next = nextServer();
        if (next !== null) advance(next);
        else wait(null, Number.POSITIVE_INFINITY);
      };

      const server = nextServer();
      if (server === null) settle(lastFailure);
      else advance(server);
    });
