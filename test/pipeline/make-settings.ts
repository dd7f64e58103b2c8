/**
 * The settings of the mail servers' faces for tests: every default, with whatever a test changes.
 * Values below the allowed minimum may be given.
 */
import { PipelineSettings } from '../../schemas/settings/pipeline.ts';
import { DEFAULT_MESSAGE_LIMITS } from '../../src/message/message.ts';
import type { EvaluationSettings } from '../../src/pipeline/evaluation.ts';

/** Settings of a service whose authserv-id is mx.rcpt.example. */
export const makeSettings = (over: Partial<EvaluationSettings> = {}): EvaluationSettings => ({
  ...PipelineSettings.parse({}),
  ...DEFAULT_MESSAGE_LIMITS,
  authservId: 'mx.rcpt.example',
  writeTimeoutMs: 30_000,
  ...over,
});
