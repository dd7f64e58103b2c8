/**
 * The sender's address of one report at one address, so that a bounce tells both: `reports` becomes
 * `reports+<Report-ID>-<tag>`. The tag is a keyed hash of Report-ID and address: whoever gets
 * reports knows their ids and can read the other addresses in DNS, and must not be able to write
 * bounces for them. Nothing is stored for it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { domainOf } from './mailbox.ts';

/** RFC 5321 section 4.5.3.1.1. */
const MAX_LOCAL_PART = 64;
/** Characters of base32: 60 bits, too many to guess by mail. */
const TAG_CHARACTERS = 12;
/** Lower case alone: servers on the way may change case. */
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
const SAFE_ID = /^[a-z0-9._-]+$/;

/** A report at an address. */
export type Sent = { readonly reportId: string; readonly address: string };

/** What was read of the address that a bounce came to. */
type VerpAddress = {
  /** Report-IDs that it can be of: with the domain of the sender, and without. */
  readonly reportIds: readonly string[];
  readonly tag: string;
};

/**
 * The address that a report is sent from.
 * @param sender REPORT_SENDER
 * @returns the sender itself for a Report-ID that no local-part can carry, whose bounces then tell
 * nothing
 */
export const verpSender = (sender: string, sent: Sent, key: Buffer): string => {
  const domain = domainOf(sender);
  const id = sent.reportId.endsWith(`@${domain}`) ? sent.reportId.slice(0, -(domain.length + 1)) : sent.reportId;
  const local = `${sender.slice(0, sender.lastIndexOf('@'))}+${id}-${tagOf(sent, key)}`;
  return SAFE_ID.test(id) && local.length <= MAX_LOCAL_PART ? `${local}@${domain}` : sender;
};

/**
 * Reads the address that a bounce came to.
 * @returns null for another one
 */
export const readVerp = (recipient: string, sender: string): VerpAddress | null => {
  const address = recipient.toLowerCase();
  const domain = domainOf(sender);
  const prefix = `${sender.slice(0, sender.lastIndexOf('@')).toLowerCase()}+`;
  if (!address.startsWith(prefix) || !address.endsWith(`@${domain}`)) return null;
  const token = address.slice(prefix.length, address.length - domain.length - 1);
  const hyphen = token.lastIndexOf('-');
  const id = token.slice(0, Math.max(0, hyphen));
  const tag = token.slice(hyphen + 1);
  if (!SAFE_ID.test(id) || tag.length !== TAG_CHARACTERS) return null;
  return { reportIds: [`${id}@${domain}`, id], tag };
};

/** True when the tag is that of a report at an address. */
export const isTagOf = (tag: string, sent: Sent, key: Buffer): boolean => {
  const expected = Buffer.from(tagOf(sent, key));
  const given = Buffer.from(tag);
  return given.length === expected.length && timingSafeEqual(given, expected);
};

const tagOf = ({ reportId, address }: Sent, key: Buffer): string => {
  const digest = createHmac('sha256', key).update(`${reportId}\0${address.toLowerCase()}`).digest();
  return Array.from(digest.subarray(0, TAG_CHARACTERS), (octet) => BASE32.charAt(octet & 31)).join('');
};
