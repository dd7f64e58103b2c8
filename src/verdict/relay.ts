/**
 * Relaying by strangers: a client that neither logged in nor is one's own sends to recipients
 * outside of the local domains (RFC 5321 sections 3.6.2 and 7.8). Pure. Says nothing where the
 * local domains or the client are unknown, and never of a recipient that names no domain.
 */
import type { SmtpFacts } from '../../schemas/smtp.ts';
import type { SmtpReply, VerdictSettings } from '../../schemas/verdict.ts';
import { networksOf } from '../ip/networks.ts';
import { comparable } from './methods/identifiers.ts';
import { readTransport } from './transport.ts';

/** The settings that tell whose client and whose recipient it is. */
type RelaySettings = Pick<VerdictSettings, 'localDomains' | 'localNetworks' | 'allowNetworks'>;

/** Finds the recipients to whom a message is relayed for a stranger, as the client named them. */
export type RelayedRecipients = (facts: SmtpFacts) => readonly string[];

/** One for each settings: a list of 10,000 domains is not made ready anew for each message. */
const prepared = new WeakMap<RelaySettings, RelayedRecipients>();

/** The question under these settings, which must not change afterwards. */
export const relayedUnder = (settings: RelaySettings): RelayedRecipients => {
  const known = prepared.get(settings);
  if (known !== undefined) return known;
  const made = prepare(settings);
  prepared.set(settings, made);
  return made;
};

const prepare = ({ localDomains, localNetworks, allowNetworks }: RelaySettings): RelayedRecipients => {
  const local = new Set(localDomains);
  const isOwn = networksOf([...localNetworks, ...allowNetworks]);
  return (facts) => {
    if (local.size === 0 || facts.clientIp === undefined || isOwn(facts.clientIp)) return [];
    if (readTransport(facts).authenticated === true) return [];
    return (facts.rcptTo ?? []).map(withoutBrackets).filter((path) => {
      const at = path.lastIndexOf('@');
      // A path without a domain is a mailbox of this server, as in RCPT TO:<postmaster> (RFC 5321
      // section 4.5.1).
      return at !== -1 && !local.has(comparable(path.slice(at + 1)));
    });
  };
};

const withoutBrackets = (path: string): string =>
  path.startsWith('<') && path.endsWith('>') ? path.slice(1, -1) : path;

/** The refusal: X.7.1 of RFC 3463 is "delivery not authorized". */
export const RELAY_REPLY: SmtpReply = {
  code: 550,
  enhancedCode: '5.7.1',
  text: 'Relaying is not permitted: log in, or send to recipients of this server only',
};
