/**
 * Whether a server's certificate is one that its TLSA records name: the certificate itself (usage
 * 3) or an authority in its chain (usage 2). RFC 6698 section 2.1, RFC 7672 section 3.1. Pure but
 * for hashing; whether the chain is intact is node:tls's to say.
 */
import { createHash, type X509Certificate } from 'node:crypto';

/** Certificates of one chain that are looked at. */
const MAX_CHAIN = 10;
const HASHES: Readonly<Record<string, string>> = { '1': 'sha256', '2': 'sha512' };

/**
 * @param records as text, "usage selector matching-type data"
 * @param leaf the server's certificate, with its issuers behind it
 */
export const matchesTlsa = (records: readonly string[], leaf: X509Certificate): boolean => {
  const chain: X509Certificate[] = [];
  for (
    let next: X509Certificate | undefined = leaf;
    next !== undefined && chain.length < MAX_CHAIN;
    next = issuerOf(next)
  )
    chain.push(next);
  return records.some((text) => {
    const [usage, selector = '', matchingType = '', data = ''] = text.split(' ');
    if (usage !== '2' && usage !== '3') return false;
    const candidates = usage === '3' ? [leaf] : chain;
    return candidates.some((certificate) => association(certificate, selector, matchingType) === data);
  });
};

const issuerOf = (certificate: X509Certificate): X509Certificate | undefined => {
  const issuer = certificate.issuerCertificate;
  // A root names itself as its issuer.
  return issuer === undefined || issuer.fingerprint256 === certificate.fingerprint256 ? undefined : issuer;
};

/** Certificate association data in lower-case hexadecimal; null for kinds that are not known. */
const association = (certificate: X509Certificate, selector: string, matchingType: string): string | null => {
  if (selector !== '0' && selector !== '1') return null;
  const bytes =
    selector === '0' ? certificate.raw : (certificate.publicKey.export({ type: 'spki', format: 'der' }) as Buffer);
  if (matchingType === '0') return bytes.toString('hex');
  const hash = HASHES[matchingType];
  return hash === undefined ? null : createHash(hash).update(bytes).digest('hex');
};
