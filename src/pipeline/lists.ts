/**
 * The lists that an operator may change while the service runs: who may connect, whose policy is
 * enforced, which clients are local, which authserv-ids are ours. Every face shares the same lists
 * and reads them for each connection, each message and each decision. A change does not affect what
 * was decided before.
 */
import type { PipelineSettings } from '../../schemas/settings/pipeline.ts';
import type { EvaluationSettings } from '../../schemas/settings/verdict.ts';
import { type Networks, networksOf } from '../ip/networks.ts';
import { type RelayedRecipients, relayedUnder } from '../verdict/relay.ts';
import { createTreatment, type EnforcementSettings, type TreatmentOf } from './enforcement.ts';

/** The settings that may change. */
export type ListSettings = Pick<
  PipelineSettings,
  'pipelineNetworks' | 'enforceDomains' | 'enforceDaemons' | 'localNetworks' | 'removeAuthservIds'
> &
  Pick<EvaluationSettings, 'localDomains' | 'allowNetworks'>;

/** The lists as they are now. */
export type Lists = {
  /** Whether a peer may connect over TCP. */
  readonly mayConnect: Networks;
  readonly treatment: TreatmentOf;
  /** The recipients to whom a message is relayed for a stranger. */
  readonly relayedRecipients: RelayedRecipients;
  readonly removeAuthservIds: readonly string[];
  /** Takes over the lists of other settings, and nothing else of them. */
  relist(next: ListSettings): void;
};

/** Makes the lists from the settings. */
export const createLists = (settings: ListSettings & EnforcementSettings): Lists => {
  const prepare = (next: ListSettings) => {
    const { pipelineNetworks, enforceDomains, enforceDaemons, localNetworks } = next;
    return {
      mayConnect: networksOf(pipelineNetworks),
      treatment: createTreatment({ ...settings, enforceDomains, enforceDaemons, localNetworks }),
      relayedRecipients: relayedUnder(next),
    };
  };
  let { removeAuthservIds } = settings;
  let prepared = prepare(settings);
  return {
    mayConnect: (address) => prepared.mayConnect(address),
    treatment: (facts, daemon) => prepared.treatment(facts, daemon),
    relayedRecipients: (facts) => prepared.relayedRecipients(facts),
    get removeAuthservIds() {
      return removeAuthservIds;
    },
    relist: (next) => {
      prepared = prepare(next);
      ({ removeAuthservIds } = next);
    },
  };
};
