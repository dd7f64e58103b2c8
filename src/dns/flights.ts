/**
 * Questions in flight: an identical question waits for the one in flight. A flight runs to
 * its own deadline even if the first who asked has left. Holds no answers.
 */
import type { Answer, Question } from './lookup.ts';
import type { Ask } from './transport/ask.ts';

/** A question in flight, shared by all who asked it. */
type Flight = { answer: Promise<Answer>; readonly deadlineMs: number; isForgotten: boolean };

/**
 * Takes the answer of a flight.
 * @param mayCache false where the name was flushed in the meantime
 * @returns the answer as those who wait get it
 */
type Land = (question: Question, answer: Answer, mayCache: boolean) => Answer;

const keyOf = ({ type, name }: Question): string => `${type}:${name}`;

/** Placeholder of a flight's answer while the flight starts. */
const NOT_YET: Promise<Answer> = new Promise(() => {});

/** The flights of one cache. Names are normalized. */
export class Flights {
  private readonly flights = new Map<string, Flight>();
  private readonly next: Ask;
  private readonly timeoutMs: number;
  private readonly land: Land;

  /** @param timeoutMs time one question has, whoever waits for it */
  constructor(next: Ask, timeoutMs: number, land: Land) {
    this.next = next;
    this.timeoutMs = timeoutMs;
    this.land = land;
  }

  find(question: Question): Flight | undefined {
    return this.flights.get(keyOf(question));
  }

  /** Begins a flight. @param nowMs on the clock of the deadline */
  begin(question: Question, nowMs: number): Flight {
    const key = keyOf(question);
    const deadlineMs = nowMs + this.timeoutMs;
    const flight: Flight = { answer: NOT_YET, deadlineMs, isForgotten: false };
    // In the map before the question starts: what needs no server is answered within the call.
    this.flights.set(key, flight);
    flight.answer = new Promise((resolve) => {
      this.next(question, deadlineMs, (answer) => {
        // A flight that was forgotten is out of the map, and another may have its key.
        if (!flight.isForgotten) this.flights.delete(key);
        resolve(this.land(question, answer, !flight.isForgotten));
      });
    });
    return flight;
  }

  /** Lets a flight end for those who wait, and for nobody else. */
  forget(question: Question): void {
    const flight = this.find(question);
    if (flight !== undefined) flight.isForgotten = true;
    this.flights.delete(keyOf(question));
  }

  forgetAll(): void {
    for (const flight of this.flights.values()) flight.isForgotten = true;
    this.flights.clear();
  }
}
