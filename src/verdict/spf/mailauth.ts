/**
 * The seam to mailauth: the functions this room calls, with the types of what it reads from their
 * answers. mailauth publishes some of them only as files, without types; no other file of the
 * project sees the library but the one that signs reports. Pinned to ^7.1.0, because its majors
 * change verdicts.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/**
 * The DNS function mailauth expects: rejects with an Error that carries a `code` (ENOTFOUND,
 * ENODATA, …).
 */
export type MailauthResolver = (name: string, type: string) => Promise<unknown[]>;

/** What `spf()` answers, as far as it is read here. */
export type MailauthSpf = {
  domain: string;
  rr?: string;
  explanation?: string;
  status: { result: string; comment?: string };
  lookups?: { limit: number; count: number; void: number };
};

type SpfOptions = {
  sender: string;
  ip: string;
  helo: string;
  mta: string;
  strict: boolean;
  resolver: MailauthResolver;
  maxElapsedTime?: number;
};

/** check_host() of RFC 7208 through mailauth. */
export const mailauthSpf: (options: SpfOptions) => Promise<MailauthSpf> = require('mailauth/lib/spf/index.js').spf;

/** Version of the library, for the verdict. */
export const mailauthVersion: string = require('mailauth/package.json').version;
