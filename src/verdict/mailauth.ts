/**
 * The seam to mailauth: the functions this room calls, with the types of what it reads from their answers. mailauth publishes some of them only as
 * files, without types; no other file of the project sees the library. Pinned to ^7.1.0, because its majors change verdicts.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** The DNS function mailauth expects: rejects with an Error that carries a `code` (ENOTFOUND, ENODATA, …). */
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

/** The Author Domain as mailauth finds it (RFC 9989 section 5.3.1). */
export type MailauthAuthor =
  | { domain: string; authorDomain: string; mailboxes: number }
  | { reason: string; domains: string[]; mailboxes: number };

type ParsedAddress = { address?: string; name?: string; group?: ParsedAddress[] };

const requireBesideMailauth = createRequire(require.resolve('mailauth/package.json'));
const addressparser: (text: string) => ParsedAddress[] = requireBesideMailauth('nodemailer/lib/addressparser');
const { getAuthorDomain } = require('mailauth/lib/dmarc/author-domain.js') as {
  getAuthorDomain: (addresses: string[], fieldCount: number) => MailauthAuthor;
};

/** The mailboxes of From fields, groups opened (RFC 6854), and the Author Domain they give. @param fieldBodies bodies of all From fields */
export const mailauthAuthor = (fieldBodies: readonly string[]): { addresses: string[]; author: MailauthAuthor } => {
  const addresses = fieldBodies
    .flatMap((body) => addressparser(body))
    .flatMap((entry) => entry.group ?? [entry])
    .flatMap(({ address }) => (address ? [address] : []));
  return { addresses, author: getAuthorDomain(addresses, fieldBodies.length) };
};
