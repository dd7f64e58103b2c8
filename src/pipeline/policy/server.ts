/**
 * The Postfix policy service: SPF at RCPT time, before the message is sent. All connections share
 * one limit on checks. Sees no content, so it never speaks of DKIM or DMARC. Follows
 * SMTPD_POLICY_README of Postfix and RFC 7208.
 */
import type { Memory } from '../../message/memory.ts';
import { createPipelineServer, type PipelineServer } from '../connections/pipeline-server.ts';
import type { CheckSpf, Clock, PipelineLog } from '../dependencies.ts';
import type { FaceSettings } from '../face-settings.ts';
import { createLimitedRuns } from '../limited-runs.ts';
import type { Lists } from '../lists.ts';
import type { Observer } from '../observer.ts';
import { PolicyConnection } from './connection.ts';
import { PolicyDialogue } from './dialogue.ts';

/** What a policy server depends on. */
type PolicyDependencies = {
  readonly checkSpf: CheckSpf;
  readonly lists: Lists;
  readonly log: PipelineLog;
  readonly clock: Clock;
  readonly memory: Memory;
  readonly observer: Observer;
};

/** Makes the server; nothing listens yet. */
export const createPolicyServer = (settings: FaceSettings, dependencies: PolicyDependencies): PipelineServer => {
  const runs = createLimitedRuns(settings.pipelineMaxEvaluations, settings.pipelineEvaluationMs);
  const { lists, log, observer } = dependencies;
  return createPipelineServer({
    face: 'policy',
    addresses: settings.policyListen,
    settings,
    mayConnect: lists.mayConnect,
    log,
    observer,
    serve: (socket, isLastCall) => {
      const dialogue = new PolicyDialogue({ ...dependencies, settings, runs });
      const connection = new PolicyConnection(socket, dialogue, { ...dependencies, settings, isLastCall });
      return () => connection.isIdle;
    },
  });
};
