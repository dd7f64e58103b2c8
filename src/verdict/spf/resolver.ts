/**
 * A lookup as the function that mailauth expects. Here alone a failure becomes an exception again,
 * with the code that makes mailauth say `temperror`; it never becomes "no record". mailauth knows
 * ENOTFOUND, ENODATA, EBADNAME, ETIMEOUT and EREFUSED by name and treats every other code as
 * temporary.
 */
import type { FailureKind } from '../../../schemas/dns.ts';
import { RecordType } from '../../../schemas/dns.ts';
import { type Failure, failureOf } from '../../dns/failure.ts';
import type { Lookup } from '../../dns/lookup.ts';
import type { MailauthResolver } from './mailauth.ts';

/** The code mailauth receives for each kind of failure. */
const FAILURE_CODES: Readonly<Record<FailureKind, string>> = {
  timeout: 'ETIMEOUT',
  servfail: 'ESERVFAIL',
  refused: 'EREFUSED',
  formerr: 'EFORMERR',
  notimp: 'ENOTIMP',
  rcode: 'ERCODE',
  badresp: 'EBADRESP',
  unproven: 'EUNPROVEN',
  badname: 'EBADNAME',
  network: 'ECONNREFUSED',
  limit: 'ELIMIT',
  unrecorded: 'EUNRECORDED',
};

/**
 * Most `%` of an SPF record that mailauth is given: it spends some 50 microseconds on each, and a
 * record of 64 kB has room for 13,000 macros.
 */
export const MAX_MACROS = 256;

/** The error by which mailauth ends with permerror. */
const tooManyMacros = (name: string): Error => {
  const text = `the SPF record of ${name} has more than ${MAX_MACROS} macros, the most that are expanded`;
  return Object.assign(new Error(text), { spfResult: { error: 'permerror', text } });
};

const hasTooManyMacros = (record: readonly string[]): boolean =>
  record.join('').split('%', MAX_MACROS + 2).length > MAX_MACROS + 1;

/** An error in the shape of node:dns: short message, no stack that anybody reads. */
const dnsError = (code: string, type: string, name: string): Error =>
  Object.assign(new Error(`query${type.charAt(0)}${type.slice(1).toLowerCase()} ${code} ${name}`), { code });

/**
 * Wraps a lookup for mailauth.
 * @param lookup the lookup of this verification
 * @param deadlineMs the moment, on the monotonic clock, by which all answers are wanted
 * @param onFailure receives each failure before it is thrown, since an error code says less
 * @returns a function that resolves with fresh arrays (mailauth sorts MX lists in place) and
 * rejects with a fresh error each time
 */
export const toMailauthResolver =
  (lookup: Lookup, deadlineMs: number, onFailure?: (failure: Failure) => void): MailauthResolver =>
  async (name, type) => {
    const known = RecordType.safeParse(type);
    if (!known.success) throw dnsError('ENOTIMP', type, name);
    const answer = await lookup({ name, type: known.data }, deadlineMs);
    switch (answer.kind) {
      case 'records':
        if (answer.records.some((record) => Array.isArray(record) && hasTooManyMacros(record)))
          throw tooManyMacros(name);
        return answer.records.map((record) =>
          Array.isArray(record) ? [...record] : typeof record === 'object' ? { ...record } : record,
        );
      case 'nodata':
        throw dnsError('ENODATA', type, name);
      case 'nxdomain':
        throw dnsError('ENOTFOUND', type, name);
      case 'failure':
        onFailure?.(failureOf(answer));
        throw dnsError(FAILURE_CODES[answer.failure], type, name);
      default:
        return answer satisfies never;
    }
  };
