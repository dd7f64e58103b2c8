/**
 * How many questions are in flight: so many in all, so many for one registered domain, and a queue
 * for the rest. One slow authority cannot take every place, and a flood of random names under one
 * domain waits behind itself. A question that waits keeps its deadline; a full queue fails at once.
 */
import { reached } from '../../../schemas/limit.ts';
import { type Clock, MAX_TIMER_MS, TIMEOUT } from '../deadline.ts';
import type { Answer, Question } from '../lookup.ts';
import { registeredDomain } from '../public-suffix.ts';
import type { Ask, OnAnswer } from './ask.ts';

/** Bounds of one process. */
type FlightLimits = {
  readonly maxInFlight: number;
  readonly maxPerDomain: number;
  /** Questions that wait, in all; one more fails at once with the limit `waiting`. */
  readonly maxWaiting: number;
};

/** What asks, with its places counted. */
type BoundedAsk = {
  readonly ask: Ask;
  readonly inFlight: () => number;
  readonly waiting: () => number;
};

/** A registered domain with questions in flight or waiting. */
type Domain = {
  readonly name: string;
  /**
   * Places held: questions in flight, and those that have this place and wait for one of the
   * process.
   */
  held: number;
  readonly queue: Waiter[];
};

type Waiter = { readonly domain: Domain; readonly start: () => void; isGone: boolean };

/**
 * Lets questions through first come, first served, within each domain and then over all. Names are
 * normalized.
 */
export const bounded = (next: Ask, limits: FlightLimits, clock: Clock): BoundedAsk => {
  const overload: Answer = Object.freeze({
    kind: 'failure',
    failure: 'limit',
    limit: reached('waiting', limits.maxWaiting),
    source: 'local',
  });
  let inFlight = 0;
  let waiting = 0;
  const domains = new Map<string, Domain>();
  const queue: Waiter[] = [];

  /**
   * In the map only while it has places taken, so that refused questions leave nothing behind.
   */
  const takePlace = (domain: Domain): void => {
    if (domain.held === 0) domains.set(domain.name, domain);
    domain.held++;
  };

  /** A place of the domain comes first; who has one waits with it for a place of the process. */
  const enterDomain = (waiter: Waiter): void => {
    const { domain } = waiter;
    if (domain.held < limits.maxPerDomain) {
      takePlace(domain);
      enterProcess(waiter);
    } else domain.queue.push(waiter);
  };

  const enterProcess = (waiter: Waiter): void => {
    if (inFlight < limits.maxInFlight) {
      inFlight++;
      waiter.start();
    } else queue.push(waiter);
  };

  const leaveDomain = (domain: Domain): void => {
    domain.held--;
    let waiter = domain.queue.shift();
    while (waiter?.isGone) waiter = domain.queue.shift();
    if (waiter !== undefined) enterDomain(waiter);
    else if (domain.held === 0) domains.delete(domain.name);
  };

  const leave = (domain: Domain): void => {
    inFlight--;
    leaveDomain(domain);
    while (inFlight < limits.maxInFlight) {
      const waiter = queue.shift();
      if (waiter === undefined) return;
      if (waiter.isGone) leaveDomain(waiter.domain);
      else enterProcess(waiter);
    }
  };

  /** Calls `onTurn` with both places taken, or `onTimeout` when the deadline comes first. */
  const turn = (domain: Domain, deadlineMs: number, onTurn: () => void, onTimeout: () => void): void => {
    const waiter: Waiter = {
      domain,
      isGone: false,
      start: () => {
        clearTimeout(timer);
        waiting--;
        onTurn();
      },
    };
    const timer = setTimeout(
      () => {
        waiter.isGone = true;
        waiting--;
        onTimeout();
      },
      Math.min(MAX_TIMER_MS, Math.max(0, deadlineMs - clock())),
    );
    waiting++;
    enterDomain(waiter);
  };

  /** Asks with both places taken. */
  const fly = (question: Question, deadlineMs: number, domain: Domain, onAnswer: OnAnswer): void =>
    next(question, deadlineMs, (answer) => {
      leave(domain);
      onAnswer(answer);
    });

  const ask: Ask = (question, deadlineMs, onAnswer) => {
    const name = registeredDomain(question.name);
    const domain = domains.get(name) ?? { name, held: 0, queue: [] };
    if (inFlight < limits.maxInFlight && domain.held < limits.maxPerDomain) {
      inFlight++;
      takePlace(domain);
      fly(question, deadlineMs, domain, onAnswer);
    } else if (waiting >= limits.maxWaiting) onAnswer(overload);
    else
      turn(
        domain,
        deadlineMs,
        () => fly(question, deadlineMs, domain, onAnswer),
        () => onAnswer(TIMEOUT),
      );
  };

  return { ask, inFlight: () => inFlight, waiting: () => waiting };
};
