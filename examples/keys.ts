/**
 * The signing keys of the examples: kept in keys/, made only when missing, public by intent.
 * Whoever signs with one proves nothing. RFC 6376 section 3.6.1 (RSA), RFC 8463 section 4.2 (the
 * key record of Ed25519 holds the 32 octets alone).
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const PREAMBLE = 'EXAMPLE KEY - published in this repository, protects nothing\n';

/** Where a key signs for, and what it is. */
export type ExampleKey = { readonly domain: string; readonly selector: string; readonly type: 'ed25519' | number };

/** The keys; a number is the RSA modulus in bits. */
export const KEYS = {
  brandRsa: { domain: 'brand.example', selector: 'rsa', type: 2048 },
  brandEd25519: { domain: 'brand.example', selector: 'ed', type: 'ed25519' },
  mailer: { domain: 'mailer.example', selector: 'm1', type: 2048 },
  lists: { domain: 'lists.example', selector: 'arc', type: 2048 },
  heritage: { domain: 'heritage.example', selector: 'short', type: 1024 },
  antique: { domain: 'antique.example', selector: 'tiny', type: 768 },
  notice: { domain: 'notice.example', selector: 'desk', type: 'ed25519' },
} as const satisfies Record<string, ExampleKey>;

/** The private key as PEM, read from the folder and made there when it is missing. */
export function privateKeyPem(key: ExampleKey, folder: string): string {
  const path = join(folder, `${key.selector}.${key.domain}.pem`);
  if (!existsSync(path)) {
    const { privateKey } =
      key.type === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('rsa', { modulusLength: key.type });
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, `${PREAMBLE}${privateKey.export({ type: 'pkcs8', format: 'pem' })}`);
  }
  return readFileSync(path, 'utf8');
}

/** The key record to publish for a private key (RFC 6376 section 3.6.1). */
export function keyRecord(key: ExampleKey, folder: string): string {
  const spki = createPublicKey(createPrivateKey(privateKeyPem(key, folder))).export({ type: 'spki', format: 'der' });
  return key.type === 'ed25519'
    ? `v=DKIM1; k=ed25519; p=${spki.subarray(-32).toString('base64')}`
    : `v=DKIM1; k=rsa; p=${spki.toString('base64')}`;
}
