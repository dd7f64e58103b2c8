/**
 * The end-to-end protection that a message declares by its outermost MIME type: S/MIME (RFC 8551
 * section 3), OpenPGP (RFC 3156 sections 4 to 6). Reported, never verified, and never decrypted;
 * nothing below the outermost type is looked at but the first octets of a CMS object without
 * smime-type.
 */
import type { Verdict } from '../../schemas/verdict.ts';
import { readCfws, readQuotedString, readUntil } from './lexical.ts';
import { fieldsNamed, type Message } from './message.ts';

/** A word of `MessageFacts.protection`. */
type Protection = Verdict['message']['protection'][number];

/** A Content-Type (RFC 2045 section 5.1). */
type ContentType = {
  /** "type/subtype" in lower case. */
  readonly type: string;
  /** Parameter names in lower case; the first where one is repeated. */
  readonly parameters: ReadonlyMap<string, string>;
};

const MAX_CONTENT_TYPE_CHARS = 8192;
const MAX_PARAMETERS = 50;

/** token of RFC 2045 section 5.1. */
const TOKEN = /[^\u0000-\u0020\u007f()<>@,;:\\"/[\]?=]+/y;

/**
 * Reads the body of a Content-Type field, cut at 8,192 characters and 50 parameters.
 * @returns null when there is no "type/subtype"; a parameter that cannot be read ends the reading
 */
function readContentType(text: string): ContentType | null {
  const source = text.slice(0, MAX_CONTENT_TYPE_CHARS);
  let at = 0;
  const skip = (): void => {
    at = readCfws(source, at).end;
  };
  const token = (): string | null => {
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(source)?.[0] ?? null;
    at += found?.length ?? 0;
    return found;
  };
  const take = (character: string): boolean => {
    skip();
    if (source.charAt(at) !== character) return false;
    at += 1;
    skip();
    return true;
  };
  skip();
  const type = token();
  const subtype = take('/') ? token() : null;
  if (type === null || subtype === null) return null;
  const parameters = new Map<string, string>();
  while (parameters.size < MAX_PARAMETERS && take(';')) {
    const name = token()?.toLowerCase() ?? null;
    // Some programs write a semicolon too many; what follows it is still theirs.
    if (name === null) continue;
    if (!take('=')) break;
    const quoted = source.charAt(at) === '"' ? readQuotedString(source, at) : null;
    const end = quoted?.end ?? readUntil(source, at, (character) => ' \t\r\n;('.includes(character));
    if (!parameters.has(name)) parameters.set(name, quoted?.content ?? source.slice(at, end));
    at = end;
  }
  return { type: `${type}/${subtype}`.toLowerCase(), parameters };
}

/**
 * The protection that the outermost type declares; empty for a message without any, or with more
 * than one Content-Type field.
 */
export function readProtection(message: Message): Protection[] {
  const fields = fieldsNamed(message, 'content-type');
  const contentType = fields.length === 1 ? readContentType(fields[0]?.value() ?? '') : null;
  if (contentType === null) return [];
  const protocol = contentType.parameters.get('protocol')?.toLowerCase() ?? '';
  switch (contentType.type) {
    case 'multipart/signed':
      if (/^application\/(?:x-)?pkcs7-signature$/.test(protocol)) return ['smime-signed'];
      return protocol === 'application/pgp-signature' ? ['openpgp-signed'] : [];
    case 'multipart/encrypted':
      return protocol === 'application/pgp-encrypted' ? ['openpgp-encrypted'] : [];
    case 'application/pkcs7-mime':
    case 'application/x-pkcs7-mime':
      return smimeProtection(contentType, message.body);
    // RFC 8551 section 3.10: a gateway may have replaced the type, the file name still tells.
    case 'application/octet-stream':
      return /\.p7m$/i.test(contentType.parameters.get('name') ?? '') ? smimeProtection(contentType, message.body) : [];
    default:
      return [];
  }
}

function smimeProtection(contentType: ContentType, body: Buffer): Protection[] {
  switch (contentType.parameters.get('smime-type')?.toLowerCase()) {
    case 'signed-data':
      return ['smime-signed'];
    case 'enveloped-data':
    case 'authenveloped-data':
      return ['smime-encrypted'];
    case undefined:
      return cmsProtection(body);
    default:
      return [];
  }
}

/**
 * Content types of CMS (RFC 5652 sections 5 and 6, RFC 5083 section 2) as they stand in DER after
 * the object identifier's tag.
 */
const CMS_TYPES: readonly (readonly [der: Buffer, protection: Protection])[] = [
  [Buffer.from('06092a864886f70d010702', 'hex'), 'smime-signed'],
  [Buffer.from('06092a864886f70d010703', 'hex'), 'smime-encrypted'],
  [Buffer.from('060b2a864886f70d0109100117', 'hex'), 'smime-encrypted'],
];

/**
 * smime-type is optional (RFC 8551 section 3.2.2); without it the object itself says in its first
 * octets what it is.
 */
function cmsProtection(body: Buffer): Protection[] {
  const start = body.subarray(0, 200);
  const octets = start[0] === 0x30 ? start : Buffer.from(start.toString('latin1').replace(/\s+/g, ''), 'base64');
  const found = CMS_TYPES.find(([der]) => octets.subarray(0, 40).includes(der));
  return found === undefined ? [] : [found[1]];
}
