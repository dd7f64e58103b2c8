/**
 * What an ARC-Authentication-Results field claims (RFC 8617 section 4.1.1), bounded for the
 * verdict. A claim is reported, never believed here.
 */
import type { ArcInstance } from '../../../schemas/arc.ts';
import { readAuthenticationResults } from '../../message/authentication-results.ts';

/** Results of one field that are reported. A field with as many may hold more. */
export const MAX_CLAIMS = 20;
const MAX_CHARACTERS = 255;

/** The property that says what a result is about, the most telling first. */
const IDENTITY_PROPERTIES = [
  'header.d',
  'header.from',
  'smtp.mailfrom',
  'smtp.helo',
  'header.i',
  'policy.iprev',
  'smtp.remote-ip',
];

/**
 * Reads the claims of one field body, which begins with its instance.
 * @returns no claims where the body does not follow the grammar
 */
export const readClaims = (fieldBody: string): Pick<ArcInstance, 'authservId' | 'claims'> => {
  const instanceEnd = /^[^;]*;/.exec(fieldBody);
  const read = readAuthenticationResults(fieldBody.slice(instanceEnd?.[0].length ?? 0));
  if (read.kind === 'malformed') return { authservId: null, claims: [] };
  // The meaning of an unknown version is unknown, so nothing is taken from it.
  const known = read.version === 1 ? read.results : [];
  return {
    authservId: read.authservId.slice(0, MAX_CHARACTERS),
    claims: known.slice(0, MAX_CLAIMS).map(({ method, version = 1, result, properties, contradicted }) => ({
      // With its version, so that nobody takes it for the method that is known here.
      method: version === 1 ? method : `${method}/${version}`,
      result,
      identity:
        // A DMARC result is about the Author Domain, whatever else the result names.
        (method === 'dmarc' ? ['header.from'] : IDENTITY_PROPERTIES)
          .map((name) => (contradicted?.includes(name) ? undefined : properties.get(name)))
          .find((value) => value !== undefined)
          ?.slice(0, MAX_CHARACTERS) ?? null,
    })),
  };
};
