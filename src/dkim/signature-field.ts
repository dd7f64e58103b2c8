/**
 * DKIM-Signature, ARC-Message-Signature and ARC-Seal: tag-list in, a signature that can be verified out, or the fault that forbids it with its
 * section. "Implementers MUST meticulously validate the format and values" (RFC 6376 section 6.1.1); the tags are those of RFC 6376 section 3.5,
 * RFC 8463 section 3 and RFC 8617 section 4.1. Asks no question and hashes nothing; never throws.
 * Let through against the grammar, because it changes nothing that is signed: an empty name between two colons of h=.
 */
import { isWithin, keyRecordName, selectorName, shownName, signingDomain } from './signing-name.ts';
import { readTagList, type TagList } from './tag-list.ts';

export type FieldKind = 'dkim-signature' | 'arc-message-signature' | 'arc-seal';
export type KeyType = 'rsa' | 'ed25519';
export type HashName = 'sha1' | 'sha256';
export type Canonicalization = 'simple' | 'relaxed';

/** Why a signature is not evaluated. `reason` is one plain clause. */
export type Fault = { readonly reason: string; readonly section: string };

/** What a field says, for the report: as far as it could be read, also of a faulty field. */
export type SignatureFacts = {
  readonly sdid: string | null;
  /** i=, or "@" and the SDID; null on ARC fields, whose i= is the instance. */
  readonly auid: string | null;
  readonly selector: string | null;
  readonly algorithm: string | null;
  readonly canonicalization: { readonly header: string; readonly body: string } | null;
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

/** A signature that can be verified. An ARC-Seal covers no body and names no fields: `bodyHash` is empty, `signedFields` too. */
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

type Common = { readonly tagList: TagList; readonly facts: SignatureFacts };

/** A field that holds a signature to verify. */
export type UsableReading = Common & { readonly kind: 'usable'; readonly signature: Signature };

/** A field as read. */
export type SignatureReading = UsableReading | (Common & { readonly kind: 'faulty'; readonly fault: Fault });

/** Required tags (RFC 6376 section 3.5; RFC 8617 sections 4.1.2 and 4.1.3). */
const REQUIRED: Record<FieldKind, readonly string[]> = {
  'dkim-signature': ['v', 'a', 'b', 'bh', 'd', 'h', 's'],
  'arc-message-signature': ['i', 'a', 'b', 'bh', 'd', 'h', 's'],
  'arc-seal': ['i', 'a', 'b', 'cv', 'd', 's'],
};

/** RFC 6376 section 3.3 and RFC 8463 section 3; ARC has no rsa-sha1 (RFC 8617 section 4.1.2 with RFC 8301). */
const ALGORITHMS: Record<string, { keyType: KeyType; hash: HashName }> = {
  'rsa-sha1': { keyType: 'rsa', hash: 'sha1' },
  'rsa-sha256': { keyType: 'rsa', hash: 'sha256' },
  'ed25519-sha256': { keyType: 'ed25519', hash: 'sha256' },
};

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const DIGITS_12 = /^[0-9]{1,12}$/;
const DIGITS_76 = /^[0-9]{1,76}$/;
// field-name of RFC 5322 section 3.6.8 without ";"
const FIELD_NAME = /^[\x21-\x39\x3c-\x7e]*$/;
// RFC 5322 dot-atom-text with the UTF-8 of RFC 6532, or a quoted-string
const ATOM = "[A-Za-z0-9!#$%&'*+\\-/=?^_`{|}~\\x80-\\xff]+";
const LOCAL_PART = new RegExp(`^(?:${ATOM}(?:\\.${ATOM})*|"(?:[^"\\\\\\r\\n]|\\\\.)*")?$`);

const withoutBlanks = (value: string) => value.replace(/[ \t\r\n]+/g, '');

/** dkim-quoted-printable (RFC 6376 section 2.11): white space is no part of it. One byte a code unit. */
const decodeQuotedPrintable = (value: string) =>
  withoutBlanks(value).replace(/=([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

const utf8 = (bytes: string) => Buffer.from(bytes, 'latin1').toString('utf8');

const secondsOf = (value: string | undefined) => (value !== undefined && DIGITS_12.test(value) ? Number(value) : null);

const auidOf = (value: string) => {
  const auid = decodeQuotedPrintable(value);
  const at = auid.lastIndexOf('@');
  const domain = at < 0 ? null : signingDomain(auid.slice(at + 1));
  return { text: auid, localPart: at < 0 ? null : auid.slice(0, at), domain };
};

/** The two halves of c= in lower case; absent means simple, for each half (RFC 6376 section 3.5). */
const canonicalizationOf = (value: string | undefined) => {
  const [header = 'simple', body = 'simple'] = value === undefined ? [] : value.toLowerCase().split('/');
  return { header, body };
};

const isCanonicalization = (word: string): word is Canonicalization => word === 'simple' || word === 'relaxed';

const readFacts = (kind: FieldKind, tag: (name: string) => string | undefined): SignatureFacts => {
  const isSeal = kind === 'arc-seal';
  const domain = tag('d') || null;
  const sdid = domain === null ? null : (signingDomain(domain) ?? shownName(domain));
  const auid = kind === 'dkim-signature' && tag('i') !== undefined ? auidOf(tag('i') ?? '') : null;
  const auidText = auid && (auid.domain === null ? utf8(auid.text) : `${utf8(auid.localPart ?? '')}@${auid.domain}`);
  const length = tag('l');
  return {
    sdid,
    auid: kind === 'dkim-signature' ? (auidText ?? (sdid === null ? null : `@${sdid}`)) : null,
    selector: tag('s') ? shownName(tag('s') ?? '') : null,
    algorithm: tag('a')?.toLowerCase() || null,
    canonicalization: isSeal ? { header: 'relaxed', body: 'simple' } : canonicalizationOf(tag('c')),
    signedFields: isSeal
      ? []
      : (tag('h') ?? '')
          .split(':')
          .map((name) => withoutBlanks(name).toLowerCase())
          .filter((name) => name !== ''),
    bodyLength:
      !isSeal && length !== undefined && DIGITS_76.test(length)
        ? Math.min(Number(length), Number.MAX_SAFE_INTEGER)
        : null,
    signedAtSeconds: secondsOf(tag('t')),
    expiresAtSeconds: isSeal ? null : secondsOf(tag('x')),
    signature: tag('b') === undefined ? null : withoutBlanks(tag('b') ?? ''),
  };
};

/**
 * Reads a signature field.
 * @param value what follows the colon of the field, one byte a code unit, folds as CRLF, without the CRLF that ends the field
 * @param strict false: only what makes verifying impossible or unsafe is a fault (as mailauth's lenient mode reads it)
 * @returns never throws
 */
export const readSignatureField = (kind: FieldKind, value: string, strict = true): SignatureReading => {
  const tagList = readTagList(value);
  const tag = (name: string) => tagList.tags.get(name)?.value;
  const facts = readFacts(kind, tag);
  let fault: Fault | null = null;
  const fail = (reason: string, section: string) => {
    fault ??= { reason, section };
  };
  const failStrictly = (reason: string, section: string) => {
    if (strict) fail(reason, section);
  };
  const isDkim = kind === 'dkim-signature';
  const isSeal = kind === 'arc-seal';

  if (tagList.fault !== null) {
    failStrictly(`${tagList.fault.reason} (character ${tagList.fault.position})`, 'RFC 6376 section 3.2');
  }
  for (const name of REQUIRED[kind]) {
    if (tag(name) !== undefined) continue;
    const reason = `the required tag ${name}= is missing`;
    if ('ads'.includes(name)) fail(reason, 'RFC 6376 section 6.1.1');
    else failStrictly(reason, 'RFC 6376 section 6.1.1');
  }
  if (isDkim && tag('v') !== '1') failStrictly('v= is not 1', 'RFC 6376 section 6.1.1');

  const algorithm = Object.hasOwn(ALGORITHMS, facts.algorithm ?? '') ? ALGORITHMS[facts.algorithm ?? ''] : undefined;
  if (algorithm === undefined || (algorithm.hash === 'sha1' && !isDkim)) {
    fail('the algorithm of a= is not known', 'RFC 6376 section 3.3');
  }
  const sdid = signingDomain(tag('d') ?? '');
  const selector = selectorName(tag('s') ?? '');
  const keyName = sdid === null || selector === null ? null : keyRecordName(selector, sdid);
  if (sdid === null) fail('d= is not a domain name', 'RFC 6376 section 3.5');
  else if (selector === null) fail('s= is not a selector', 'RFC 6376 section 3.5');
  else if (keyName === null) fail('the name of the key record is longer than DNS allows', 'RFC 1035 section 2.3.4');

  if (!BASE64.test(facts.signature ?? '')) failStrictly('b= is not base64', 'RFC 6376 section 3.5');
  if (tag('t') !== undefined && facts.signedAtSeconds === null) {
    failStrictly('t= is not 1 to 12 digits', 'RFC 6376 section 3.5');
  }
  const { header, body } = canonicalizationOf(isSeal ? 'relaxed/simple' : tag('c'));
  const bodyHash = withoutBlanks(tag('bh') ?? '');
  let auidDomain: string | null = null;

  if (!isSeal) {
    if (!isCanonicalization(header) || !isCanonicalization(body) || tag('c')?.split('/', 3).length === 3) {
      fail('c= is not simple or relaxed', 'RFC 6376 section 3.5');
    }
    if (!BASE64.test(bodyHash)) failStrictly('bh= is not base64', 'RFC 6376 section 3.5');
    const names = (tag('h') ?? '').split(':').map((name) => name.replace(/^[ \t\r\n]+/, '').trimEnd());
    if (!names.every((name) => FIELD_NAME.test(name))) {
      failStrictly('h= holds what is not a field name', 'RFC 6376 section 3.5');
    }
    if (!facts.signedFields.includes('from')) fail('From is not among the signed fields', 'RFC 6376 section 5.4');
    if (tag('l') !== undefined && facts.bodyLength === null) {
      failStrictly('l= is not 1 to 76 digits', 'RFC 6376 section 3.5');
    }
    if (tag('x') !== undefined && facts.expiresAtSeconds === null) {
      failStrictly('x= is not 1 to 12 digits', 'RFC 6376 section 3.5');
    }
    const { signedAtSeconds: t, expiresAtSeconds: x } = facts;
    if (t !== null && x !== null && x <= t) failStrictly('x= is not after t=', 'RFC 6376 section 3.5');
    const methods = tag('q')
      ?.toLowerCase()
      .split(':')
      .map((method) => method.trim());
    if (methods !== undefined && !methods.includes('dns/txt')) {
      failStrictly('q= does not hold dns/txt', 'RFC 6376 section 3.5');
    }
  }
  if (isDkim && tag('i') !== undefined) {
    const auid = auidOf(tag('i') ?? '');
    auidDomain = auid.domain;
    if (auid.localPart === null || auid.domain === null || !LOCAL_PART.test(auid.localPart)) {
      failStrictly('i= is not an identity', 'RFC 6376 section 3.5');
    } else if (sdid !== null && !isWithin(auid.domain, sdid)) {
      failStrictly('the domain of i= is neither that of d= nor below it', 'RFC 6376 section 6.1.1');
    }
  }
  if (isSeal && tag('h') !== undefined) fail('an ARC-Seal has an h= tag', 'RFC 8617 section 4.1.3');

  if (fault !== null || algorithm === undefined || sdid === null || keyName === null) {
    return {
      kind: 'faulty',
      tagList,
      facts,
      fault: fault ?? { reason: 'unreadable', section: 'RFC 6376 section 6.1.1' },
    };
  }
  const signature: Signature = {
    kind,
    ...algorithm,
    header: header === 'relaxed' ? 'relaxed' : 'simple',
    body: body === 'relaxed' ? 'relaxed' : 'simple',
    signature: Buffer.from(facts.signature ?? '', 'base64'),
    bodyHash,
    bodyLength: facts.bodyLength,
    signedFields: facts.signedFields,
    sdid,
    auidDomain,
    keyName,
    expiresAtSeconds: facts.expiresAtSeconds,
  };
  return { kind: 'usable', tagList, facts, signature };
};
