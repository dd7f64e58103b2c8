/**
 * Signs report mail with a DKIM key of the operator (RFC 6376), where no mail server does. The
 * time of the signature is given, so that the same mail has the same signature on every try.
 */
import { dkimSign } from 'mailauth/lib/dkim/sign.js';

/** A key, and where its record is. */
type SigningKey = {
  /** Domain of the sender: what DMARC of the report asks for. */
  readonly domain: string;
  readonly selector: string;
  /** PEM of an RSA or Ed25519 key. */
  readonly privateKey: string;
};

/** Signed mail, or why it could not be signed. */
type Signing =
  | { readonly kind: 'signed'; readonly mail: Buffer }
  | { readonly kind: 'failed'; readonly reason: string };

/** Fields of report mail that say what it is. */
const SIGNED_FIELDS = ['From', 'To', 'Subject', 'Date', 'Message-ID', 'Auto-Submitted', 'MIME-Version', 'Content-Type'];

/**
 * Puts a signature on top of a mail.
 * @param signedSeconds t= of the signature, Unix time
 * @returns never rejects for what the key is like
 */
export const signMail = async (
  mail: Buffer,
  { domain, selector, privateKey }: SigningKey,
  signedSeconds: number,
): Promise<Signing> => {
  // What signs is signatureData; the types ask for the same once more beside it.
  const key = { signingDomain: domain, selector, privateKey };
  const { signatures, errors } = await dkimSign(mail, {
    ...key,
    strict: true,
    canonicalization: 'relaxed/relaxed',
    signTime: new Date(signedSeconds * 1000),
    headerList: SIGNED_FIELDS,
    signatureData: [key],
  });
  const [error] = errors;
  if (error !== undefined) return { kind: 'failed', reason: error.err.message };
  return { kind: 'signed', mail: Buffer.concat([Buffer.from(signatures), mail]) };
};
