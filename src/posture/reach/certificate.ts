/**
 * A certificate as facts for people: who, for which names, until when. Verifies nothing; that is
 * node:tls's work (RFC 5280, RFC 6125).
 */
import type { X509Certificate } from 'node:crypto';
import type { CertificateFacts } from '../../../schemas/posture/mail.ts';

const DAY_MS = 86_400_000;
const MAX_NAMES = 20;
const MAX_CHARACTERS = 200;

/** @param nowMs milliseconds since the epoch @returns null where the peer showed none */
export const certificateFacts = (certificate: X509Certificate | undefined, nowMs: number): CertificateFacts | null => {
  if (certificate === undefined) return null;
  const endsMs = Date.parse(certificate.validTo);
  return {
    subject: attribute(certificate.subject, ['CN']),
    issuer: attribute(certificate.issuer, ['CN', 'O']),
    names: dnsNames(certificate.subjectAltName ?? '').slice(0, MAX_NAMES),
    validTo: Number.isNaN(endsMs) ? plain(certificate.validTo) : new Date(endsMs).toISOString(),
    daysLeft: Number.isNaN(endsMs) ? 0 : Math.floor((endsMs - nowMs) / DAY_MS),
  };
};

/** DNS names of a subjectAltName as node writes it: `DNS:a.example, DNS:b.example`. */
export const dnsNames = (subjectAltName: string): string[] =>
  subjectAltName
    .split(/,\s*/)
    .flatMap((entry) => (entry.startsWith('DNS:') ? [plain(entry.slice(4)).toLowerCase()] : []));

/**
 * node writes a name as one "KEY=value" a line. An empty subject is undefined there, whatever its
 * type says.
 */
const attribute = (name: string | undefined, keys: readonly string[]): string => {
  const lines = (name ?? '').split('\n');
  for (const key of keys) {
    const line = lines.find((text) => text.startsWith(`${key}=`));
    if (line !== undefined) return plain(line.slice(key.length + 1));
  }
  return '';
};

// A certificate is a stranger's text.
const plain = (value: string): string => value.slice(0, MAX_CHARACTERS).replace(/[^\x20-\x7e]/g, '?');
