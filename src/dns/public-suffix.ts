/**
 * Domains by the Public Suffix List: what shares one authority, and the Organizational Domain of
 * RFC 7489. The list is that of the package, never fetched.
 */
import { LRUCache } from 'lru-cache';
import { getDomain } from 'tldts';
import { parentName } from './name.ts';

/**
 * The registered domain of a name by the ICANN part of the Public Suffix List: what shares one
 * authority, and so one share of the limits. A public suffix, a single label or an unknown ending
 * stands for itself. Used for limits only, never for alignment (RFC 9989 walks the tree).
 * @param name normalized
 */
export const registeredDomain = (name: string): string => {
  const parent = parentName(name);
  if (parent === null) return name;
  let shared = domainsOfParents.get(parent);
  if (shared === undefined) {
    shared = { domain: domainIn(parent) };
    domainsOfParents.set(parent, shared);
  }
  return shared.domain ?? domainIn(name) ?? name;
};

/**
 * What the names under one parent share: a walk through the list takes longer than most of a
 * question, and the names that are asked for lie beside each other.
 */
const domainsOfParents = new LRUCache<string, { readonly domain: string | null }>({ max: 2000 });

const AS_GIVEN = { validateHostname: false, extractHostname: false, detectIp: false } as const;

const domainIn = (name: string): string | null => getDomain(name, AS_GIVEN);

/**
 * The Organizational Domain by the whole Public Suffix List, private suffixes included, as
 * receivers of RFC 7489 use it (section 3.2). A public suffix or an unknown ending stands for
 * itself.
 */
export const organizationalDomainByList = (domain: string): string =>
  getDomain(domain, { ...AS_GIVEN, allowPrivateDomains: true }) ?? domain;
