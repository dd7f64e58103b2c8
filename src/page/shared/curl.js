/** The command line that asks the same as the page did. Pure. */

/** @import { SmtpFacts } from '../../../schemas/smtp.ts' */

/** One word for a POSIX shell, whatever is in it. @param {string} text */
export const shellWord = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/**
 * The facts as query parameters; those inside an object are written with a dot.
 * @param {SmtpFacts} facts
 */
const query = (facts) =>
  Object.entries(facts).flatMap(([name, value]) => {
    if (value === undefined) return [];
    if (Array.isArray(value)) return value.map((item) => [name, String(item)]);
    if (typeof value === 'object')
      return Object.entries(value).flatMap(([part, inner]) =>
        inner === undefined || typeof inner === 'object' ? [] : [[`${name}.${part}`, String(inner)]],
      );
    return [[name, String(value)]];
  });

/** Readable where RFC 3986 section 3.4 allows. @param {string} text */
const encode = (text) => encodeURIComponent(text).replaceAll('%40', '@').replaceAll('%3A', ':');

/**
 * curl, with the access key where the service asks for one; the key itself is never written down.
 * @param {boolean} withKey
 */
const curl = (withKey) => (withKey ? 'curl --header "Authorization: Bearer $MAILVERDICT_KEY"' : 'curl');

/**
 * The line for a message in a file, with its facts in the query.
 * @param {string} origin of the service
 * @param {string} file name of the message file
 * @param {SmtpFacts} facts
 * @param {boolean} withKey whether the service asks for a key
 */
export const curlVerify = (origin, file, facts, withKey) => {
  const search = query(facts)
    .map(([name, value]) => `${name}=${encode(value ?? '')}`)
    .join('&');
  const url = `${origin}/v1/verify${search === '' ? '' : `?${search}`}`;
  return `${curl(withKey)} --data-binary @${shellWord(file)} ${shellWord(url)}`;
};

/**
 * The line for a request as JSON; without one, for a GET.
 * @param {string} url
 * @param {string | null} json what --json takes: the text itself, or @ and the name of a file
 * @param {boolean} withKey whether the service asks for a key
 */
export const curlJson = (url, json, withKey) =>
  `${curl(withKey)}${json === null ? '' : ` --json ${shellWord(json)}`} ${shellWord(url)}`;
