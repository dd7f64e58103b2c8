/**
 * Settings of the evaluation. Environment names are the keys in upper snake case: `authservId` is
 * `AUTHSERV_ID`.
 */
import { z } from 'zod';
import { choice, list, text, toggle, wholeNumber } from './setting.ts';

const Domain = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})+$/, 'must be a domain name in A-label form')
  .transform((name) => name.toLowerCase());

/** An address or a network in CIDR notation; the evaluation checks the bits. */
const Network = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
  error: 'must be an address or a network such as 192.0.2.0/24 or 2001:db8::/32',
});

const DomainOrNetwork = z.union([Network, Domain], {
  error: 'must be a domain name such as forwarder.example, or an address or a network such as 192.0.2.0/24',
});

/** Characters of a protected name, and its words: more is no name of a person. */
const MAX_NAME_CHARS = 100;
const MAX_NAME_WORDS = 8;

/** A domain, U-labels allowed, or the name of a person or a brand. */
const ProtectedName = z
  .string()
  .trim()
  .min(3, 'must have at least 3 characters')
  .max(MAX_NAME_CHARS)
  .refine((name) => /\p{L}/u.test(name) && !/[\p{Cc}@]/u.test(name), 'must be a domain or a name, not an address')
  .refine((name) => name.split(/\s+/).length <= MAX_NAME_WORDS, `must have at most ${MAX_NAME_WORDS} words`);

export const EvaluationSettings = z.object({
  authservId: text({
    default: '',
    maxLength: 255,
    unit: 'host name',
    about: "authserv-id of the Authentication-Results field (RFC 8601 section 2.5); empty: the machine's host name",
  }),
  strict: toggle({ default: true, about: 'follow every RFC to the letter; no: the lenient mode of mailauth' }),
  underscoreSelectors: toggle({
    default: false,
    about:
      'let a DKIM or ARC selector with an underscore through, which RFC 6376 section 3.1 does not allow and some programs and services make; a finding tells of it',
  }),
  enforce: toggle({
    default: false,
    about: 'let the disposition follow the published DMARC policy; no: accept and tell what it would have been',
  }),
  unreadableFrom: choice({
    words: ['accept', 'quarantine', 'reject'],
    default: 'reject',
    about:
      'with ENFORCE, a message whose From is missing, unreadable or repeated; of several author domains in one From the strictest policy of those that fail counts',
  }),
  maxSignatures: wholeNumber({
    default: 10,
    min: 1,
    max: 100,
    unit: 'signatures',
    about: 'DKIM signatures evaluated per message, those that may align first',
  }),
  minRsaBits: wholeNumber({
    default: 1024,
    min: 512,
    max: 4096,
    unit: 'bits',
    about: 'smallest RSA key of a DKIM or ARC signature (RFC 8301 section 3.2)',
  }),
  dkimBodyLength: choice({
    words: ['report', 'reject'],
    default: 'report',
    about: 'a signature whose l= leaves part of the body unsigned: report it, or reject it as a ground for DMARC',
  }),
  clockSkewSeconds: wholeNumber({
    default: 300,
    min: 0,
    max: 86400,
    unit: 's',
    about: 'tolerance for the times t= and x= of a signature',
  }),
  arcTrustedSealers: list({
    item: Domain,
    max: 1000,
    unit: 'domains',
    about: 'sealers whose ARC chain may explain a DMARC failure (RFC 8617 section 7.2)',
  }),
  trustedForwarders: list({
    item: DomainOrNetwork,
    max: 1000,
    unit: 'domains and networks',
    about:
      'hosts that forward mail here: a DMARC failure that forwarding explains is accepted from them, when the address of the client and its name confirm each other',
  }),
  allowDomains: list({
    item: Domain,
    max: 10000,
    unit: 'domains',
    about: 'authenticated domains (DKIM or SPF pass) whose mail is accepted in spite of a DMARC failure',
  }),
  allowNetworks: list({
    item: Network,
    max: 10000,
    unit: 'networks',
    about: 'client networks whose mail is accepted in spite of a DMARC failure',
  }),
  localDomains: list({
    item: Domain,
    max: 10000,
    unit: 'domains',
    about: 'domains this receiver takes mail for; set, it tells relaying by strangers',
  }),
  protectedNames: list({
    item: ProtectedName,
    max: 1000,
    unit: 'domains and names',
    about:
      'own domains and names of people, as in brand.example, Jane Doe: findings tell when an author of another domain bears one of them or has a domain that looks like one; an entry with a dot and without a space is a domain',
  }),
  relay: choice({
    words: ['report', 'reject'],
    default: 'report',
    about:
      'mail from a client that neither logged in nor is in LOCAL_NETWORKS or ALLOW_NETWORKS, to recipients outside of LOCAL_DOMAINS: report it, or refuse it where ENFORCE is on',
  }),
});
export type EvaluationSettings = z.infer<typeof EvaluationSettings>;
