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

/** One signature as mailauth reports it, as far as it is read here. */
export type MailauthSignature = {
  signingDomain?: string;
  selector?: string;
  signature?: string;
  algo?: string;
  format?: string;
  signingHeaders?: { keys?: string };
  signTime?: string | null;
  expiresAfter?: string | null;
  canonBodyLengthLimited?: boolean;
  canonBodyLengthLimit?: number;
  canonBodyLength?: number;
  canonBodyLengthTotal?: number;
  modulusLength?: number;
  publicKey?: string;
  rr?: string;
  status: {
    result: string;
    comment?: string;
    testing?: boolean;
    underSized?: number;
    policy?: Record<string, string>;
    header?: { d?: string | false; i?: string | false; s?: string; a?: string; b?: string | false };
  };
};

type ParsedTags = { parsed?: Record<string, { value?: unknown } | undefined>; original?: Buffer };

/** One ARC set as mailauth reads it. */
export type MailauthArcSet = { i: number } & Record<
  'arc-seal' | 'arc-message-signature' | 'arc-authentication-results',
  ParsedTags | undefined
>;

/** What `arc()` needs from the signature verifier. */
export type MailauthArcData = { chain: MailauthArcSet[] | false; error?: Error & { code?: string } };

/** Chain status as mailauth reports it. */
export type MailauthArc = { i?: number | false; status: { result: string; comment?: string } };

/** A signature field before it is evaluated. */
type PreparedSignature = ParsedTags & { type: string; skip?: string; invalid?: string; signingDomain?: string };

interface Verifier {
  headers: { parsed: { key: string; line: Buffer }[] } | false;
  headerFrom: string[];
  fromFields: number;
  signatureHeaders: PreparedSignature[];
  results: MailauthSignature[];
  arc: MailauthArcData;
  prepareSignature(field: PreparedSignature): void;
}

type VerifierOptions = {
  resolver: MailauthResolver;
  strict: boolean;
  minBitLength: number;
  curTime: Date;
  sender: string;
};

const { DkimVerifier } = require('mailauth/lib/dkim/dkim-verifier.js') as {
  DkimVerifier: new (options: VerifierOptions) => Verifier;
};
const { writeToStream } = require('mailauth/lib/tools.js') as {
  writeToStream: (stream: Verifier, input: Uint8Array) => Promise<void>;
};

/** Text that marks a signature left out because of the cap. */
export const OVER_THE_CAP = 'too many signatures';

/** mailauth's verifier with a cap: the signatures that `choose` leaves out are reported without being evaluated (RFC 6376 section 6.1). */
class CappedVerifier extends DkimVerifier {
  readonly #choose: (domains: string[]) => ReadonlySet<number>;
  #chosen: ReadonlySet<PreparedSignature> | undefined;

  constructor(options: VerifierOptions, choose: (domains: string[]) => ReadonlySet<number>) {
    super(options);
    this.#choose = choose;
  }

  override prepareSignature(field: PreparedSignature): void {
    if (this.#chosen === undefined) {
      const fields = this.signatureHeaders.filter(({ type }) => type === 'DKIM');
      const indexes = this.#choose(fields.map(({ parsed }) => String(parsed?.d?.value ?? '')));
      this.#chosen = new Set(fields.filter((_, index) => indexes.has(index)));
    }
    super.prepareSignature(field);
    if (field.type === 'DKIM' && !this.#chosen.has(field)) field.skip = OVER_THE_CAP;
  }
}

/**
 * Verifies the DKIM signatures of a message and reads its ARC sets.
 * @param choose given the d= of each signature in order, the indexes of those to evaluate
 */
export const mailauthSignatures = async (
  message: Uint8Array,
  options: VerifierOptions,
  choose: (domains: string[]) => ReadonlySet<number>,
): Promise<{ signatures: MailauthSignature[]; arc: MailauthArcData }> => {
  const verifier = new CappedVerifier(options, choose);
  await writeToStream(verifier, message);
  return { signatures: verifier.results.filter(({ status }) => status.result !== 'none'), arc: verifier.arc };
};

/** Validates the ARC chain that `mailauthSignatures` read. */
export const mailauthArc: (
  data: MailauthArcData,
  options: { resolver: MailauthResolver; minBitLength: number; strict: boolean; ip?: string },
) => Promise<MailauthArc> = require('mailauth/lib/arc/index.js').arc;

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
