/**
 * A signer for tests: puts a DKIM-Signature or an ARC set on a message, with any tags, so that odd
 * but correctly signed fields can be made. Shares the canonicalization with the code under test;
 * that its signatures are right is what mailauth and the vectors of the RFCs say.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hashBody } from '../../src/dkim/body-hash.ts';
import { readHeader, selectFields, signedBytes } from '../../src/dkim/header-hash.ts';
import type { Canonicalization, HashName } from '../../src/dkim/signature/tags.ts';
import { type MessageLimits, readMessage } from '../../src/message/message.ts';

const keyOf = (file: string): KeyObject =>
  createPrivateKey(readFileSync(new URL(`../../examples/keys/${file}.pem`, import.meta.url)));

/** The published example keys, by what is special about them. */
export const KEYS = {
  rsa: keyOf('rsa.brand.example'),
  other: keyOf('arc.lists.example'),
  rsa1024: keyOf('short.heritage.example'),
  weak: keyOf('tiny.antique.example'),
  ed25519: keyOf('ed.brand.example'),
} as const;

/** A key record for a key: `tags` stand before p=. */
export const keyRecord = (key: KeyObject, tags?: string): string => {
  const isEd25519 = key.asymmetricKeyType === 'ed25519';
  const der = createPublicKey(key).export({ type: 'spki', format: 'der' });
  const base64 = (isEd25519 ? der.subarray(-32) : der).toString('base64');
  return `${tags ?? `v=DKIM1; k=${isEd25519 ? 'ed25519' : 'rsa'};`} p=${base64}`;
};

/**
 * What to sign, and how. Tags that follow from it are written by the signer; `tags` holds all
 * others.
 */
export type Signing = {
  key: KeyObject;
  hash?: HashName;
  header?: Canonicalization;
  body?: Canonicalization;
  /** h=, as written. */
  h?: string;
  /** l=; what is hashed is the canonical body up to it. */
  length?: number;
  /** Tags written first, with their semicolons. */
  tags: string;
  /** Tags written between h= and bh=, with their semicolons. */
  more?: string;
  /** False: no c= is written, though `header` and `body` are used. */
  writeC?: boolean;
  /** Text put between "b=" and the signature, and again after it. */
  around?: string;
};

const signBytes = (key: KeyObject, hash: HashName, bytes: Buffer): string =>
  (key.asymmetricKeyType === 'ed25519'
    ? sign(null, createHash('sha256').update(bytes).digest(), key)
    : sign(hash, bytes, key)
  ).toString('base64');

/** Limits that no message of a test reaches. */
export const WIDE_LIMITS: MessageLimits = {
  maxHeaderBytes: 2 ** 26,
  maxHeaderLines: 2 ** 24,
  maxHeaderFields: 2 ** 24,
};

const read = (text: string) => {
  const message = readMessage(Buffer.from(text, 'latin1'), WIDE_LIMITS);
  if (message.kind !== 'message') throw new TypeError(`not a message: ${message.limit}`);
  return message;
};

/** Signs the first field of a message, which ends in "b=", over the fields given by position. */
const finish = (text: string, signing: Signing, name: string, chosen: readonly number[] | null): string => {
  const message = read(text);
  const header = readHeader(message.fields, message.lineEnds.bareLf > 0);
  const names = (signing.h ?? 'from:to:subject').split(':').map((one) => one.trim().toLowerCase());
  const wire = header.wire(0);
  const positions = chosen ?? selectFields(header, names).positions;
  const emptied = { position: 0, start: wire.length, end: wire.length };
  const canonicalization = chosen === null ? (signing.header ?? 'simple') : 'relaxed';
  const bytes = signedBytes(header, positions, emptied, canonicalization);
  const b64 = signBytes(signing.key, signing.hash ?? 'sha256', bytes);
  const around = signing.around ?? '';
  const end = text.indexOf('b=\r\n', text.indexOf(name)) + 2;
  return `${text.slice(0, end)}${around}${b64}${around}${text.slice(end)}`;
};

/** Puts a signature field on top of a message (latin1 text) and gives the new message. */
export const signMessage = async (text: string, signing: Signing, name = 'DKIM-Signature'): Promise<string> => {
  const { hash = 'sha256', header = 'simple', body = 'simple', length, key } = signing;
  const message = read(text);
  const request = { hash, body, bodyLength: length ?? null };
  const bodyHash = (await hashBody({ octets: message.body, hasBareLf: true, hasUnevenSpace: true }, [request])).digest(
    request,
  );
  const algorithm = `${key.asymmetricKeyType}-${hash}`;
  const c = signing.writeC === false ? '' : ` c=${header}/${body};`;
  const l = length === undefined ? '' : ` l=${length};`;
  const h = ` h=${signing.h ?? 'from:to:subject'};`;
  const field = `${name}: ${signing.tags} a=${algorithm};${c}${l}\r\n${h}${signing.more ?? ''}\r\n bh=${bodyHash};\r\n b=\r\n`;
  return finish(field + text, signing, name, null);
};

/** What an ARC set says. */
export type Sealing = {
  instance: number;
  key: KeyObject;
  d: string;
  s: string;
  cv: string;
  /** authserv-id and results of the ARC-Authentication-Results. */
  results?: string;
  ams?: Partial<Signing>;
  /** Changes the message between its ARC-Message-Signature and its seal. */
  beforeSeal?: (text: string) => string;
  /** Tags added to the seal, with their semicolons. */
  more?: string;
};

/** Puts an ARC set on top of a message. */
export const sealMessage = async (text: string, sealing: Sealing): Promise<string> => {
  const { instance, key, d, s, cv } = sealing;
  const signing = { key, header: 'relaxed', body: 'relaxed', tags: `i=${instance}; d=${d}; s=${s};` } as const;
  const results = `ARC-Authentication-Results: i=${instance}; ${sealing.results ?? 'mx.example; spf=pass'}\r\n`;
  const signed = results + (await signMessage(text, { ...signing, ...sealing.ams }, 'ARC-Message-Signature'));
  const algorithm = `${key.asymmetricKeyType}-sha256`;
  const tags = `i=${instance}; a=${algorithm}; t=1767225000; cv=${cv}; d=${d}; s=${s};${sealing.more ?? ''} b=`;
  const sealed = `ARC-Seal: ${tags}\r\n${sealing.beforeSeal?.(signed) ?? signed}`;
  const message = read(sealed);
  const at = (name: string, number: number) =>
    message.fields.findIndex(
      ({ key: own, value }) => own === name && new RegExp(`^i=0*${number};|; i=0*${number};`).test(value()),
    );
  const chosen: number[] = [];
  for (let number = 1; number <= instance; number++) {
    chosen.push(at('arc-authentication-results', number), at('arc-message-signature', number));
    if (number < instance) chosen.push(at('arc-seal', number));
  }
  return finish(sealed, { ...signing }, 'ARC-Seal', chosen);
};
