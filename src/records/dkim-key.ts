/**
 * A DKIM key record as a syntax tree, with the type and size of its key. Tells whether a verifier
 * may use the key, and never verifies a signature. RFC 6376 section 3.6.1 (tags), RFC 8301
 * (algorithms and sizes), RFC 8463 (Ed25519).
 */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { type Fault, quote } from './fault.ts';
import { findTag, parseTagList, type Tag } from './tag-list.ts';
import { type Selection, selectTexts } from './txt.ts';

/** Least size of an RSA key that a verifier accepts, in bits (RFC 8301 section 3.2). */
export const RSA_LEAST_BITS = 1024;

/** Size of an RSA key that a signer should have, in bits (RFC 8301 section 3.2). */
export const RSA_ADVISED_BITS = 2048;

/**
 * Largest `p=` that is decoded, in characters of base64: an RSA key of 16,384 bits has fewer than
 * 2,900.
 */
export const KEY_MAX_CHARACTERS = 8192;

type Common = {
  readonly text: string;
  /** All tags in order, with their positions. */
  readonly tags: readonly Tag[];
};

/** A key record as a verifier may use it. */
export type DkimKey = Common & {
  readonly kind: 'key';
  readonly keyType: 'rsa' | 'ed25519';
  /** Size of the key in bits: the modulus of an RSA key; 256 for Ed25519. */
  readonly bits: number;
  /** The key, ready for node:crypto. */
  readonly publicKey: KeyObject;
  /**
   * `spki` as RFC 6376 asks of RSA, `pkcs1` where the bare RSAPublicKey was published, `raw` for
   * Ed25519.
   */
  readonly encoding: 'spki' | 'pkcs1' | 'raw';
  /** Acceptable hash algorithms of `h=`, in lower case; null: all. */
  readonly hashAlgorithms: readonly string[] | null;
  /** Service types of `s=`; `['*']` by default. */
  readonly services: readonly string[];
  /**
   * False where `s=` names neither `*` nor `email`: a verifier of mail must then ignore the record.
   */
  readonly forMail: boolean;
  /** Flags of `t=`, in lower case. */
  readonly flags: readonly string[];
  /** `t=y`: the domain tests DKIM (RFC 6376 section 3.6.1). */
  readonly testing: boolean;
  /** `t=s`: the domain of `i=` must be that of `d=`, not a subdomain of it. */
  readonly strict: boolean;
  /** `n=`: notes for people. */
  readonly notes: string | null;
  /** Faults that do not keep a verifier from using the key, in order. */
  readonly faults: readonly Fault[];
};

/**
 * A key record, a revoked key (`p=` is empty), or the first fault that makes the record unusable.
 */
export type DkimKeyRecord =
  | DkimKey
  | (Common & { readonly kind: 'revoked'; readonly testing: boolean })
  | (Common & { readonly kind: 'fault'; readonly fault: Fault });

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
// SubjectPublicKeyInfo of RFC 8410 before the 32 bytes of an Ed25519 key.
const ED25519_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * True when a text means to be a key record: a tag list with `p=`, or one that begins with
 * `v=DKIM1`. One that begins with another version is none (RFC 6376 section 3.6.1 has it
 * discarded).
 */
const isDkimKeyRecord = (text: string): boolean => {
  const list = parseTagList(text);
  const [first] = list.tags;
  return first?.name === 'v' ? first.value === 'DKIM1' : findTag(list, 'p') !== undefined;
};

/**
 * The key record among the TXT texts of a selector; with several, results are undefined (RFC 6376
 * section 3.6.2.2).
 */
export const selectDkimKey = (texts: readonly string[]): Selection => selectTexts(texts, isDkimKeyRecord);

const splitColons = (tag: Tag | undefined): string[] | null =>
  tag === undefined
    ? null
    : tag.value
        .split(':')
        .map((item) => item.trim().toLowerCase())
        .filter((item) => item !== '');

const decodeRsa = (bytes: Buffer): { key: KeyObject; encoding: 'spki' | 'pkcs1' } | null => {
  for (const encoding of ['spki', 'pkcs1'] as const) {
    try {
      const key = createPublicKey({ key: bytes, format: 'der', type: encoding });
      if (key.asymmetricKeyType === 'rsa') return { key, encoding };
    } catch {
      // node:crypto has no way to ask beforehand whether bytes are a key: a refusal is the answer.
    }
  }
  return null;
};

type Decoded = Pick<DkimKey, 'bits' | 'publicKey' | 'encoding'>;

const decodeKey = (keyType: 'rsa' | 'ed25519', p: Tag): Decoded | Fault => {
  const offset = p.valueOffset;
  const base64 = p.value.replace(/[ \t\r\n]/g, '');
  if (base64.length > KEY_MAX_CHARACTERS)
    return { offset, reason: `"p" is longer than ${KEY_MAX_CHARACTERS} characters` };
  if (!BASE64.test(base64)) return { offset, reason: '"p" is not base64' };
  const bytes = Buffer.from(base64, 'base64');
  if (keyType === 'ed25519') {
    if (bytes.length !== 32) return { offset, reason: `"p" has ${bytes.length} bytes, an Ed25519 key has 32` };
    const publicKey = createPublicKey({ key: Buffer.concat([ED25519_PREFIX, bytes]), format: 'der', type: 'spki' });
    return { bits: 256, publicKey, encoding: 'raw' };
  }
  const rsa = decodeRsa(bytes);
  if (rsa === null) return { offset, reason: '"p" is not an RSA public key' };
  return { bits: rsa.key.asymmetricKeyDetails?.modulusLength ?? 0, publicKey: rsa.key, encoding: rsa.encoding };
};

/**
 * Reads a key record. Unknown tags are ignored but kept; a size below {@link RSA_LEAST_BITS} is
 * reported by `bits`, not as a fault. Never throws.
 */
export const parseDkimKey = (text: string): DkimKeyRecord => {
  const list = parseTagList(text);
  const common = { text, tags: list.tags };
  const faulty = (offset: number, reason: string) => ({ ...common, kind: 'fault', fault: { offset, reason } }) as const;
  const [twice] = list.repeated;
  if (twice !== undefined) return faulty(twice.offset, `tag ${quote(twice.name)} appears more than once`);
  const [broken] = list.faults;
  const version = findTag(list, 'v');
  if (version !== undefined && version !== list.tags[0]) return faulty(version.offset, '"v" is not the first tag');
  if (version !== undefined && version.value !== 'DKIM1')
    return faulty(version.valueOffset, `"v" is ${quote(version.value)}, not "DKIM1"`);
  const k = findTag(list, 'k');
  const keyType = k === undefined ? 'rsa' : k.value.toLowerCase();
  if (keyType !== 'rsa' && keyType !== 'ed25519')
    return faulty(k?.valueOffset ?? 0, `unknown key type ${quote(keyType)}`);
  const p = findTag(list, 'p');
  if (p === undefined)
    return broken === undefined ? faulty(text.length, 'tag "p" is missing') : faulty(broken.offset, broken.reason);
  const flags = splitColons(findTag(list, 't')) ?? [];
  if (p.value === '') return { ...common, kind: 'revoked', testing: flags.includes('y') };
  const decoded = decodeKey(keyType, p);
  if ('reason' in decoded) return { ...common, kind: 'fault', fault: decoded };
  const faults = [...list.faults];
  const services = splitColons(findTag(list, 's')) ?? ['*'];
  const forMail = services.includes('*') || services.includes('email');
  const s = findTag(list, 's');
  if (s !== undefined && !forMail) {
    faults.push({ offset: s.valueOffset, reason: `"s" is ${quote(s.value)}: the key is not for mail` });
  }
  if (keyType === 'rsa' && decoded.encoding === 'pkcs1') {
    faults.push({ offset: p.valueOffset, reason: '"p" is a bare RSAPublicKey, not a SubjectPublicKeyInfo' });
  }
  return {
    ...common,
    kind: 'key',
    keyType,
    ...decoded,
    hashAlgorithms: splitColons(findTag(list, 'h')),
    services,
    forMail,
    flags,
    testing: flags.includes('y'),
    strict: flags.includes('s'),
    notes: findTag(list, 'n')?.value ?? null,
    faults: faults.toSorted((left, right) => left.offset - right.offset),
  };
};
