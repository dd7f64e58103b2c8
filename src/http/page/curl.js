/** The command line that asks the same as the page did. Pure. */

/** @import { SmtpFacts } from '../../../schemas/smtp.ts' */

/** One word for a POSIX shell, whatever is in it. @param {string} text */
export const shellWord = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** The facts as query parameters; those inside an object are written with a dot. @param {SmtpFacts} facts */
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
 * The line for a message in a file, with its facts in the query.
 * @param {string} origin of the service
 * @param {string} file name of the message file
 * @param {SmtpFacts} facts
 */
export const curlVerify = (origin, file, facts) => {
  const search = query(facts)
    .map(([name, value]) => `${name}=${encode(value ?? '')}`)
    .join('&');
  return `curl --data-binary @${shellWord(file)} ${shellWord(`${origin}/v1/verify${search === '' ? '' : `?${search}`}`)}`;
};

/** The line for a request in a JSON file. @param {string} url @param {string} file */
export const curlJson = (url, file) => `curl --json @${shellWord(file)} ${shellWord(url)}`;
