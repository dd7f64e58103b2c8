/**
 * BIMI of a domain: the record of its default selector, the logo's profile and the certificate that
 * vouches for it (draft-brand-indicators-for-message-identification). The certificate is read, not
 * verified up to a mark authority. Renders nothing.
 */
import { X509Certificate } from 'node:crypto';
import type { BimiPosture } from '../../schemas/posture/bimi.ts';
import type { BimiGround } from '../dmarc/bimi-ground.ts';
import { causeText } from '../dns/failure.ts';
import { parseBimi, selectBimi } from '../records/bimi.ts';
import { type Ask, askTexts, type Found } from './ask.ts';
import { svgFaults } from './bimi-svg.ts';
import type { AssessedDmarc } from './dmarc-walk.ts';
import { dnsNames } from './reach/certificate.ts';
import type { FetchLimits, HttpsFetch } from './reach/https-fetch.ts';

const LOGO_TYPES = ['image/svg+xml'] as const;
const CERTIFICATE_TYPES = [
  'application/pem-certificate-chain',
  'application/x-pem-file',
  'application/x-x509-ca-cert',
  'application/octet-stream',
  'text/plain',
] as const;
const MAX_REDIRECTS = 3;
/** Extended key usage of a mark certificate, id-kp-BrandIndicatorforMessageIdentification. */
const BIMI_KEY_USAGE = '1.3.6.1.5.5.7.3.31';
/**
 * Subject attribute that names the kind of mark, in the certificate requirements of the BIMI group.
 */
const MARK_TYPE = /(?:1\.3\.6\.1\.4\.1\.53087\.1\.13|markType)=([^\n]{1,100})/;

/** What the check works with. */
type BimiDependencies = {
  readonly ask: Ask;
  readonly fetch: HttpsFetch | null;
  readonly limits: Pick<FetchLimits, 'maxBytes' | 'timeoutMs'>;
  readonly nowMs: number;
};

/**
 * Looks at BIMI.
 * @param dmarc decides whether receivers show a logo at all
 * @returns never rejects
 */
export const assessBimi = async (
  domain: string,
  dmarc: Promise<AssessedDmarc>,
  dependencies: BimiDependencies,
): Promise<BimiPosture> => {
  const { ask } = dependencies;
  const own = await askTexts(ask, `default._bimi.${domain}`);
  const { posture, ground } = await dmarc;
  const { organizationalDomain } = posture;
  const policy = toPolicyFit(ground);
  let found = own;
  let place = domain;
  if (
    selectOf(own) === 'none' &&
    own.kind !== 'dns-failure' &&
    organizationalDomain !== null &&
    organizationalDomain !== domain
  ) {
    found = await askTexts(ask, `default._bimi.${organizationalDomain}`);
    place = organizationalDomain;
  }
  const nothing = {
    record: null,
    domain: null,
    declined: false,
    logo: { state: 'none' as const, url: null, bytes: null, faults: [] },
    evidence: { state: 'none' as const, url: null, kind: null, names: [], validTo: null, faults: [] },
    ...policy,
  };
  if (found.kind === 'dns-failure') return { ...nothing, state: 'dns-failure', failure: found.failure };
  const selection = selectBimi(found.kind === 'found' ? found.values : []);
  if (selection.kind === 'none') return { ...nothing, state: 'absent' };
  if (selection.kind === 'several')
    return {
      ...nothing,
      state: 'invalid',
      domain: place,
      record: selection.texts[0] ?? null,
      reason: 'several BIMI records count as none',
    };
  const parsed = parseBimi(selection.text);
  if (parsed.kind === 'fault')
    return { ...nothing, state: 'invalid', domain: place, record: parsed.text, reason: parsed.fault.reason };
  const [logo, evidence] = await Promise.all([
    fetchLogo(parsed.location, dependencies),
    fetchEvidence(parsed.authority, domain, dependencies),
  ]);
  return { ...nothing, state: 'valid', domain: place, record: parsed.text, declined: parsed.declined, logo, evidence };
};

const selectOf = (found: Found<string>): 'none' | 'some' =>
  found.kind === 'found' && selectBimi(found.values).kind !== 'none' ? 'some' : 'none';

const toPolicyFit = (ground: BimiGround): Pick<BimiPosture, 'policyFit' | 'policyReason'> => {
  switch (ground.kind) {
    case 'fits':
      return { policyFit: true, policyReason: null };
    case 'unfit':
      return { policyFit: false, policyReason: ground.reason };
    case 'unknown':
      return { policyFit: null, policyReason: `${causeText(ground.failure)} left the DMARC policy unknown` };
    default:
      return ground satisfies never;
  }
};

const fetchLogo = async (
  url: string | null,
  { ask, fetch, limits }: BimiDependencies,
): Promise<BimiPosture['logo']> => {
  if (url === null) return { state: 'none', url: null, bytes: null, faults: [] };
  if (fetch === null) return { state: 'not-fetched', url, bytes: null, faults: [] };
  const fetched = await fetch(url, ask, { ...limits, maxRedirects: MAX_REDIRECTS, types: LOGO_TYPES });
  if (fetched.kind !== 'fetched') return { state: 'unreachable', url, bytes: null, faults: [fetched.reason] };
  const faults = svgFaults(fetched.body);
  return { state: faults.length === 0 ? 'valid' : 'invalid', url, bytes: fetched.body.length, faults };
};

const fetchEvidence = async (
  url: string | null,
  domain: string,
  { ask, fetch, limits, nowMs }: BimiDependencies,
): Promise<BimiPosture['evidence']> => {
  const nothing = { url, kind: null, names: [], validTo: null, faults: [] };
  if (url === null) return { ...nothing, state: 'none' };
  if (fetch === null) return { ...nothing, state: 'not-fetched' };
  const fetched = await fetch(url, ask, { ...limits, maxRedirects: MAX_REDIRECTS, types: CERTIFICATE_TYPES });
  if (fetched.kind !== 'fetched') return { ...nothing, state: 'unreachable', faults: [fetched.reason] };
  const certificate = readCertificate(fetched.body);
  if (certificate === null) return { ...nothing, state: 'invalid', faults: ['the document is no certificate in PEM'] };
  return { url, ...judgeCertificate(certificate, domain, nowMs) };
};

/** Longest certificate that is read; one with a logo inside has some 30 kB. */
const MAX_CERTIFICATE_BYTES = 262_144;
const [PEM_BEGIN, PEM_END] = ['-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----'];

/**
 * The first certificate of a document, unchanged: OpenSSL would search a file of 4 MB line
 * by line.
 */
const firstCertificate = (body: Buffer): Buffer => {
  const start = body.indexOf(PEM_BEGIN);
  const end = start < 0 ? -1 : body.indexOf(PEM_END, start);
  return (end < 0 ? body : body.subarray(start, end + PEM_END.length)).subarray(0, MAX_CERTIFICATE_BYTES);
};

const readCertificate = (body: Buffer): X509Certificate | null => {
  try {
    return new X509Certificate(firstCertificate(body));
  } catch {
    // node:crypto has no way to ask beforehand whether bytes are a certificate: a refusal is the
    // answer.
    return null;
  }
};

const judgeCertificate = (
  certificate: X509Certificate,
  domain: string,
  nowMs: number,
): Omit<BimiPosture['evidence'], 'url'> => {
  const names = dnsNames(certificate.subjectAltName ?? '');
  const endsMs = Date.parse(certificate.validTo);
  const faults = [
    ...(Date.parse(certificate.validFrom) > nowMs ? ['the certificate is not valid yet'] : []),
    ...(endsMs < nowMs ? ['the certificate has expired'] : []),
    ...(certificate.keyUsage?.includes(BIMI_KEY_USAGE) ? [] : ['the certificate is not made for BIMI']),
    // "default._bimi.brand.example" names the selector as well.
    ...(names.some((name) => isFor(name.replace(/^[^.]+\._bimi\./, ''), domain))
      ? []
      : [`the certificate is not for ${domain}`]),
  ];
  return {
    state: faults.length === 0 ? 'valid' : 'invalid',
    kind: MARK_TYPE.exec(certificate.subject ?? '')?.[1]?.replace(/[^\x20-\x7e]/g, '?') ?? null,
    names: names.slice(0, 20),
    validTo: Number.isNaN(endsMs) ? null : new Date(endsMs).toISOString(),
    faults,
  };
};

const isFor = (name: string, domain: string): boolean => domain === name || domain.endsWith(`.${name}`);
