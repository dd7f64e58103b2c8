/**
 * The state of one milter connection: command in, replies or a message to evaluate out. Pure: no
 * socket, no clock, no waiting. What survives what: CONNECT and HELO facts survive messages and
 * ABORT, which may come twice; a new MAIL ends the message before it; QUIT_NC forgets all but the
 * negotiated options. MACRO, ABORT, QUIT and QUIT_NC are never answered, every other command
 * exactly once unless the negotiation says otherwise.
 */
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import type { Memory } from '../../message/memory.ts';
import type { Daemon } from '../enforcement.ts';
import type { Lists } from '../lists.ts';
import { Client } from './client.ts';
import { type Agreement, expectsReply, negotiate, SMFIP } from './negotiation.ts';
import { createTransaction, type Transaction, type TransactionLimits } from './transaction.ts';
import type { Command, Reply } from './wire.ts';

/** What a session is made of. */
export type SessionParts = {
  readonly limits: TransactionLimits;
  readonly memory: Memory;
  /** The authserv-id; empty: the name that the mail server gives itself ({j}). */
  readonly authservId: string;
  readonly lists: Lists;
  /**
   * Answers MAIL in place of a message, as long as none is to be taken; null: one is.
   * @default null always
   */
  readonly refusal?: () => Reply | null;
};

/** A message that is complete, with what the session knows of it. */
export type CompleteMessage = {
  readonly transaction: Transaction;
  readonly facts: SmtpFacts;
  readonly daemon: Daemon;
  readonly agreement: Agreement;
};

/** What follows from a command. */
type Step =
  | { kind: 'reply'; reply: Reply }
  | { kind: 'silence' }
  /**
   * The caller evaluates, answers, and releases the transaction; no command is given to the session
   * until then.
   */
  | { kind: 'evaluate'; message: CompleteMessage }
  | { kind: 'close'; reason: string; expected: boolean };

/** A session. */
type Session = {
  receive(command: Command): Step;
  /** True between MAIL and the end of its message. */
  readonly hasMessage: boolean;
  /** Gives all memory back. */
  end(): void;
};

const CONTINUE: Step = { kind: 'reply', reply: { kind: 'continue' } };
const SILENCE: Step = { kind: 'silence' };

/** Begins a session. */
export const createSession = (parts: SessionParts): Session => {
  const client = new Client();
  let agreement: Agreement | undefined;
  let transaction: Transaction | undefined;
  /**
   * True when the rest of the message is let pass: a peer that sends it nevertheless is answered
   * and nothing is kept.
   */
  let passed = false;
  let skipped = false;

  const endMessage = (): void => {
    transaction?.release();
    transaction = undefined;
    passed = false;
    skipped = false;
  };

  const endClient = (): void => {
    endMessage();
    client.forget();
  };

  const ownId = (): string => parts.authservId || client.serverName || 'localhost';

  const begin = (agreed: Agreement, mailFrom: string | undefined, mailParameters: readonly string[]): Transaction =>
    createTransaction(
      {
        limits: parts.limits,
        memory: parts.memory,
        ownIds: [ownId(), ...parts.lists.removeAuthservIds],
        leadingSpace: (agreed.protocol & SMFIP.HDR_LEADSPC) !== 0,
        rawBody: isStalwart(client.daemon.name),
      },
      { mailFrom, mailParameters },
    );

  /** Content without MAIL belongs to a message whose envelope is unknown. */
  const opened = (agreed: Agreement): Transaction => {
    transaction ??= begin(agreed, undefined, []);
    return transaction;
  };

  const negotiated = (command: Command, agreed: Agreement): Step => {
    switch (command.kind) {
      case 'optneg':
        return { kind: 'close', reason: 'options negotiated twice', expected: false };
      case 'macro':
        client.setMacros(command.command, command.values);
        return SILENCE;
      case 'connect': {
        endMessage();
        const { hostname, family, address } = command;
        client.connect({ hostname, family, address });
        return CONTINUE;
      }
      case 'helo':
        endMessage();
        client.greet(command.argument);
        return CONTINUE;
      case 'mail': {
        endMessage();
        const refusal = parts.refusal?.() ?? null;
        if (refusal !== null) {
          passed = refusal.kind === 'accept';
          return { kind: 'reply', reply: refusal };
        }
        const begun = begin(agreed, command.address, command.parameters);
        if (parts.lists.treatment(client.facts(begun, ownId()), client.daemon).kind === 'ignore') {
          passed = true;
          return { kind: 'reply', reply: { kind: 'accept' } };
        }
        transaction = begun;
        return CONTINUE;
      }
      case 'rcpt':
        transaction?.addRecipient(command.address);
        return CONTINUE;
      case 'data':
      case 'unknown':
        return CONTINUE;
      case 'header':
        if (!passed) opened(agreed).addField(command.name, command.value);
        return expectsReply(agreed, 'header') ? CONTINUE : SILENCE;
      case 'eoh':
        return expectsReply(agreed, 'eoh') ? CONTINUE : SILENCE;
      case 'body': {
        const wanted = !passed && opened(agreed).addBody(command.chunk);
        if (wanted || skipped || (agreed.protocol & SMFIP.SKIP) === 0) return CONTINUE;
        skipped = true;
        return { kind: 'reply', reply: { kind: 'skip' } };
      }
      case 'eom': {
        if (passed) return CONTINUE;
        const complete = opened(agreed);
        complete.addBody(command.chunk);
        transaction = undefined;
        skipped = false;
        return {
          kind: 'evaluate',
          message: {
            transaction: complete,
            facts: client.facts(complete, ownId()),
            daemon: client.daemon,
            agreement: agreed,
          },
        };
      }
      case 'abort':
        endMessage();
        client.forgetMessage();
        return SILENCE;
      case 'quit-nc':
        endClient();
        return SILENCE;
      case 'quit':
        endClient();
        return { kind: 'close', reason: 'quit', expected: true };
      default:
        return command satisfies never;
    }
  };

  return {
    receive: (command) => {
      if (agreement !== undefined) return negotiated(command, agreement);
      if (command.kind !== 'optneg') return { kind: 'close', reason: 'command before negotiation', expected: false };
      const negotiation = negotiate(command);
      if (negotiation.kind === 'refused') return { kind: 'close', reason: negotiation.reason, expected: false };
      agreement = negotiation.agreement;
      return { kind: 'reply', reply: negotiation.reply };
    },
    get hasMessage() {
      return transaction !== undefined;
    },
    end: endClient,
  };
};

/** Stalwart sends the raw message in the body and names itself as the daemon. */
const isStalwart = (daemonName: string | undefined): boolean => daemonName?.startsWith('Stalwart') === true;
