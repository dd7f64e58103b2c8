/**
 * One connection of the policy service: requests are answered one after another, and none is read
 * while the peer has not read the answers before. Decides nothing. A peer that breaks the protocol
 * costs its own connection only. Follows SMTPD_POLICY_README of Postfix.
 */
import type { Socket } from 'node:net';
import type { Memory } from '../../message/memory.ts';
import { createSender } from '../connections/sender.ts';
import type { PipelineLog } from '../dependencies.ts';
import type { FaceSettings } from '../face-settings.ts';
import type { PolicyDialogue } from './dialogue.ts';
import { createPolicyReader } from './request.ts';

/** What a connection depends on. */
type ConnectionDependencies = {
  readonly settings: Pick<FaceSettings, 'writeTimeoutMs' | 'pipelineIdleMs'>;
  readonly memory: Memory;
  readonly log: PipelineLog;
  /** True once the connection has to end after the next answer. */
  readonly isLastCall: () => boolean;
};

/** One connection and the requests that are in progress on it. */
export class PolicyConnection {
  readonly #socket: Socket;
  readonly #dialogue: PolicyDialogue;
  readonly #dependencies: ConnectionDependencies;
  readonly #reader;
  readonly #sender;
  #isAnswering = false;

  /** Serves a socket from now on. */
  constructor(socket: Socket, dialogue: PolicyDialogue, dependencies: ConnectionDependencies) {
    const { settings, memory } = dependencies;
    this.#socket = socket;
    this.#dialogue = dialogue;
    this.#dependencies = dependencies;
    this.#reader = createPolicyReader(memory);
    this.#sender = createSender(socket, settings.writeTimeoutMs, () => this.#warn('does not read'));
    socket.setTimeout(settings.pipelineIdleMs, () => {
      if (!this.#isAnswering) socket.destroy();
    });
    socket.on('data', (chunk) => {
      this.#reader.push(chunk);
      this.#answerAll().catch((fault: unknown) => {
        // Postfix takes a closed connection for a failure of its own and refuses for the moment.
        dependencies.log.error({ err: fault, face: 'policy' }, 'policy request failed');
        socket.destroy();
      });
    });
    socket.once('close', () => this.#reader.end());
  }

  /** True when no request is in progress. */
  get isIdle(): boolean {
    return !this.#isAnswering;
  }

  async #answerAll(): Promise<void> {
    if (this.#isAnswering) return;
    this.#isAnswering = true;
    this.#socket.pause();
    for (let next = this.#reader.next(); next !== undefined && this.#socket.writable; next = this.#reader.next()) {
      if (typeof next === 'string') {
        this.#warn(next);
        this.#socket.destroy();
        break;
      }
      const answer = await this.#dialogue.answer(next);
      // With the answer, so that the mail server has the end before it could ask again; it then
      // connects anew.
      if (this.#dependencies.isLastCall()) this.#sender.end(answer);
      else this.#sender.write(answer);
      if (this.#sender.isBlocked) await this.#sender.unblocked();
    }
    this.#isAnswering = false;
    this.#socket.resume();
  }

  #warn(reason: string): void {
    this.#dependencies.log.warn({ face: 'policy', reason }, 'policy connection closed');
  }
}
