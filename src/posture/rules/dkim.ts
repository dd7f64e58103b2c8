/**
 * Rules about DKIM keys (RFC 6376, RFC 8301). Pure; each states a fact or nothing, and gives
 * the record to publish where one can be written.
 */
import type { DkimSelectorKey } from '../../../schemas/posture/dkim.ts';
import { isSelector } from '../../dkim/signing-name.ts';
import { parseDkimKey, RSA_ADVISED_BITS, RSA_LEAST_BITS } from '../../records/dkim-key.ts';
import type { Hit, Rule } from './assessed.ts';

const each =
  (isOne: (key: DkimSelectorKey) => boolean, hitOf: (key: DkimSelectorKey) => Omit<Hit, 'field'>): Rule['find'] =>
  ({ dkim }) =>
    dkim.selectors.flatMap((key, index) => (isOne(key) ? [{ ...hitOf(key), field: `dkim.selectors[${index}]` }] : []));

const allowsSha256 = ({ hashAlgorithms }: DkimSelectorKey): boolean =>
  hashAlgorithms === null || hashAlgorithms.includes('sha256');

const isUsable = ({ state }: DkimSelectorKey): boolean => state === 'valid';

/** The key record without one flag of `t=`. */
const withoutTesting = (key: DkimSelectorKey): Hit['suggestion'] => {
  const parsed = parseDkimKey(key.record ?? '');
  const record = parsed.tags
    .flatMap(({ name, value }) => {
      if (name !== 't') return [`${name}=${value}`];
      const flags = value.split(':').filter((flag) => flag.trim().toLowerCase() !== 'y');
      return flags.length === 0 ? [] : [`t=${flags.join(':')}`];
    })
    .join('; ');
  return { name: key.name, type: 'TXT', records: [record], replaces: [key.record ?? ''] };
};

export const DKIM_RULES: readonly Rule[] = [
  {
    code: 'dkim-dns-failure',
    severity: 'warning',
    section: 'RFC 6376 section 6.1.2',
    about: 'DNS did not answer for a selector, so nothing is known of its key',
    find: ({ dkim }) =>
      dkim.failed > 0
        ? {
            message: `DNS gave no answer for ${dkim.failed} of ${dkim.asked} DKIM selectors, so nothing is known of their keys`,
            field: 'dkim',
          }
        : null,
  },
  {
    code: 'dkim-selector-missing',
    severity: 'error',
    section: 'RFC 6376 section 3.6.2.2',
    about: 'a selector named in the request has no key record',
    find: each(
      ({ state }) => state === 'absent',
      ({ name }) => ({ message: `there is no DKIM key at ${name}` }),
    ),
  },
  {
    code: 'dkim-none-found',
    severity: 'advice',
    section: 'RFC 6376 section 3.1',
    about: 'none of the well-known selectors has a key; the domain may use another one',
    find: ({ dkim, sendsMail }) =>
      dkim.state === 'none-found' && dkim.source === 'probed' && sendsMail !== false
        ? {
            message: `none of ${dkim.asked} well-known DKIM selectors has a key; if the domain signs with another one, name it`,
            field: 'dkim',
          }
        : null,
  },
  {
    code: 'dkim-wildcard',
    severity: 'warning',
    section: 'RFC 6376 section 3.6.2',
    about: 'any selector is answered with a key record, by a wildcard',
    find: ({ dkim, domain }) =>
      dkim.wildcard === true
        ? {
            message: `a wildcard answers every selector below _domainkey.${domain} with a key record`,
            field: 'dkim.wildcard',
          }
        : null,
  },
  {
    code: 'dkim-weak-key',
    severity: 'error',
    section: 'RFC 8301 section 3.2',
    about: 'an RSA key has fewer than 1024 bits, which verifiers refuse',
    find: each(
      ({ state }) => state === 'weak',
      ({ selector, bits }) => ({
        message: `the RSA key of selector ${selector} has ${bits} bits; verifiers refuse fewer than ${RSA_LEAST_BITS}`,
      }),
    ),
  },
  {
    code: 'dkim-short-key',
    severity: 'warning',
    section: 'RFC 8301 section 3.2',
    about: 'an RSA key has fewer than the 2048 bits that signers should use',
    find: each(
      (key) => isUsable(key) && key.keyType === 'rsa' && (key.bits ?? 0) < RSA_ADVISED_BITS,
      ({ selector, bits }) => ({
        message: `the RSA key of selector ${selector} has ${bits} bits; ${RSA_ADVISED_BITS} are advised`,
      }),
    ),
  },
  {
    code: 'dkim-invalid-key',
    severity: 'error',
    section: 'RFC 6376 section 3.6.1',
    about: 'a key record cannot be used by verifiers',
    find: each(
      ({ state }) => state === 'invalid',
      ({ selector, faults }) => ({
        message: `the key record of selector ${selector} cannot be used: ${faults[0]?.reason ?? 'it is malformed'}`,
      }),
    ),
  },
  {
    code: 'dkim-key-fault',
    severity: 'advice',
    section: 'RFC 6376 section 3.6.1',
    about: 'a key record has a fault that verifiers overlook',
    find: each(
      (key) => isUsable(key) && key.forMail && key.faults.length > 0,
      ({ selector, faults }) => ({
        message: `the key record of selector ${selector} has a fault that verifiers overlook: ${faults[0]?.reason}`,
      }),
    ),
  },
  {
    code: 'dkim-several-records',
    severity: 'error',
    section: 'RFC 6376 section 3.6.2.2',
    about: 'several key records stand at one selector, so that results are undefined',
    find: each(
      ({ state }) => state === 'several',
      ({ selector, records }) => ({
        message: `${records} key records stand at selector ${selector}; which one a verifier takes is chance`,
      }),
    ),
  },
  {
    code: 'dkim-revoked',
    severity: 'info',
    section: 'RFC 6376 section 3.6.1',
    about: 'a key is revoked: p= is empty',
    find: each(
      ({ state }) => state === 'revoked',
      ({ selector }) => ({ message: `the key of selector ${selector} is revoked` }),
    ),
  },
  {
    code: 'dkim-testing',
    severity: 'advice',
    section: 'RFC 6376 section 3.6.1',
    about: 'a key says that the domain is testing DKIM (t=y)',
    find: each(
      (key) => isUsable(key) && key.testing,
      (key) => ({
        message: `the key of selector ${key.selector} says that the domain is testing DKIM (t=y); receivers may ignore its signatures`,
        suggestion: withoutTesting(key),
      }),
    ),
  },
  {
    code: 'dkim-not-for-mail',
    severity: 'error',
    section: 'RFC 6376 section 3.6.1',
    about: 'a key is not for mail (s=), so that verifiers must ignore it',
    find: each(
      ({ forMail }) => !forMail,
      ({ selector }) => ({
        message: `the key of selector ${selector} is not for mail: its s= names neither email nor *`,
      }),
    ),
  },
  {
    code: 'dkim-sha1-only',
    severity: 'error',
    section: 'RFC 8301 section 3.1',
    about: 'a key allows no hash algorithm but sha1, which verifiers refuse',
    find: each(
      (key) => !allowsSha256(key),
      ({ selector, hashAlgorithms }) => ({
        message: `the key of selector ${selector} does not allow sha256, the one hash algorithm that verifiers accept (h=${(hashAlgorithms ?? []).join(':').slice(0, 60)})`,
      }),
    ),
  },
  {
    code: 'dkim-same-key',
    severity: 'advice',
    section: 'RFC 6376 section 3.1',
    about: 'two selectors publish the same key, so that revoking one revokes nothing',
    find: each(
      ({ sameKeyAs }) => sameKeyAs !== null,
      ({ selector, sameKeyAs }) => ({ message: `selectors ${sameKeyAs} and ${selector} publish the same key` }),
    ),
  },
  {
    code: 'dkim-selector-underscore',
    severity: 'warning',
    section: 'RFC 6376 section 3.1',
    about: 'a selector has an underscore, which receivers that follow the standard to the letter refuse',
    find: each(
      ({ state, selector }) => (state === 'valid' || state === 'weak' || state === 'several') && !isSelector(selector),
      ({ selector }) => ({
        message: `${selector} is no selector by the grammar of RFC 6376 (letters, digits, hyphens, dots): receivers that follow it to the letter refuse every signature made with this key`,
      }),
    ),
  },
  {
    code: 'dkim-good',
    severity: 'good',
    section: 'RFC 6376 section 3.6',
    about: 'a key of good size is published',
    find: ({ dkim }) => {
      const good = dkim.selectors.filter(
        (key) =>
          isUsable(key) &&
          isSelector(key.selector) &&
          key.forMail &&
          allowsSha256(key) &&
          (key.keyType === 'ed25519' || (key.bits ?? 0) >= RSA_ADVISED_BITS),
      );
      return good.length === 0
        ? null
        : {
            message: `DKIM keys of good size stand at ${good
              .map(({ selector }) => selector)
              .join(', ')
              .slice(0, 200)}`,
            field: 'dkim',
          };
    },
  },
];
