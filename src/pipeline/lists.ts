/**
 * The lists that an operator may change while the service runs: who may connect, whose policy is
 * enforced, which clients are local, which authserv-ids are ours. Every face shares the same lists
 * and reads them for each connection, each message and each decision. A change does not affect what
 * was decided before.
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

/** Makes the lists from the settings. */
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
