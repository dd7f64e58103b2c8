/**
 * Which names SPF may ask DNS for. Never asks. RFC 7208 sections 4.3 and 4.8, RFC 1035 section
 * 2.3.4, RFC 8616 section 4 (A-labels).
 */
import { domainToASCII } from 'node:url';
import { MAX_NAME_CHARACTERS } from './macro.ts';

const MAX_LABEL_CHARACTERS = 63;

/** One spelling of a name for comparisons: lower case, without the last dot. */
export const sameName = (name: string): string => name.toLowerCase().replace(/\.$/, '');

/**
 * True when DNS can carry the name: labels of 1 to 63 visible ASCII characters or spaces, at most
 * 253 in all; one last dot is allowed.
 */
export const isDnsName = (name: string): boolean => {
  const bare = name.endsWith('.') ? name.slice(0, -1) : name;
  if (bare.length > MAX_NAME_CHARACTERS || /[^\x20-\x7e]/.test(bare)) return false;
  return bare.split('.').every((label) => label.length >= 1 && label.length <= MAX_LABEL_CHARACTERS);
};

/**
 * True when check_host() looks for a record at the name: a DNS name of two or more labels (RFC 7208
 * section 4.3).
 */
export const isRecordDomain = (name: string): boolean => isDnsName(name) && name.replace(/\.$/, '').includes('.');

/**
 * True when the domain of an identity can be checked: a host name as in mail, of two or more
 * labels, the last not all digits. An address literal such as `[192.0.2.1]` is none (RFC 7208
 * section 4.3).
 */
export const isIdentityDomain = (name: string): boolean =>
  isRecordDomain(name) && /^[a-z0-9_.-]+$/i.test(name) && !/(?:^|\.)[0-9]+\.?$/.test(name);

/**
 * Turns U-labels into A-labels (RFC 8616 section 4); ASCII labels stay as they are. A label that
 * has no A-label stays too, and makes the name one that DNS cannot carry.
 */
export const toALabels = (name: string): string =>
  /[^\x00-\x7f]/.test(name)
    ? name
        .split('.')
        .map((label) => (/[^\x00-\x7f]/.test(label) ? domainToASCII(label) || label : label))
        .join('.')
    : name;
