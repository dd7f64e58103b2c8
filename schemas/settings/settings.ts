/**
 * All settings, one flat object. The name of a setting in the environment is its key in upper snake
 * case (`maxMessageBytes`: `MAX_MESSAGE_BYTES`). A key that does not exist is an error, so that a
 * typo in a settings file is reported.
 */
import { z } from 'zod';
import { AccessSettings } from './access.ts';
import { DnsSettings } from './dns.ts';
import { PostureSettings } from './domain.ts';
import { HttpSettings } from './http.ts';
import { PipelineSettings } from './pipeline.ts';
import { ReportSettings } from './reports.ts';
import { EvaluationSettings } from './verdict.ts';

/** Groups of settings, in the order in which documents list them. */
export const SETTING_GROUPS = {
  'HTTP service': HttpSettings,
  Access: AccessSettings,
  Evaluation: EvaluationSettings,
  DNS: DnsSettings,
  'Domain view': PostureSettings,
  'Mail servers': PipelineSettings,
  Reports: ReportSettings,
} as const;

export const Config = z.strictObject({
  ...HttpSettings.shape,
  ...AccessSettings.shape,
  ...EvaluationSettings.shape,
  ...DnsSettings.shape,
  ...PostureSettings.shape,
  ...PipelineSettings.shape,
  ...ReportSettings.shape,
});
export type Config = z.infer<typeof Config>;

/** Name of a setting in the environment. */
export const environmentName = (key: string): string => key.replace(/([A-Z])/g, '_$1').toUpperCase();

/** Settings that keep somebody or something out: a reload does not lose them. */
export const PROTECTING_SETTINGS: readonly (keyof Config)[] = [
  'apiKeys',
  'tlsCertificate',
  'tlsKey',
  'pipelineNetworks',
  'localNetworks',
  'enforceDomains',
  'enforceDaemons',
  'removeAuthservIds',
];

/**
 * Settings that SIGHUP reads again; every other one needs a restart. The files that the first three
 * name are read again too.
 */
export const RELOADED_SETTINGS: readonly (keyof Config)[] = [
  'apiKeys',
  'tlsCertificate',
  'tlsKey',
  'arcTrustedSealers',
  'trustedForwarders',
  'allowDomains',
  'allowNetworks',
  'localDomains',
  'protectedNames',
  'pipelineNetworks',
  'enforceDomains',
  'enforceDaemons',
  'localNetworks',
  'removeAuthservIds',
];
