/**
 * A lookup behind a network: served over UDP and TCP with a fixed round-trip time, for measurements
 * of cold latency.
 */
import type { Lookup } from '../../src/dns/lookup.ts';
import type { ScriptedServer } from './scripted-server.ts';
import { serveLookup } from './wire-server.ts';

/** @param roundTripMs time from a query's arrival to its reply */
export const delayingServer = (lookup: Lookup, roundTripMs: number): Promise<ScriptedServer> =>
  serveLookup(lookup, roundTripMs);
