/**
 * The end-to-end protection that a message declares by its outermost MIME type: S/MIME (RFC 8551
 * section 3), OpenPGP (RFC 3156 sections 4 to 6). Reported, never verified, and never decrypted;
 * nothing below the outermost type is looked at but the first octets of a CMS object without
 * smime-type.
 */
import type { Verdict } from '../../../schemas/verdict.ts';
import type { MediaType } from './media-type.ts';

/** A word of `MessageFacts.protection`. */
type Protection = Verdict['message']['protection'][number];

/**
 * The protection that the outermost type declares.
 * @param contentType of the message (`contentTypeOf`)
 * @param body of the message
 */
export function readProtection(contentType: MediaType | null, body: Buffer): Protection[] {
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
      return smimeProtection(contentType, body);
    // RFC 8551 section 3.10: a gateway may have replaced the type, the file name still tells.
    case 'application/octet-stream':
      return /\.p7m$/i.test(contentType.parameters.get('name') ?? '') ? smimeProtection(contentType, body) : [];
    default:
      return [];
  }
}

function smimeProtection(contentType: MediaType, body: Buffer): Protection[] {
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
