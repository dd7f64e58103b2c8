/**
 * The milter server: sockets on one side, sessions on the other. Takes the frames of a connection
 * strictly in order, writes all that answers one read in one write, says that it is still at work
 * while DNS is slow, and stops the work of a mail server that went away. A broken peer costs its
 * own connection only. Has no proof of identity to ask for: it listens on a unix socket or to the
 * networks that the settings name.
 */
import type { Socket } from 'node:net';
import type { Memory } from '../../message/memory.ts';
import { createPipelineServer, type PipelineServer } from '../connections/pipeline-server.ts';
import { createSender } from '../connections/sender.ts';
import type { PipelineLog } from '../dependencies.ts';
import type { Evaluation } from '../evaluation.ts';
import type { FaceSettings } from '../face-settings.ts';
import type { Observer } from '../observer.ts';
import { OWN_REPLIES, replyLine } from '../smtp-reply.ts';
import { createFrameReader } from './frame-reader.ts';
import { repliesFor } from './reply.ts';
import { type CompleteMessage, createSession, type SessionParts } from './session.ts';
import { type Reply, readCommand, writeReplies } from './wire.ts';

/** What a milter server is made of. */
type MilterParts = {
  readonly evaluation: Evaluation;
  readonly memory: Memory;
  readonly log: PipelineLog;
  readonly observer: Observer;
  /** Replaces fixed limits; for tests. @default FIXED */
  readonly limits?: Partial<typeof FIXED>;
};

/** Limits that are no settings. */
const FIXED = {
  /**
   * Octets of a frame: the largest piece of a body that milter knows (1 MiB), and 64 KiB beside it.
   * A peer that announces more is disconnected.
   */
  maxFrameBytes: 1_114_112,
  /**
   * How often the mail server hears that an evaluation goes on. Postfix and Sendmail wait for
   * minutes, so any value well below one will do.
   */
  progressMs: 5000,
};

/** Makes the server; nothing listens yet. */
export const createMilterServer = (settings: FaceSettings, parts: MilterParts): PipelineServer => {
  const sessionParts: SessionParts = {
    limits: { maxMessageBytes: settings.maxMessageBytes, maxFields: settings.maxHeaderFields },
    memory: parts.memory,
    authservId: settings.authservId,
    lists: parts.evaluation.lists,
  };
  const limits = { ...FIXED, ...parts.limits };
  const lastCallReply: Reply =
    settings.failureMode === 'tempfail'
      ? { kind: 'replycode', line: replyLine(OWN_REPLIES.ending) }
      : { kind: 'accept' };
  return createPipelineServer({
    face: 'milter',
    addresses: settings.milterListen,
    settings,
    mayConnect: parts.evaluation.lists.mayConnect,
    log: parts.log,
    observer: parts.observer,
    serve: (socket, isLastCall) =>
      serveConnection(
        socket,
        settings,
        { ...sessionParts, refusal: () => (isLastCall() ? lastCallReply : null) },
        { ...parts, limits },
      ),
  });
};

/** Replies in one write; a mail server that pipelines has a handful of them. */
const MAX_REPLIES = 1_000;

const PROGRESS = writeReplies([{ kind: 'progress' }]);

const serveConnection = (
  socket: Socket,
  settings: FaceSettings,
  sessionParts: SessionParts,
  parts: MilterParts & { readonly limits: typeof FIXED },
): (() => boolean) => {
  const reader = createFrameReader(parts.limits.maxFrameBytes, parts.memory);
  const session = createSession(sessionParts);
  const peer = socket.remoteAddress ?? 'unix';
  let working: AbortController | undefined;

  const fail = (reason: string): void => {
    parts.log.warn({ face: 'milter', peer, reason }, 'milter connection closed');
    socket.destroy();
  };

  const sender = createSender(socket, settings.writeTimeoutMs, () =>
    parts.log.warn({ face: 'milter', peer, reason: 'does not read' }, 'milter connection closed'),
  );

  const evaluate = async ({ transaction, facts, daemon, agreement }: CompleteMessage): Promise<void> => {
    const work = new AbortController();
    working = work;
    // Only Postfix takes it anywhere; Sendmail calls it an error outside the end of a message,
    // which this is.
    const progress = setInterval(() => {
      if (!sender.isBlocked) sender.write(PROGRESS);
    }, parts.limits.progressMs);
    const candidate = { face: 'milter', content: transaction.content, facts, daemon, signal: work.signal } as const;
    const decision = await parts.evaluation.decide(candidate).finally(() => {
      clearInterval(progress);
      transaction.release();
      working = undefined;
    });
    if (socket.destroyed) return;
    sender.write(writeReplies(repliesFor(decision, agreement, settings.quarantine)));
    drain();
  };

  /**
   * Gives whole frames to the session until one has to be evaluated, the mail server has to read
   * its replies first, or there are no more.
   */
  const handleFrames = (): void => {
    let replies: Reply[] = [];
    const flush = (): void => {
      if (replies.length > 0) sender.write(writeReplies(replies));
      replies = [];
    };
    while (working === undefined && !sender.isBlocked) {
      const frame = reader.next();
      if (frame === undefined) break;
      const command = typeof frame === 'string' ? frame : readCommand(frame);
      if (typeof command === 'string') {
        fail(command);
        return;
      }
      const step = session.receive(command);
      switch (step.kind) {
        case 'reply':
          replies.push(step.reply);
          if (replies.length === MAX_REPLIES) flush();
          break;
        case 'silence':
          break;
        case 'evaluate':
          flush();
          void evaluate(step.message).catch((fault: unknown) => failOn(fault));
          return;
        case 'close':
          flush();
          if (step.expected) sender.end();
          else fail(step.reason);
          return;
        default:
          step satisfies never;
      }
    }
    flush();
  };

  const failOn = (fault: unknown): void => {
    parts.log.error({ err: fault, face: 'milter', peer }, 'milter session failed');
    socket.destroy();
  };

  const drain = (): void => {
    try {
      handleFrames();
      if (sender.isBlocked) socket.pause();
      else if (working === undefined) socket.resume();
    } catch (fault) {
      failOn(fault);
    }
  };

  const isIdle = (): boolean => working === undefined && !session.hasMessage;

  socket.on('data', (chunk) => {
    reader.push(chunk);
    // Reading goes on during an evaluation, so that the end of the connection is noticed, but not
    // without end.
    if (working === undefined) drain();
    else if (reader.buffered > parts.limits.maxFrameBytes) socket.pause();
  });
  socket.on('drain', () => {
    if (working === undefined) drain();
  });
  socket.setTimeout(settings.pipelineIdleMs, () => {
    if (working === undefined) fail('idle');
  });
  socket.once('close', () => {
    working?.abort();
    session.end();
    reader.end();
  });
  return isIdle;
};
