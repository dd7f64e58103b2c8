/**
 * The lists that an operator may change while the service runs: who may connect, whose policy is
 * enforced, which clients are one's own, which authserv-ids are ours. Every face holds the same
 * lists and asks them anew: for each connection, each message, each decision. What was answered
 * before a change stays answered.
 */
import type { PipelineSettings } from '../../schemas/settings/pipeline.ts';
import { type Networks, networksOf } from '../ip/networks.ts';
import { createTreatment, type EnforcementSettings, type TreatmentOf } from './enforcement.ts';

/** The settings that may change. */
export type ListSettings = Pick<
  PipelineSettings,
  'pipelineNetworks' | 'enforceDomains' | 'enforceDaemons' | 'localNetworks' | 'removeAuthservIds'
>;

/** The lists as they are now. */
export type Lists = {
  /** Whether a peer may connect over TCP. */
  readonly mayConnect: Networks;
  readonly treatment: TreatmentOf;
  readonly removeAuthservIds: readonly string[];
  /** Takes over the lists of other settings, and nothing else of them. */
  relist(next: ListSettings): void;
};

/** Holds the lists of the settings. */
export const createLists = (settings: ListSettings & EnforcementSettings): Lists => {
  const prepare = ({ pipelineNetworks, enforceDomains, enforceDaemons, localNetworks }: ListSettings) => ({
    mayConnect: networksOf(pipelineNetworks),
    treatment: createTreatment({ ...settings, enforceDomains, enforceDaemons, localNetworks }),
  });
  let { removeAuthservIds } = settings;
  let prepared = prepare(settings);
  return {
    mayConnect: (address) => prepared.mayConnect(address),
    treatment: (facts, daemon) => prepared.treatment(facts, daemon),
    get removeAuthservIds() {
      return removeAuthservIds;
    },
    relist: (next) => {
      prepared = prepare(next);
      ({ removeAuthservIds } = next);
    },
  };
};
