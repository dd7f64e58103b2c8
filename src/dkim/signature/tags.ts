/**
 * The tags of DKIM-Signature, ARC-Message-Signature and ARC-Seal as values: what each tag says, as
 * far as it can be read, whether or not the field as a whole can be used. RFC 6376 sections 2.11
 * and 3.5, RFC 8617 section 4.1. Judges nothing: rules.ts does. Never throws.
 */
import { keyRecordName, selectorName, shownName, signingDomain } from '../signing-name.ts';
import type { TagList } from '../tag-list.ts';

/** The three fields that carry a signature. */
export type FieldKind = 'dkim-signature' | 'arc-message-signature' | 'arc-seal';
/** k= of a key record, and the first half of a= (RFC 6376 section 3.3, RFC 8463 section 3). */
export type KeyType = 'rsa' | 'ed25519';
/** The second half of a= (RFC 6376 section 3.3). */
export type HashName = 'sha1' | 'sha256';
/** RFC 6376 section 3.4. */
export type Canonicalization = 'simple' | 'relaxed';

/** What a field says, for the report: as far as it could be read, also of a faulty field. */
export type SignatureFacts = {
  readonly sdid: string | null;
  /** i=, or "@" and the SDID; null on ARC fields, whose i= is the instance. */
  readonly auid: string | null;
  readonly selector: string | null;
  readonly algorithm: string | null;
  readonly canonicalization: { readonly header: string; readonly body: string };
  /** h= in lower case. */
  readonly signedFields: readonly string[];
  /** l= in octets, at most 2^53 - 1. */
  readonly bodyLength: number | null;
  /** t= and x= in seconds since the epoch. */
  readonly signedAtSeconds: number | null;
  readonly expiresAtSeconds: number | null;
  /** b= without white space. */
  readonly signature: string | null;
};

/**
 * A signature that can be verified. An ARC-Seal covers no body and names no fields: `bodyHash` is
 * empty, `signedFields` too.
 */
export type Signature = {
  readonly kind: FieldKind;
  readonly keyType: KeyType;
  readonly hash: HashName;
  readonly header: Canonicalization;
  readonly body: Canonicalization;
  /** b=, decoded. */
  readonly signature: Buffer;
  /** bh= in base64 without white space. */
  readonly bodyHash: string;
  /** l= in octets; null: the whole body. */
  readonly bodyLength: number | null;
  readonly signedFields: readonly string[];
  readonly sdid: string;
  /** Domain of i= where it is given. */
  readonly auidDomain: string | null;
  readonly keyName: string;
  readonly expiresAtSeconds: number | null;
};

/** A field's tags, read. */
export type SignatureTags = {
  readonly kind: FieldKind;
  readonly tagList: TagList;
  /** Value of a tag, one byte a code unit; undefined where the tag is absent. */
  readonly tag: (name: string) => string | undefined;
  readonly facts: SignatureFacts;
  /** a=, when it names an algorithm that is known. */
  readonly algorithm: { readonly keyType: KeyType; readonly hash: HashName } | null;
  /** d=, when it is a domain name: lower case, A-labels. */
  readonly sdid: string | null;
  /** s=, when it is a selector. */
  readonly selector: string | null;
  /** Name of the key record, when DNS can hold it. */
  readonly keyName: string | null;
  /** i= of a DKIM-Signature, decoded; null without one. */
  readonly auid: { readonly localPart: string | null; readonly domain: string | null } | null;
  /** b= and bh= without white space. */
  readonly signature: string;
  readonly bodyHash: string;
};

/** RFC 6376 section 3.3 and RFC 8463 section 3. */
const ALGORITHMS: ReadonlyMap<string, { keyType: KeyType; hash: HashName }> = new Map([
  ['rsa-sha1', { keyType: 'rsa', hash: 'sha1' }],
  ['rsa-sha256', { keyType: 'rsa', hash: 'sha256' }],
  ['ed25519-sha256', { keyType: 'ed25519', hash: 'sha256' }],
]);

/** Longest piece of a field that is reported, in characters. */
const MAX_SHOWN = 1024;

const withoutBlanks = (value: string) => value.replace(/[ \t\r\n]+/g, '');

const utf8 = (bytes: string) => Buffer.from(bytes, 'latin1').toString('utf8');

/**
 * dkim-quoted-printable (RFC 6376 section 2.11): white space is no part of it. One byte a code
 * unit.
 */
const decodeQuotedPrintable = (value: string) =>
  withoutBlanks(value).replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

/** sig-t-tag and sig-x-tag are 1*12DIGIT (RFC 6376 section 3.5). */
const secondsOf = (value: string | undefined) => (/^[0-9]{1,12}$/.test(value ?? '') ? Number(value) : null);

/**
 * sig-l-tag is 1*76DIGIT. What no body can reach is reported as the largest number that is exact.
 */
const lengthOf = (value: string | undefined) =>
  /^[0-9]{1,76}$/.test(value ?? '') ? Math.min(Number(value), Number.MAX_SAFE_INTEGER) : null;

/** The two halves of c= in lower case; absent means simple, for each half. */
const canonicalizationOf = (value: string | undefined) => {
  const [header = 'simple', body = 'simple'] = value === undefined ? [] : value.toLowerCase().split('/', 2);
  return { header: header.slice(0, MAX_SHOWN), body: body.slice(0, MAX_SHOWN) };
};

/**
 * Most names of h= that are read. One more spoils the signature: a field of 1 MB has room for
 * 300,000, and a message for far fewer fields that they could mean.
 */
export const MAX_SIGNED_FIELDS = 2000;

const namesOf = (h: string) =>
  h
    .split(':', MAX_SIGNED_FIELDS + 1)
    .map((name) => withoutBlanks(name).toLowerCase())
    .filter((name) => name !== '');

const auidOf = (value: string) => {
  const text = decodeQuotedPrintable(value);
  const at = text.lastIndexOf('@');
  const domain = at < 0 ? null : signingDomain(text.slice(at + 1));
  const localPart = at < 0 ? null : text.slice(0, at);
  const shown = domain === null ? utf8(text) : `${utf8(localPart ?? '')}@${domain}`;
  return { localPart, domain, shown: shown.slice(0, MAX_SHOWN) };
};

/** Reads the tags of a field. Of a faulty list, what could be read. */
export const readSignatureTags = (kind: FieldKind, tagList: TagList): SignatureTags => {
  const tag = (name: string) => tagList.tags.get(name)?.value;
  const isDkim = kind === 'dkim-signature';
  const isSeal = kind === 'arc-seal';
  const d = tag('d') ?? '';
  const s = tag('s') ?? '';
  const sdid = signingDomain(d);
  const selector = selectorName(s);
  const shownSdid = d === '' ? null : (sdid ?? shownName(d));
  const i = isDkim ? tag('i') : undefined;
  const auid = i === undefined ? null : auidOf(i);
  const algorithm = tag('a')?.toLowerCase().slice(0, MAX_SHOWN) ?? '';
  const b = tag('b');
  const signature = withoutBlanks(b ?? '');
  const facts: SignatureFacts = {
    sdid: shownSdid,
    auid: auid?.shown ?? (isDkim && shownSdid !== null ? `@${shownSdid}` : null),
    selector: s === '' ? null : shownName(s),
    algorithm: algorithm || null,
    canonicalization: isSeal ? { header: 'relaxed', body: 'simple' } : canonicalizationOf(tag('c')),
    signedFields: isSeal ? [] : namesOf(tag('h') ?? ''),
    bodyLength: isSeal ? null : lengthOf(tag('l')),
    signedAtSeconds: secondsOf(tag('t')),
    expiresAtSeconds: isSeal ? null : secondsOf(tag('x')),
    signature: b === undefined ? null : signature,
  };
  return {
    kind,
    tagList,
    tag,
    facts,
    algorithm: ALGORITHMS.get(algorithm) ?? null,
    sdid,
    selector,
    keyName: sdid === null || selector === null ? null : keyRecordName(selector, sdid),
    auid,
    signature,
    bodyHash: withoutBlanks(tag('bh') ?? ''),
  };
};
