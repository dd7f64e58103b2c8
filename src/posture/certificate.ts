/** A certificate as facts for people: who, for which names, until when. Verifies nothing; that is node:tls's work (RFC 5280, RFC 6125). */
import type { PeerCertificate } from 'node:tls';
import type { CertificateFacts } from '../../schemas/posture-mail.ts';

const DAY_MS = 86_400_000;
const MAX_NAMES = 20;
const MAX_CHARACTERS = 200;

/** @param nowMs milliseconds since the epoch @returns null where the peer showed none */
export const certificateFacts = (peer: PeerCertificate | null, nowMs: number): CertificateFacts | null => {
  // node answers {} for "none".
  if (peer === null || peer.valid_to === undefined) return null;
  const endsMs = Date.parse(peer.valid_to);
  return {
    subject: plain(peer.subject?.CN),
    issuer: plain(peer.issuer?.CN ?? peer.issuer?.O),
    names: dnsNames(peer.subjectaltname ?? '').slice(0, MAX_NAMES),
    validTo: Number.isNaN(endsMs) ? plain(peer.valid_to) : new Date(endsMs).toISOString(),
    daysLeft: Number.isNaN(endsMs) ? 0 : Math.floor((endsMs - nowMs) / DAY_MS),
  };
};

/** DNS names of a subjectAltName as node writes it: `DNS:a.example, DNS:b.example`. */
export const dnsNames = (subjectAltName: string): string[] =>
  subjectAltName
    .split(/,\s*/)
    .flatMap((entry) => (entry.startsWith('DNS:') ? [plain(entry.slice(4)).toLowerCase()] : []));

// A certificate is a stranger's text; a repeated attribute is an array.
const plain = (value: string | string[] | undefined): string =>
  [value ?? '']
    .flat()
    .join(', ')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, MAX_CHARACTERS);
