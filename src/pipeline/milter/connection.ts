/**
 * One milter connection: octets to frames to commands to the session, and its replies back, in one
 * write for each read. Takes no frame while a message is evaluated or while the mail server has to
 * read its replies first. A broken peer costs its own connection only. Keeps no state of the
 * protocol.
 */
import type { Socket } from 'node:net';
import type { Memory } from '../../message/memory.ts';
import { createSender } from '../connections/sender.ts';
import type { PipelineLog } from '../dependencies.ts';
import type { Evaluation } from '../evaluation.ts';
import type { FaceSettings } from '../face-settings.ts';
import { createFrameReader } from './frame-reader.ts';
import { repliesFor } from './reply.ts';
import { ReplyBatch } from './reply-batch.ts';
import type { CompleteMessage, Session, Step } from './session.ts';
import { TaskInFlight } from './task-in-flight.ts';
import { readCommand, writeReplies } from './wire.ts';

/** Limits of a connection that are not settings. */
export type ConnectionLimits = {
  /** Octets of a frame. A peer that announces more is disconnected. */
  readonly maxFrameBytes: number;
  /** How often the mail server hears that an evaluation goes on, in milliseconds. */
  readonly progressMs: number;
};

/** What a connection depends on. */
type ConnectionDependencies = {
  readonly settings: Pick<FaceSettings, 'writeTimeoutMs' | 'pipelineIdleMs' | 'quarantine'>;
  readonly limits: ConnectionLimits;
  readonly evaluation: Evaluation;
  readonly memory: Memory;
  readonly log: PipelineLog;
};

const PROGRESS = writeReplies([{ kind: 'progress' }]);

/** One connection of a mail server. */
export class MilterConnection {
  readonly #socket: Socket;
  readonly #session: Session;
  readonly #dependencies: ConnectionDependencies;
  readonly #reader;
  readonly #sender;
  readonly #replies: ReplyBatch;
  readonly #inFlight: TaskInFlight;
  readonly #peer: string;

  /** Serves a socket from now on. */
  constructor(socket: Socket, session: Session, dependencies: ConnectionDependencies) {
    const { settings, limits, memory } = dependencies;
    this.#socket = socket;
    this.#session = session;
    this.#dependencies = dependencies;
    this.#peer = socket.remoteAddress ?? 'unix';
    this.#reader = createFrameReader(limits.maxFrameBytes, memory);
    this.#sender = createSender(socket, settings.writeTimeoutMs, () => this.#warn('does not read'));
    this.#replies = new ReplyBatch((octets) => this.#sender.write(octets));
    this.#inFlight = new TaskInFlight(limits.progressMs, () => {
      // Only Postfix takes it anywhere; Sendmail calls it an error outside the end of a message,
      // which this is.
      if (!this.#sender.isBlocked) this.#sender.write(PROGRESS);
    });
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('drain', () => {
      if (!this.#inFlight.isRunning) this.#proceed();
    });
    socket.setTimeout(settings.pipelineIdleMs, () => {
      if (!this.#inFlight.isRunning) this.#fail('idle');
    });
    socket.once('close', () => this.#end());
  }

  /** True when no message is in progress. */
  get isIdle(): boolean {
    return !this.#inFlight.isRunning && !this.#session.hasMessage;
  }

  #receive(chunk: Buffer): void {
    this.#reader.push(chunk);
    // Reading goes on during an evaluation, so that the end of the connection is noticed, but only
    // up to one frame.
    if (!this.#inFlight.isRunning) this.#proceed();
    else if (this.#reader.buffered > this.#dependencies.limits.maxFrameBytes) this.#socket.pause();
  }

  /** Handles what was read, and pauses or resumes reading. */
  #proceed(): void {
    try {
      this.#handleFrames();
      if (this.#sender.isBlocked) this.#socket.pause();
      else if (!this.#inFlight.isRunning) this.#socket.resume();
    } catch (fault) {
      this.#failOn(fault);
    }
  }

  /**
   * Gives whole frames to the session until a message has to be evaluated, the mail server has to
   * read its replies first, or there are no more.
   */
  #handleFrames(): void {
    let isOpen = true;
    while (isOpen && !this.#inFlight.isRunning && !this.#sender.isBlocked) {
      const frame = this.#reader.next();
      if (frame === undefined) break;
      const command = typeof frame === 'string' ? frame : readCommand(frame);
      if (typeof command === 'string') {
        this.#fail(command);
        return;
      }
      isOpen = this.#take(this.#session.receive(command));
    }
    this.#replies.flush();
  }

  /** Does what a step asks for. @returns false when the connection ends */
  #take(step: Step): boolean {
    switch (step.kind) {
      case 'reply':
        this.#replies.add(step.reply);
        return true;
      case 'silence':
        return true;
      case 'evaluate':
        this.#replies.flush();
        void this.#evaluate(step.message).catch((fault: unknown) => this.#failOn(fault));
        return true;
      case 'close':
        this.#replies.flush();
        if (step.expected) this.#sender.end();
        else this.#fail(step.reason);
        return false;
      default:
        return step satisfies never;
    }
  }

  async #evaluate({ transaction, facts, daemon, agreement }: CompleteMessage): Promise<void> {
    const { settings, evaluation } = this.#dependencies;
    const content = () => transaction.content();
    const decision = await this.#inFlight
      .run((signal) => evaluation.decide({ face: 'milter', content, facts, daemon, signal }))
      .finally(() => transaction.release());
    if (this.#socket.destroyed) return;
    this.#sender.write(writeReplies(repliesFor(decision, agreement, settings.quarantine)));
    this.#proceed();
  }

  #end(): void {
    this.#inFlight.abort();
    this.#session.end();
    this.#reader.end();
  }

  #fail(reason: string): void {
    this.#warn(reason);
    this.#socket.destroy();
  }

  #failOn(fault: unknown): void {
    this.#dependencies.log.error({ err: fault, face: 'milter', peer: this.#peer }, 'milter session failed');
    this.#socket.destroy();
  }

  #warn(reason: string): void {
    this.#dependencies.log.warn({ face: 'milter', peer: this.#peer, reason }, 'milter connection closed');
  }
}
