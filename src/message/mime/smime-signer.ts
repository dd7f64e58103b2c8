/**
 * Whose certificate an S/MIME signature names: the addresses of the signer's certificate out of the
 * CMS object (RFC 5652 section 5.1, RFC 8550 section 3). Never verifies the signature or the
 * certificate: it tells who is claimed to have signed. Only the few headers on the way to the
 * certificates are read here, and each certificate by node:crypto; a general ASN.1 reader builds a
 * tree of everything, which took 0.8 s for 64 KiB of a hostile object (asn1js 3.1).
 */
import { X509Certificate } from 'node:crypto';
import { showControls } from '../encoded-words.ts';
import { childrenOf, decodedBody, type Part } from './parts.ts';

/** Octets of the signature as transferred; a larger one is not read. */
export const MAX_SIGNATURE_BYTES = 262_144;
/** Certificates and signers that are looked at; a chain has three. */
const MAX_CERTIFICATES = 10;
const MAX_SIGNERS = 5;
const MAX_CERTIFICATE_BYTES = 16_384;
/** Addresses that are told. */
const MAX_ADDRESSES = 5;
const MAX_ADDRESS_CHARS = 320;

/**
 * The addresses in the certificates of the signers.
 * @param parts of a message that `readProtection` calls smime-signed
 * @returns null where the object cannot be read, or carries no certificate of a signer with an
 * address
 */
export const readSmimeSigner = (parts: readonly Part[]): string[] | null => {
  const [root] = parts;
  const signed = root?.type === 'multipart/signed' ? childrenOf(parts, 0)[1] : root;
  if (signed === undefined || signed.body.length > MAX_SIGNATURE_BYTES) return null;
  const octets = signed.body[0] === SEQUENCE ? signed.body : decodedBody(signed, MAX_SIGNATURE_BYTES);
  const certificates = octets === null ? [] : signerCertificates(octets);
  const addresses = [...new Set(certificates.flatMap(addressesOf))].slice(0, MAX_ADDRESSES);
  return addresses.length === 0 ? null : addresses;
};

/** One element of BER (X.690): its tag, and where its content and it itself end. */
type Element = {
  readonly tag: number;
  readonly at: number;
  readonly content: number;
  readonly end: number;
  readonly next: number;
};

const SEQUENCE = 0x30;
const SET = 0x31;
const INTEGER = 0x02;
const OBJECT_IDENTIFIER = 0x06;
const CONTEXT_0 = 0xa0;
const SIGNED_DATA = Buffer.from('2a864886f70d010702', 'hex');
const EMPTY: readonly Element[] = [];

/**
 * Reads the element at an offset. @returns null for what is no element within `limit`, and for tags
 * of more than one octet, which none of those on the way has
 */
const elementAt = (octets: Buffer, at: number, limit: number): Element | null => {
  const tag = octets[at] ?? 0;
  if (octets[at + 1] === INDEFINITE) {
    const end = isConstructed(tag) ? endOfIndefinite(octets, at + 2, limit) : -1;
    return end === -1 ? null : { tag, at, content: at + 2, end, next: end + 2 };
  }
  const next = endOfDefinite(octets, at, limit);
  return next === -1 ? null : { tag, at, content: contentOf(octets, at), end: next, next };
};

/** In the place of a length: the end is told by end-of-contents octets. */
const INDEFINITE = 0x80;
const MAX_LENGTH_OCTETS = 4;

const isConstructed = (tag: number): boolean => (tag & 0x20) !== 0;

/** Where the content begins, by the length octets before it. */
const contentOf = (octets: Buffer, at: number): number => {
  const first = octets[at + 1] ?? 0;
  return at + 2 + (first < INDEFINITE ? 0 : first & 0x7f);
};

/** Where an element with a length ends; -1 for none within `limit`. */
const endOfDefinite = (octets: Buffer, at: number, limit: number): number => {
  if (at + 2 > limit || ((octets[at] ?? 0) & 0x1f) === 0x1f) return -1;
  const first = octets[at + 1] ?? 0;
  const content = contentOf(octets, at);
  if (content - at - 2 > MAX_LENGTH_OCTETS || content > limit) return -1;
  const length = first < INDEFINITE ? first : octets.readUIntBE(at + 2, first & 0x7f);
  return content + length > limit ? -1 : content + length;
};

/** The end-of-contents octets of an element without a length; nested ones are counted. */
const endOfIndefinite = (octets: Buffer, start: number, limit: number): number => {
  let depth = 1;
  let at = start;
  while (at + 2 <= limit) {
    const isEnd = octets[at] === 0 && octets[at + 1] === 0;
    if (isEnd && depth === 1) return at;
    if (isEnd) depth -= 1;
    else if (octets[at + 1] === INDEFINITE) depth += 1;
    const next = isEnd || octets[at + 1] === INDEFINITE ? at + 2 : endOfDefinite(octets, at, limit);
    if (next === -1) return -1;
    at = next;
  }
  return -1;
};

/** The first elements within another. */
const elementsIn = (
  octets: Buffer,
  { content, end }: Pick<Element, 'content' | 'end'>,
  most: number,
): readonly Element[] => {
  const found: Element[] = [];
  for (let at = content; at < end && found.length < most; ) {
    const element = elementAt(octets, at, end);
    if (element === null) return EMPTY;
    found.push(element);
    at = element.next;
  }
  return found;
};

/** The certificates that belong to the signers, in DER. */
const signerCertificates = (octets: Buffer): Buffer[] => {
  const whole = elementAt(octets, 0, octets.length);
  if (whole?.tag !== SEQUENCE) return [];
  const [type, content] = elementsIn(octets, whole, 2);
  if (type?.tag !== OBJECT_IDENTIFIER || content?.tag !== CONTEXT_0) return [];
  if (!octets.subarray(type.content, type.end).equals(SIGNED_DATA)) return [];
  const [signedData] = elementsIn(octets, content, 1);
  if (signedData?.tag !== SEQUENCE) return [];
  // version, digestAlgorithms, encapContentInfo, [0] certificates, [1] crls, signerInfos
  const members = elementsIn(octets, signedData, 6);
  const holder = members.find(({ tag }) => tag === CONTEXT_0);
  const signers = members.at(-1);
  if (holder === undefined || signers?.tag !== SET) return [];
  const certificates = elementsIn(octets, holder, MAX_CERTIFICATES)
    .filter(({ tag, at, next }) => tag === SEQUENCE && next - at <= MAX_CERTIFICATE_BYTES)
    .map(({ at, next }) => octets.subarray(at, next));
  const wanted = elementsIn(octets, signers, MAX_SIGNERS).map((signer) => signerIdOf(octets, signer));
  // A signer that is named by its key alone is known where there is one certificate.
  if (certificates.length === 1 && wanted.length === 1 && wanted[0] === null) return certificates;
  return certificates.filter((certificate) => {
    const id = certificateIdOf(certificate);
    return id !== null && wanted.includes(id);
  });
};

/** issuerAndSerialNumber of a SignerInfo (RFC 5652 section 5.3); null for another identifier. */
const signerIdOf = (octets: Buffer, signer: Element): string | null => {
  const [, sid] = elementsIn(octets, signer, 2);
  if (sid?.tag !== SEQUENCE) return null;
  const [issuer, serial] = elementsIn(octets, sid, 2);
  return idOf(octets, issuer, serial);
};

/** Issuer and serial number of a certificate (RFC 5280 section 4.1). */
const certificateIdOf = (octets: Buffer): string | null => {
  const whole = elementAt(octets, 0, octets.length);
  const [signed] = whole === null ? EMPTY : elementsIn(octets, whole, 1);
  const members = signed === undefined ? EMPTY : elementsIn(octets, signed, 4);
  const [serial, , issuer] = members[0]?.tag === CONTEXT_0 ? members.slice(1) : members;
  return idOf(octets, issuer, serial);
};

const idOf = (octets: Buffer, issuer: Element | undefined, serial: Element | undefined): string | null =>
  issuer?.tag === SEQUENCE && serial?.tag === INTEGER
    ? `${octets.toString('latin1', issuer.content, issuer.end)}\0${octets.toString('latin1', serial.content, serial.end)}`
    : null;

/** rfc822Names, and where there are none the emailAddress of the subject (RFC 8550 section 3). */
const addressesOf = (certificate: Buffer): string[] => {
  try {
    const { subject, subjectAltName } = new X509Certificate(certificate);
    const named = namesIn(subjectAltName ?? '');
    const addresses = named.length > 0 ? named : subjectAddresses(subject);
    return addresses.slice(0, MAX_ADDRESSES).map((address) => showControls(address.slice(0, MAX_ADDRESS_CHARS)));
  } catch {
    // The octets are the sender's; what OpenSSL cannot read has no address.
    return [];
  }
};

/** "email:a@b.example, DNS:c.example", a value with odd characters in it as a JSON string. */
const namesIn = (text: string): string[] => {
  const names: string[] = [];
  for (let at = 0; at < text.length && names.length < MAX_ADDRESSES; ) {
    const colon = text.indexOf(':', at);
    if (colon === -1) return names;
    const isQuoted = text.charAt(colon + 1) === '"';
    const close = isQuoted ? endOfString(text, colon + 1) : text.indexOf(', ', colon);
    const end = close === -1 ? text.length : close;
    const value = text.slice(colon + 1, end);
    if (text.slice(at, colon) === 'email') names.push(isQuoted ? String(JSON.parse(value)) : value);
    at = end + ', '.length;
  }
  return names;
};

/** The place after the JSON string that begins at `start`. */
const endOfString = (text: string, start: number): number => {
  for (let at = start + 1; at < text.length; at += text.charAt(at) === '\\' ? 2 : 1)
    if (text.charAt(at) === '"') return at + 1;
  return text.length;
};

const subjectAddresses = (subject: string): string[] =>
  subject
    .split('\n')
    .filter((line) => line.startsWith('emailAddress='))
    .map((line) => line.slice('emailAddress='.length));
