/**
 * The client of a milter session: what CONNECT, HELO and the macros say of it. It survives messages
 * and ABORT; the next CONNECT and the end of the client forget it.
 */
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import type { Daemon } from '../enforcement.ts';
import { shownText } from '../smtp-text.ts';
import { type ConnectFacts, type EnvelopeFacts, toSmtpFacts } from './facts.ts';
import { createMacros } from './macros.ts';
import { SMFIC } from './wire.ts';

/** One client after another, of one connection. */
export class Client {
  readonly #macros = createMacros();
  #connect: ConnectFacts | undefined;
  #helo: string | undefined;
  #heloCount = 0;
  #tlsFromStart = false;
  /** True when macros came for the CONNECT that follows. */
  #connectMacros = false;

  /** Takes the set of macros that came before a command. */
  setMacros(command: string, values: readonly (readonly [name: string, value: string])[]): void {
    // A new set for MAIL belongs to the message to come, even where no ABORT ended the one before.
    if (command === SMFIC.MAIL) this.#macros.clearMessage();
    this.#macros.set(command, values);
    if (command === SMFIC.CONNECT) this.#connectMacros = true;
  }

  /**
   * A client begins from nothing, also where no QUIT_NC ended the one before: its login would pass
   * to a stranger.
   */
  connect(facts: ConnectFacts): void {
    const isAnnounced = this.#connectMacros;
    this.#forgetGreeting();
    if (isAnnounced) this.#macros.keepConnect();
    else this.#macros.clear();
    this.#connect = facts;
  }

  /** Takes a HELO or EHLO. */
  greet(helo: string): void {
    this.#helo = helo;
    this.#heloCount += 1;
    // Only with a mail server that keeps its connection over STARTTLS does the order of commands
    // distinguish the two kinds.
    this.#tlsFromStart =
      this.#heloCount === 1 && this.#macros.get('v') !== undefined && (this.#macros.get('tls_version') ?? '') !== '';
  }

  /** Forgets the macros of a message that was aborted. */
  forgetMessage(): void {
    this.#macros.clearMessage();
  }

  /** Forgets everything. */
  forget(): void {
    this.#forgetGreeting();
    this.#macros.clear();
  }

  #forgetGreeting(): void {
    this.#connectMacros = false;
    this.#connect = undefined;
    this.#helo = undefined;
    this.#heloCount = 0;
    this.#tlsFromStart = false;
  }

  /** The listener of the mail server that the client came to. */
  get daemon(): Daemon {
    return { name: this.#macros.get('daemon_name'), port: this.#macros.get('daemon_port') };
  }

  /** The name that the mail server gives itself ({j}), as an authserv-id; empty: it gives none. */
  get serverName(): string {
    return shownText(this.#macros.get('j') ?? '', 255).replace(/[^A-Za-z0-9.-]/g, '');
  }

  /** The transport facts of a message. @param authservId goes into `receiver` */
  facts(envelope: EnvelopeFacts, authservId: string): SmtpFacts {
    return toSmtpFacts(
      {
        connect: this.#connect,
        helo: this.#helo,
        heloCount: this.#heloCount,
        tlsFromStart: this.#tlsFromStart,
        envelope,
        macros: this.#macros,
      },
      authservId,
    );
  }
}
