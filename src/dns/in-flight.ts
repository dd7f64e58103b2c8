/**
 * How many questions are in flight: so many in all, so many for one registered domain, and a queue for the rest. One slow authority cannot take every
 * place, and a flood of random names under one domain waits behind itself. A question that waits keeps its deadline; a full queue fails at once.
 */
import type { Ask } from './ask.ts';
import { type Clock, MAX_TIMER_MS, TIMEOUT } from './deadline.ts';
import type { Answer, Lookup } from './lookup.ts';
import { registeredDomain } from './name.ts';

/** Bounds of one process. */
export type FlightLimits = {
  readonly maxInFlight: number;
  readonly maxPerDomain: number;
  /** Questions that wait, in all; one more is `overload`. */
  readonly maxWaiting: number;
};

/** A lookup with its places counted. */
export type BoundedLookup = {
  readonly lookup: Lookup;
  readonly inFlight: () => number;
  readonly waiting: () => number;
};

type Waiter = { readonly domain: string; readonly start: () => void; isGone: boolean };

const OVERLOAD: Answer = Object.freeze({ kind: 'failure', failure: 'overload', source: 'local' });

/** Lets questions through first come, first served, within each domain and then over all. Names are normalized. */
export const bounded = (next: Ask, limits: FlightLimits, clock: Clock): BoundedLookup => {
  let inFlight = 0;
  let waiting = 0;
  const perDomain = new Map<string, number>();
  const domainQueues = new Map<string, Waiter[]>();
  const queue: Waiter[] = [];

  /** A place of the domain comes first; who has one waits with it for a place of the process. */
  const enterDomain = (waiter: Waiter): void => {
    const held = perDomain.get(waiter.domain) ?? 0;
    if (held < limits.maxPerDomain) {
      perDomain.set(waiter.domain, held + 1);
      enterProcess(waiter);
    } else {
      const others = domainQueues.get(waiter.domain);
      if (others === undefined) domainQueues.set(waiter.domain, [waiter]);
      else others.push(waiter);
    }
  };

  const enterProcess = (waiter: Waiter): void => {
    if (inFlight < limits.maxInFlight) {
      inFlight++;
      waiter.start();
    } else queue.push(waiter);
  };

  const leaveDomain = (domain: string): void => {
    const held = (perDomain.get(domain) ?? 1) - 1;
    if (held === 0) perDomain.delete(domain);
    else perDomain.set(domain, held);
    const others = domainQueues.get(domain) ?? [];
    let waiter = others.shift();
    while (waiter?.isGone) waiter = others.shift();
    if (others.length === 0) domainQueues.delete(domain);
    if (waiter !== undefined) enterDomain(waiter);
  };

  const leave = (domain: string): void => {
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
  const turn = (domain: string, deadlineMs: number, onTurn: () => void, onTimeout: () => void): void => {
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

  const lookup: Lookup = (question, deadlineMs) => {
    const domain = registeredDomain(question.name);
    const held = perDomain.get(domain) ?? 0;
    const isFree = inFlight < limits.maxInFlight && held < limits.maxPerDomain;
    if (!isFree && waiting >= limits.maxWaiting) return Promise.resolve(OVERLOAD);
    return new Promise((resolve) => {
      const start = () =>
        next(question, deadlineMs, (answer) => {
          leave(domain);
          resolve(answer);
        });
      if (isFree) {
        inFlight++;
        perDomain.set(domain, held + 1);
        start();
      } else turn(domain, deadlineMs, start, () => resolve(TIMEOUT));
    });
  };

  return { lookup, inFlight: () => inFlight, waiting: () => waiting };
};
