/**
 * DANE for SMTP: the TLSA records of a mail host, usable only where DNSSEC vouches for them and for
 * the MX that led there. RFC 7672 sections 2.2 and 3.1, RFC 6698 section 2.1. Never compares with a
 * certificate (the SMTP probe does).
 */
import type { TlsaFacts } from '../../schemas/posture/mail.ts';
import { failureOf } from '../dns/failure.ts';
import type { Ask } from './ask.ts';

/** A TLSA record. */
type Tlsa = {
  readonly usage: number;
  readonly selector: number;
  readonly matchingType: number;
  /** Lower-case hexadecimal. */
  readonly data: string;
};

const DIGEST_CHARACTERS: Readonly<Record<number, number>> = { 1: 64, 2: 128 };

/** What keeps a record from use in SMTP, one clause, or null (RFC 7672 section 3.1). */
const tlsaFault = ({ usage, selector, matchingType, data }: Tlsa): string | null => {
  if (usage === 0 || usage === 1) return `usage ${usage} (PKIX) is not for SMTP`;
  if (usage > 3) return `usage ${usage} is not known`;
  if (selector > 1) return `selector ${selector} is not known`;
  if (matchingType > 2) return `matching type ${matchingType} is not known`;
  const wanted = DIGEST_CHARACTERS[matchingType];
  if (wanted !== undefined && data.length !== wanted)
    return `a digest of matching type ${matchingType} has ${wanted / 2} bytes, this one has ${data.length / 2}`;
  return null;
};

/** A TLSA record as a zone file writes it. */
const tlsaText = ({ usage, selector, matchingType, data }: Tlsa): string =>
  `${usage} ${selector} ${matchingType} ${data}`;

/**
 * Looks at the TLSA records of port 25 of a host.
 * @param mxAuthenticated whether DNSSEC vouches for the MX answer
 */
export const assessTlsa = async (host: string, ask: Ask, mxAuthenticated: boolean): Promise<TlsaFacts> => {
  const name = `_25._tcp.${host}`;
  const answer = await ask(name, 'TLSA');
  switch (answer.kind) {
    case 'failure':
      if (answer.failure === 'badname') return { state: 'absent', name, records: [] };
      return {
        state: 'dns-failure',
        failure: { name, type: 'TLSA', ...failureOf(answer) },
        name,
        records: [],
        reason: 'senders that follow DANE do not deliver while the TLSA question fails',
      };
    case 'nodata':
    case 'nxdomain':
      return { state: 'absent', name, records: [] };
    case 'records': {
      const found = answer.records.flatMap((record) =>
        typeof record === 'object' && 'matchingType' in record ? [record] : [],
      );
      const records = found.map(tlsaText);
      const faults = found.flatMap((record) => tlsaFault(record) ?? []);
      if (!answer.authenticated)
        return { state: 'insecure', name, records, reason: 'the TLSA records are not validated by DNSSEC' };
      if (!mxAuthenticated)
        return { state: 'insecure', name, records, reason: 'the MX answer that leads here is not validated by DNSSEC' };
      if (faults.length === found.length)
        return { state: 'unusable', name, records, reason: faults[0] ?? 'there is no usable record' };
      return { state: 'usable', name, records, ...(faults[0] !== undefined && { reason: faults[0] }) };
    }
    default:
      return answer satisfies never;
  }
};
