/**
 * Option negotiation: what the mail server offers → what this filter asks for. Pure. Never asks for
 * more than was offered: an action bit that was not offered fails the filter on both mail servers,
 * a protocol bit on Sendmail. Names of libmilter (mfdef.h).
 */
import type { Reply } from './wire.ts';

/** Actions a filter may take on a message. */
export const SMFIF = { ADDHDRS: 0x001, CHGHDRS: 0x010, QUARANTINE: 0x020, SETSYMLIST: 0x100 } as const;

/** Protocol steps and manners. */
export const SMFIP = {
  NR_HDR: 0x000080,
  NOUNKNOWN: 0x000100,
  SKIP: 0x000400,
  NR_EOH: 0x040000,
  HDR_LEADSPC: 0x100000,
} as const;

const HIGHEST_VERSION = 6;
const LOWEST_VERSION = 2;

/** What an old peer means when it offers nothing, as libmilter reads it. */
const VERSION_2_ACTIONS = 0x0f;
const VERSION_2_PROTOCOL = 0x3f;

const WANTED_ACTIONS = SMFIF.ADDHDRS | SMFIF.CHGHDRS | SMFIF.QUARANTINE | SMFIF.SETSYMLIST;

// DATA keeps its reply (no NODATA, no NR_DATA): without one, Postfix over TCP waits 42 ms for a
// delayed acknowledgement with every message.
const WANTED_PROTOCOL = SMFIP.HDR_LEADSPC | SMFIP.SKIP | SMFIP.NOUNKNOWN | SMFIP.NR_HDR | SMFIP.NR_EOH;

/**
 * Macros asked for, by stage. Sendmail honours the list of end-of-message (5) only beside one of
 * end-of-header (6).
 */
const MACRO_LISTS: [stage: number, names: string][] = [
  [
    0,
    'j {daemon_name} {daemon_addr} {daemon_port} v _ {client_addr} {client_name} {client_port} {client_ptr} {client_resolve}',
  ],
  [1, '{tls_version} {cipher} {cipher_bits} {cert_subject} {cert_issuer} {verify}'],
  [2, 'i {auth_type} {auth_authen} {auth_author} {mail_addr} {tls_version}'],
  [3, 'i {rcpt_addr}'],
  [4, 'i {tls_version} {client_resolve}'],
  [5, 'i'],
  [6, 'i'],
];

/** What was agreed on. */
export type Agreement = {
  readonly version: number;
  readonly actions: number;
  readonly protocol: number;
};

/** The outcome of an offer. */
type Negotiation =
  | { kind: 'agreed'; agreement: Agreement; reply: Reply }
  | { kind: 'refused'; reason: 'version-too-old' | 'no-header-changes' };

/** Answers an offer. */
export const negotiate = (offer: Agreement): Negotiation => {
  if (offer.version < LOWEST_VERSION) return { kind: 'refused', reason: 'version-too-old' };
  const silent = offer.version <= LOWEST_VERSION && offer.actions === 0 && offer.protocol === 0;
  const offeredActions = silent ? VERSION_2_ACTIONS : offer.actions;
  const offeredProtocol = silent ? VERSION_2_PROTOCOL : offer.protocol;
  const actions = offeredActions & WANTED_ACTIONS;
  // A filter that can neither remove a forged field nor add its own would leave the forgery
  // standing as the only statement.
  if ((actions & SMFIF.ADDHDRS) === 0) return { kind: 'refused', reason: 'no-header-changes' };
  const agreement = {
    version: Math.min(HIGHEST_VERSION, offer.version),
    actions,
    protocol: offeredProtocol & WANTED_PROTOCOL,
  };
  const macroLists = (actions & SMFIF.SETSYMLIST) === 0 ? [] : MACRO_LISTS;
  return { kind: 'agreed', agreement, reply: { kind: 'optneg', ...agreement, macroLists } };
};

/** True when the mail server waits for an answer to this event. */
export const expectsReply = (agreement: Agreement, event: 'header' | 'eoh'): boolean =>
  (agreement.protocol & (event === 'header' ? SMFIP.NR_HDR : SMFIP.NR_EOH)) === 0;
