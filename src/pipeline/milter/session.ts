/**
 * The state of one milter connection: a command in, a reply or a message to evaluate out. Reads no
 * socket and no clock, and waits for nothing. CONNECT and HELO facts survive messages and ABORT,
 * which may come twice; a new MAIL ends the message before it; QUIT_NC forgets all but the
 * negotiated options. MACRO, ABORT, QUIT and QUIT_NC are never answered, every other command
 * exactly once unless the negotiation says otherwise. There is no RFC: the rules are those of
 * libmilter and of what Postfix and Sendmail send.
 */
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import type { Memory } from '../../message/memory.ts';
import type { Daemon } from '../enforcement.ts';
import type { Lists } from '../lists.ts';
import { Client } from './client.ts';
import { type Agreement, expectsReply, negotiate, SMFIP } from './negotiation.ts';
import { Transaction, type TransactionLimits } from './transaction.ts';
import type { Command, Reply } from './wire.ts';

/** What a session depends on. */
type SessionDependencies = {
  readonly limits: TransactionLimits;
  readonly memory: Memory;
  /** The authserv-id; empty: the name that the mail server gives itself ({j}). */
  readonly authservId: string;
  readonly lists: Lists;
  /** Answers MAIL while no message is to be taken; null: one is. */
  readonly refusal: () => Reply | null;
};

/** A message that is complete, with what the session knows of it. */
export type CompleteMessage = {
  readonly transaction: Transaction;
  readonly facts: SmtpFacts;
  readonly daemon: Daemon;
  readonly agreement: Agreement;
};

/** What follows from a command. */
export type Step =
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'silence' }
  /**
   * The caller evaluates, answers, and releases the transaction; no command is given to the session
   * until then.
   */
  | { readonly kind: 'evaluate'; readonly message: CompleteMessage }
  | { readonly kind: 'close'; readonly reason: string; readonly expected: boolean };

/** A command of one kind. */
type CommandOf<Kind extends Command['kind']> = Extract<Command, { readonly kind: Kind }>;

const CONTINUE: Step = { kind: 'reply', reply: { kind: 'continue' } };
const SILENCE: Step = { kind: 'silence' };

/** One connection from its negotiation to its end. */
export class Session {
  readonly #dependencies: SessionDependencies;
  readonly #client = new Client();
  #agreement: Agreement | undefined;
  /**
   * The message in progress. `passed`: MAIL was answered with ACCEPT; a peer that sends the rest
   * nevertheless is answered and nothing is kept.
   */
  #message: Transaction | 'passed' | undefined;
  #isSkipSent = false;

  constructor(dependencies: SessionDependencies) {
    this.#dependencies = dependencies;
  }

  /** Takes the next command. */
  receive(command: Command): Step {
    if (this.#agreement !== undefined) return this.#handle(command, this.#agreement);
    if (command.kind !== 'optneg') return { kind: 'close', reason: 'command before negotiation', expected: false };
    const negotiation = negotiate(command);
    if (negotiation.kind === 'refused') return { kind: 'close', reason: negotiation.reason, expected: false };
    this.#agreement = negotiation.agreement;
    return { kind: 'reply', reply: negotiation.reply };
  }

  /** True between MAIL and the end of its message. */
  get hasMessage(): boolean {
    return this.#message instanceof Transaction;
  }

  /** Forgets client and message and releases their memory. */
  end(): void {
    this.#endMessage();
    this.#client.forget();
  }

  /** The state machine: each command with what handles it. */
  #handle(command: Command, agreement: Agreement): Step {
    switch (command.kind) {
      case 'optneg':
        return { kind: 'close', reason: 'options negotiated twice', expected: false };
      case 'macro':
        this.#client.setMacros(command.command, command.values);
        return SILENCE;
      case 'connect':
        return this.#connect(command);
      case 'helo':
        return this.#helo(command);
      case 'mail':
        return this.#mail(command, agreement);
      case 'rcpt':
        if (this.#message instanceof Transaction) this.#message.addRecipient(command.address);
        return CONTINUE;
      case 'data':
      case 'unknown':
        return CONTINUE;
      case 'header':
        if (this.#message !== 'passed') this.#open(agreement).addField(command.name, command.value);
        return expectsReply(agreement, 'header') ? CONTINUE : SILENCE;
      case 'eoh':
        return expectsReply(agreement, 'eoh') ? CONTINUE : SILENCE;
      case 'body':
        return this.#body(command, agreement);
      case 'eom':
        return this.#endOfMessage(command, agreement);
      case 'abort':
        this.#endMessage();
        this.#client.forgetMessage();
        return SILENCE;
      case 'quit-nc':
        this.end();
        return SILENCE;
      case 'quit':
        this.end();
        return { kind: 'close', reason: 'quit', expected: true };
      default:
        return command satisfies never;
    }
  }

  #connect({ hostname, family, address }: CommandOf<'connect'>): Step {
    this.#endMessage();
    this.#client.connect({ hostname, family, address });
    return CONTINUE;
  }

  #helo({ argument }: CommandOf<'helo'>): Step {
    this.#endMessage();
    this.#client.greet(argument);
    return CONTINUE;
  }

  #mail({ address, parameters }: CommandOf<'mail'>, agreement: Agreement): Step {
    this.#endMessage();
    const { refusal, lists } = this.#dependencies;
    const refused = refusal();
    if (refused !== null) {
      if (refused.kind === 'accept') this.#message = 'passed';
      return { kind: 'reply', reply: refused };
    }
    const transaction = this.#begin(agreement, address, parameters);
    const treatment = lists.treatment(this.#client.facts(transaction, this.#ownId()), this.#client.daemon);
    if (treatment.kind === 'ignore') {
      this.#message = 'passed';
      return { kind: 'reply', reply: { kind: 'accept' } };
    }
    this.#message = transaction;
    return CONTINUE;
  }

  #body({ chunk }: CommandOf<'body'>, agreement: Agreement): Step {
    const isWanted = this.#message !== 'passed' && this.#open(agreement).addBody(chunk);
    if (isWanted || this.#isSkipSent || (agreement.protocol & SMFIP.SKIP) === 0) return CONTINUE;
    this.#isSkipSent = true;
    return { kind: 'reply', reply: { kind: 'skip' } };
  }

  #endOfMessage({ chunk }: CommandOf<'eom'>, agreement: Agreement): Step {
    if (this.#message === 'passed') return CONTINUE;
    const transaction = this.#open(agreement);
    transaction.addBody(chunk);
    // From here on the caller owns the transaction.
    this.#message = undefined;
    this.#isSkipSent = false;
    const facts = this.#client.facts(transaction, this.#ownId());
    return { kind: 'evaluate', message: { transaction, facts, daemon: this.#client.daemon, agreement } };
  }

  #endMessage(): void {
    if (this.#message instanceof Transaction) this.#message.release();
    this.#message = undefined;
    this.#isSkipSent = false;
  }

  /** The transaction in progress. Content without MAIL is a message whose envelope is unknown. */
  #open(agreement: Agreement): Transaction {
    if (this.#message instanceof Transaction) return this.#message;
    const transaction = this.#begin(agreement, undefined, []);
    this.#message = transaction;
    return transaction;
  }

  #begin(agreement: Agreement, mailFrom: string | undefined, mailParameters: readonly string[]): Transaction {
    const { limits, memory, lists } = this.#dependencies;
    return new Transaction(
      {
        limits,
        memory,
        ownIds: [this.#ownId(), ...lists.removeAuthservIds],
        leadingSpace: (agreement.protocol & SMFIP.HDR_LEADSPC) !== 0,
        rawBody: isStalwart(this.#client.daemon.name),
      },
      { mailFrom, mailParameters },
    );
  }

  #ownId(): string {
    return this.#dependencies.authservId || this.#client.serverName || 'localhost';
  }
}

/** Stalwart sends the raw message in the body and names itself as the daemon. */
const isStalwart = (daemonName: string | undefined): boolean => daemonName?.startsWith('Stalwart') === true;
