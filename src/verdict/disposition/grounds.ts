/**
 * What a disposition rests on: results, settings, overrides, and the policies of several author
 * domains, which are the only thing still asked for.
 */
import type { Verdict } from '../../../schemas/verdict.ts';
import { strictestPolicy } from '../../dmarc/strictest-policy.ts';
import { findStrayOctet } from '../findings/stray-octets.ts';
import type { Mail } from '../mail.ts';
import { toIdentifiers } from '../methods/identifiers.ts';
import { relayedUnder } from '../relay.ts';
import type { Run } from '../run.ts';
import type { DispositionGrounds } from './disposition.ts';
import { findOpenOverride, findOverride } from './override.ts';

/** Results that a disposition is made of. */
type Results = Pick<Verdict, 'spf' | 'dkim' | 'arc' | 'dmarc' | 'iprev'>;

/** Gathers them. Never rejects for what DNS answers. */
export const gatherGrounds = async (run: Run, mail: Mail, results: Results): Promise<DispositionGrounds> => {
  const { settings } = run.parts;
  const { dmarc, spf, dkim } = results;
  const grounds = { ...results, facts: mail.facts, message: mail.message, settings };
  return {
    dmarc,
    spf: spf.result,
    dkim: dkim.map(({ result }) => result),
    enforce: settings.enforce,
    strayOctet: findStrayOctet(mail.message),
    isRefusedRelay: settings.relay === 'reject' && relayedUnder(settings)(mail.facts).length > 0,
    unreadableFrom: (await policyOfSeveral(run, mail, results)) ?? settings.unreadableFrom,
    override: findOverride(grounds),
    openOverride: findOpenOverride(grounds),
  };
};

/** Null unless From names several author domains. */
const policyOfSeveral = async (run: Run, { author }: Mail, { spf, dkim }: Results) =>
  author.domains.length > 1
    ? strictestPolicy(
        author.domains,
        toIdentifiers(spf, dkim, run.parts.settings),
        run.budget.policyLookup,
        run.deadlineMs,
      )
    : null;
