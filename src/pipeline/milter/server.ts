/**
 * The milter server: listens where the settings say and gives each connection a session. At the end
 * of the service it takes no further message: what MAIL is then answered follows FAILURE_MODE. The
 * protocol has no authentication, so it listens on a unix socket or to the networks of the
 * settings only.
 */
import type { Memory } from '../../message/memory.ts';
import { createPipelineServer, type PipelineServer } from '../connections/pipeline-server.ts';
import type { PipelineLog } from '../dependencies.ts';
import type { Evaluation } from '../evaluation.ts';
import type { FaceSettings } from '../face-settings.ts';
import type { Observer } from '../observer.ts';
import { OWN_REPLIES, replyLine } from '../smtp-reply.ts';
import { type ConnectionLimits, MilterConnection } from './connection.ts';
import { Session } from './session.ts';
import type { Reply } from './wire.ts';

/** What a milter server depends on. */
type MilterDependencies = {
  readonly evaluation: Evaluation;
  readonly memory: Memory;
  readonly log: PipelineLog;
  readonly observer: Observer;
};

const LIMITS: ConnectionLimits = {
  // The largest piece of a body that milter knows (1 MiB), and 64 KiB beside it.
  maxFrameBytes: 1_114_112,
  // Postfix and Sendmail wait for minutes, so any value well below one will do.
  progressMs: 5000,
};

/**
 * Makes the server; nothing listens yet.
 * @param limits replaces fixed limits; for tests
 */
export const createMilterServer = (
  settings: FaceSettings,
  dependencies: MilterDependencies,
  limits: Partial<ConnectionLimits> = {},
): PipelineServer => {
  const { evaluation, memory, log, observer } = dependencies;
  const { lists } = evaluation;
  const connectionDependencies = { ...dependencies, settings, limits: { ...LIMITS, ...limits } };
  const lastCallReply: Reply =
    settings.failureMode === 'tempfail'
      ? { kind: 'replycode', line: replyLine(OWN_REPLIES.ending) }
      : { kind: 'accept' };
  return createPipelineServer({
    face: 'milter',
    addresses: settings.milterListen,
    settings,
    mayConnect: lists.mayConnect,
    log,
    observer,
    serve: (socket, isLastCall) => {
      const session = new Session({
        limits: { maxMessageBytes: settings.maxMessageBytes, maxFields: settings.maxHeaderFields },
        memory,
        authservId: settings.authservId,
        lists,
        refusal: () => (isLastCall() ? lastCallReply : null),
      });
      const connection = new MilterConnection(socket, session, connectionDependencies);
      return () => connection.isIdle;
    },
  });
};
