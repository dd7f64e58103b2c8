/**
 * How many questions are in flight: so many in all, so many for one registered domain, and a queue
 * for the rest. One slow authority cannot take every slot, and a flood of random names under one
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

/** What asks, with its counters. */
type BoundedAsk = {
  readonly ask: Ask;
  readonly inFlight: () => number;
  readonly waiting: () => number;
};

/** A registered domain with questions in flight or waiting. */
type Domain = {
  readonly name: string;
  /** Questions in flight, and those that have this slot and wait for one of the process. */
  slots: number;
  readonly queue: Waiter[];
};

type Waiter = { readonly domain: Domain; readonly start: () => void; isGone: boolean };

/**
 * The slots of the process and of each domain, and who waits for them. A slot of the domain comes
 * first; who has one waits with it for a slot of the process.
 */
class Slots {
  inFlight = 0;
  private readonly limits: FlightLimits;
  private readonly domains = new Map<string, Domain>();
  private readonly queue: Waiter[] = [];

  constructor(limits: FlightLimits) {
    this.limits = limits;
  }

  domain(name: string): Domain {
    return this.domains.get(name) ?? { name, slots: 0, queue: [] };
  }

  /** Takes both slots where both are free and nobody has to wait. */
  tryEnter(domain: Domain): boolean {
    if (this.inFlight >= this.limits.maxInFlight || domain.slots >= this.limits.maxPerDomain) return false;
    this.inFlight++;
    this.takeDomainSlot(domain);
    return true;
  }

  enter(waiter: Waiter): void {
    const { domain } = waiter;
    if (domain.slots < this.limits.maxPerDomain) {
      this.takeDomainSlot(domain);
      this.enterProcess(waiter);
    } else domain.queue.push(waiter);
  }

  leave(domain: Domain): void {
    this.inFlight--;
    this.leaveDomain(domain);
    while (this.inFlight < this.limits.maxInFlight) {
      const waiter = this.queue.shift();
      if (waiter === undefined) return;
      if (waiter.isGone) this.leaveDomain(waiter.domain);
      else this.enterProcess(waiter);
    }
  }

  /**
   * In the map only while it has slots taken, so that refused questions leave nothing behind.
   */
  private takeDomainSlot(domain: Domain): void {
    if (domain.slots === 0) this.domains.set(domain.name, domain);
    domain.slots++;
  }

  private enterProcess(waiter: Waiter): void {
    if (this.inFlight < this.limits.maxInFlight) {
      this.inFlight++;
      waiter.start();
    } else this.queue.push(waiter);
  }

  private leaveDomain(domain: Domain): void {
    domain.slots--;
    let waiter = domain.queue.shift();
    while (waiter?.isGone) waiter = domain.queue.shift();
    if (waiter !== undefined) this.enter(waiter);
    else if (domain.slots === 0) this.domains.delete(domain.name);
  }
}

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
  const slots = new Slots(limits);
  let waiting = 0;

  /** Calls `onTurn` with both slots taken, or `onTimeout` when the deadline comes first. */
  const wait = (domain: Domain, deadlineMs: number, onTurn: () => void, onTimeout: () => void): void => {
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
    slots.enter(waiter);
  };

  /** Asks with both slots taken. */
  const fly = (question: Question, deadlineMs: number, domain: Domain, onAnswer: OnAnswer): void =>
    next(question, deadlineMs, (answer) => {
      slots.leave(domain);
      onAnswer(answer);
    });

  const ask: Ask = (question, deadlineMs, onAnswer) => {
    const domain = slots.domain(registeredDomain(question.name));
    if (slots.tryEnter(domain)) fly(question, deadlineMs, domain, onAnswer);
    else if (waiting >= limits.maxWaiting) onAnswer(overload);
    else {
      const onTurn = () => fly(question, deadlineMs, domain, onAnswer);
      wait(domain, deadlineMs, onTurn, () => onAnswer(TIMEOUT));
    }
  };

  return { ask, inFlight: () => slots.inFlight, waiting: () => waiting };
};
