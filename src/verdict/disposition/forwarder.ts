/**
 * Whether a message came through a forwarder that the operator trusts (TRUSTED_FORWARDERS), so that
 * a DMARC failure is what forwarding leaves behind. Pure and narrow: the address of the client and
 * its name confirm each other, somebody handed the message to the forwarder before, and nothing
 * shows that it began there.
 */
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import type { SpfVerdict } from '../../../schemas/spf.ts';
import type { Iprev, VerdictSettings } from '../../../schemas/verdict.ts';
import { isAtOrUnder } from '../../dns/name.ts';
import { isInNetwork, parseNetwork } from '../../ip/networks.ts';
import { fieldsNamed, type Message } from '../../message/message.ts';
import { readReceived } from '../../message/received.ts';
import { comparable } from '../methods/identifiers.ts';

/** What a forwarder is told by. */
type Arrival = {
  readonly message: Message;
  readonly facts: SmtpFacts;
  readonly iprev: Iprev;
  readonly spf: SpfVerdict;
  readonly settings: Pick<VerdictSettings, 'trustedForwarders'>;
};

/** A client that is a trusted forwarder. */
type Forwarder = {
  /** Its confirmed host name. */
  readonly host: string;
  /** The entry of TRUSTED_FORWARDERS that names it. */
  readonly entry: string;
};

/** The trusted forwarder that handed the message over, or null. */
export const findForwarder = (arrival: Arrival): Forwarder | null => {
  const { iprev } = arrival;
  if (iprev.result !== 'pass' || iprev.name === null) return null;
  const host = comparable(iprev.name);
  const entry = arrival.settings.trustedForwarders.find((one) => isNamed(one, host, arrival.facts.clientIp));
  return entry !== undefined && isExplained(arrival, host) && wasHandedOn(arrival.message) ? { host, entry } : null;
};

/**
 * True when the client may yet turn out to be a trusted forwarder, once its name can be looked up.
 */
export const mayBeForwarder = ({ message, facts, iprev, settings }: Arrival): boolean =>
  iprev.result === 'temperror' &&
  wasHandedOn(message) &&
  settings.trustedForwarders.some((entry) => parseNetwork(entry) === null || isNamed(entry, '', facts.clientIp));

const isNamed = (entry: string, host: string, clientIp: string | undefined): boolean =>
  parseNetwork(entry) === null ? isAtOrUnder(host, entry) : clientIp !== undefined && isInNetwork(clientIp, entry);

/**
 * A forwarder keeps MAIL FROM, and SPF fails for its address, or writes an address of its own. SPF
 * that passes for a third domain says that the client sends for that domain and forwards nothing.
 */
const isExplained = ({ spf }: Arrival, host: string): boolean => {
  if (spf.result !== 'pass' || spf.domain === null) return true;
  const domain = comparable(spf.domain);
  return isAtOrUnder(host, domain) || isAtOrUnder(domain, parentOf(host));
};

/** True when the newest Received field tells of a client that did not log in. */
const wasHandedOn = (message: Message): boolean => {
  const [newest] = fieldsNamed(message, 'received');
  if (newest === undefined) return false;
  const { ambiguous, fromIp, fromHelo, authenticated } = readReceived(newest.value());
  return !ambiguous && (fromIp !== null || fromHelo !== null) && authenticated !== true;
};

/** The domain of a host: the name one label up, when that is no top-level domain. */
const parentOf = (host: string): string => {
  const parent = host.slice(host.indexOf('.') + 1);
  return parent.includes('.') ? parent : host;
};
