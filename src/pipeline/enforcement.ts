/**
 * What is done with a message of these recipients from this client: everything, a stamp, nothing,
 * or only a log line. Pure. A setting for the recipient's domain goes before one for the listener,
 * and that before the general one; among several recipients the mildest wins, because SMTP answers
 * DATA once for all of them and none may lose mail by another's choice.
 */
import type { PipelineSettings } from '../../schemas/settings/pipeline.ts';
import type { SmtpFacts } from '../../schemas/smtp.ts';
import { type Networks, networksOf } from '../ip/networks.ts';

/**
 * How far the published policy is followed. `as-verdict`: as the verdict's own disposition says,
 * which follows ENFORCE.
 */
export type Enforcement = 'on' | 'as-verdict' | 'off' | 'dry-run';

/** How a message is treated. */
type Treatment =
  /** Evaluate and act; one enforcement per recipient, at least one. */
  | { kind: 'evaluate'; enforcements: Enforcement[] }
  /** Evaluate nothing; write that the client logged in. */
  | { kind: 'stamp-authenticated' }
  /** Leave the message as it is. */
  | { kind: 'ignore'; reason: 'authenticated' | 'local-network' };

/** Settings that decide it. */
export type EnforcementSettings = Pick<
  PipelineSettings,
  'dryRun' | 'enforceDomains' | 'enforceDaemons' | 'authenticatedSenders' | 'localNetworks' | 'localSenders'
>;

/** A listener of the mail server, by name and port as it sends them. */
export type Daemon = { readonly name?: string | undefined; readonly port?: string | undefined };

/** Prepares the question. */
export const createTreatment = (settings: EnforcementSettings) => {
  const domains = wordsByName(settings.enforceDomains);
  const daemons = wordsByName(settings.enforceDaemons);
  const isLocal: Networks = networksOf(settings.localNetworks);

  const wordFor = (recipient: string, daemon: Daemon): Enforcement =>
    domains.get(domainOf(recipient)) ??
    daemons.get((daemon.name ?? '').toLowerCase()) ??
    daemons.get(daemon.port ?? '') ??
    (settings.dryRun ? 'dry-run' : 'as-verdict');

  /**
   * How a message of this client for these recipients is treated.
   * @param daemon the listener that took it, where known
   */
  return (facts: SmtpFacts, daemon: Daemon = { name: facts.daemonName }): Treatment => {
    // Who logged in may be unknown; that somebody did is not.
    const authenticated = facts.auth !== undefined && facts.auth.identity !== '';
    if (authenticated && settings.authenticatedSenders === 'ignore') return { kind: 'ignore', reason: 'authenticated' };
    if (authenticated && settings.authenticatedSenders === 'stamp') return { kind: 'stamp-authenticated' };
    const local = isLocal(facts.clientIp);
    if (local && settings.localSenders === 'ignore') return { kind: 'ignore', reason: 'local-network' };

    const recipients = facts.rcptTo === undefined || facts.rcptTo.length === 0 ? [''] : facts.rcptTo;
    const words = [...new Set(recipients.map((recipient) => wordFor(recipient, daemon)))];
    const milder = local && settings.localSenders === 'stamp';
    return {
      kind: 'evaluate',
      enforcements: milder ? words.map((word) => (word === 'dry-run' ? word : 'off')) : words,
    };
  };
};

/** What {@link createTreatment} makes. */
export type TreatmentOf = ReturnType<typeof createTreatment>;

const wordsByName = (entries: readonly string[]): Map<string, Enforcement> =>
  new Map(
    entries.map((entry) => {
      const equals = entry.lastIndexOf('=');
      return [
        entry.slice(0, equals).toLowerCase().replace(/\.$/, ''),
        enforcementWord(entry.slice(equals + 1)),
      ] as const;
    }),
  );

const enforcementWord = (word: string): Enforcement => (word === 'on' || word === 'dry-run' ? word : 'off');

/**
 * Cut from the end octet by octet: an expression such as `[>.]+$` takes the square of a run of
 * dots.
 */
const domainOf = (address: string): string => {
  let end = address.length;
  while (end > 0 && '>.'.includes(address.charAt(end - 1))) end -= 1;
  return address.slice(address.lastIndexOf('@', end) + 1, end).toLowerCase();
};
