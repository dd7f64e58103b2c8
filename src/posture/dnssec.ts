/**
 * Whether a validating resolver vouches for the domain: the AD bit on its SOA (RFC 6840 section
 * 5.8). Never validates by itself, so "not validated" may also mean that the resolver does not.
 */
import type { DnssecPosture } from '../../schemas/posture/zone.ts';
import { failureOf } from '../dns/failure.ts';
import type { Ask } from './ask.ts';

/** Looks at DNSSEC. A negative answer carries the AD bit as well. */
export const assessDnssec = async (domain: string, ask: Ask): Promise<DnssecPosture> => {
  const answer = await ask(domain, 'SOA');
  if (answer.kind === 'failure')
    return { state: 'dns-failure', failure: { name: domain, type: 'SOA', ...failureOf(answer) } };
  return { state: answer.authenticated ? 'validated' : 'not-validated' };
};
