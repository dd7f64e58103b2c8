/**
 * The settings of the mail servers' faces for tests: every default, with whatever a test changes.
 * Values below the allowed minimum may be given.
 */
import { HttpSettings } from '../../schemas/settings/http.ts';
import { PipelineSettings } from '../../schemas/settings/pipeline.ts';
import type { FaceSettings } from '../../src/pipeline/face-settings.ts';

/** Settings of a service whose authserv-id is mx.rcpt.example. */
export const makeSettings = (over: Partial<FaceSettings> = {}): FaceSettings => {
  const { maxMessageBytes, maxHeaderFields, writeTimeoutMs } = HttpSettings.parse({});
  return {
    ...PipelineSettings.parse({}),
    authservId: 'mx.rcpt.example',
    maxMessageBytes,
    maxHeaderFields,
    writeTimeoutMs,
    enforce: false,
    relay: 'report',
    localDomains: [],
    allowNetworks: [],
    ...over,
  };
};
