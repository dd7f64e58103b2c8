/**
 * The question of most programs, made hard to ask wrongly: is a message really from this address or
 * this domain? Reads the verdict and nothing else, so never a display name and never a field of the
 * message. Compares whole domains, so a domain that only ends alike is another one. What is no
 * verdict, and what is no address or domain, throws: a mistake of the program must not look like a
 * forged message. Needs nothing but URL at run time.
 */
import type { RequiredLevel } from '../../schemas/author.ts';
import type { Verdict } from '../../schemas/verdict.ts';

/** How well the author must be known. */
export type IsReallyFromOptions = {
  /**
   * proven: SPF or DKIM was checked by the service and aligns; vouched: the word of a party that
   * the operator of the service trusts is enough too. @default 'proven'
   */
  readonly level?: RequiredLevel | undefined;
};

/**
 * True when the verdict says that the message comes from this domain, or from this address. Only
 * the domain is ever proven: an address is compared with the one in From as well, its local-part
 * with regard to case (RFC 5321 section 2.4), but that anybody at the domain may have written it
 * stays true. False where From names several authors or none, and while the level is `unknown`:
 * `verdict.author.level` tells that apart from a forgery.
 * @param verdict a whole verdict, as the service or the library gave it
 * @param expected an address without a display name, or a domain; A-labels or U-labels
 * @throws TypeError for another shape of any argument
 * @example
 * import { readFileSync } from 'node:fs';
 * import { isReallyFrom, MailverdictClient } from 'mailverdict/client';
 *
 * const client = new MailverdictClient({ baseUrl: 'http://localhost:8080' });
 * const verdict = await client.verify(readFileSync('examples/aligned.eml'));
 * console.log(isReallyFrom(verdict, 'alice@brand.example'), isReallyFrom(verdict, 'and.example'));
 * // true false
 */
export const isReallyFrom = (verdict: Verdict, expected: string, options: IsReallyFromOptions = {}): boolean => {
  const levels = LEVELS[readLevel(options)];
  const { localPart, domain } = readExpected(expected);
  const author = readAnswer(verdict);
  if (author.domain !== domain || author.from.length !== 1 || !levels.includes(author.level)) return false;
  return localPart === null || isAddress(author.address, localPart, domain);
};

const LEVELS: Readonly<Record<RequiredLevel, readonly string[]>> = {
  proven: ['proven'],
  vouched: ['proven', 'vouched'],
};

const readLevel = (options: unknown): RequiredLevel => {
  if (!isObject(options)) return wrong('the options must be an object');
  const other = Object.keys(options).find((name) => name !== 'level');
  if (other !== undefined) return wrong(`unknown option ${other}; known: level`);
  const level = own(options, 'level') ?? 'proven';
  return level === 'proven' || level === 'vouched' ? level : wrong("level must be 'proven' or 'vouched'");
};

type Expected = { readonly localPart: string | null; readonly domain: string };

const readExpected = (expected: unknown): Expected => {
  if (typeof expected !== 'string') return wrong('the expected author must be a text: an address or a domain');
  const at = expected.lastIndexOf('@');
  const localPart = at === -1 ? null : expected.slice(0, at);
  const domain = toName(expected.slice(at + 1));
  if (domain === null || (localPart !== null && !isLocalPart(localPart)))
    return wrong('the expected author must be one address without a display name, or a domain with a dot');
  return { localPart, domain };
};

/** Without quotes: mail readers differ over what is inside of them. */
const isLocalPart = (text: string): boolean => text.length <= 64 && /^[^\s\p{C}"(),:;<>@[\\\]]+$/u.test(text);

const MAX_CHARACTERS = 253;
/** Letters, digits, hyphens, and the underscores that some domains have. */
const LABEL = /^[a-z0-9_-]{1,63}$/;

/** The name in A-labels, lower case, without the last dot; null for what is no domain. */
const toName = (text: string): string | null => {
  const name = toALabels(text)?.toLowerCase().replace(/\.$/, '') ?? null;
  if (name === null || name.length > MAX_CHARACTERS) return null;
  const labels = name.split('.');
  return labels.length > 1 && labels.every((label) => LABEL.test(label)) ? name : null;
};

const toALabels = (text: string): string | null => {
  if (/^[\x21-\x7e]*$/.test(text)) return text;
  // What has a meaning in a URL must not reach one.
  if (text.length > MAX_CHARACTERS || /[\x00-\x20\x7f@:/\\?#%[\]]/.test(text)) return null;
  try {
    return new URL(`http://${text}`).hostname;
  } catch {
    return null;
  }
};

const isAddress = (address: string | null, localPart: string, domain: string): boolean => {
  const at = address?.lastIndexOf('@') ?? -1;
  return (
    address !== null && at !== -1 && address.slice(0, at) === localPart && toName(address.slice(at + 1)) === domain
  );
};

/** What is read of a verdict. */
type Answer = {
  readonly domain: string | null;
  readonly address: string | null;
  readonly level: string;
  readonly from: readonly unknown[];
};

const KNOWN_LEVELS = ['proven', 'vouched', 'unproven', 'contradicted', 'unknown'];

/** Reads own members only, so that nothing inherited answers for a verdict. */
const readAnswer = (verdict: unknown): Answer => {
  if (!isObject(verdict)) return wrong(`the verdict is ${verdict === null ? 'null' : `a ${typeof verdict}`}`);
  if (typeof own(verdict, 'then') === 'function') return wrong('the verdict is a promise: await it');
  const inner = own(verdict, 'verdict');
  if (isObject(inner) || own(verdict, 'problem') !== undefined)
    return wrong('this is the line of a batch or the answer of a replay: give its member "verdict"');
  const [engine, author, message] = ['engine', 'author', 'message'].map((name) => own(verdict, name));
  if (!isObject(engine) || own(engine, 'name') !== 'mailverdict' || !isObject(author) || !isObject(message))
    return wrong('this is no verdict of Mailverdict: give the whole of it, as it came');
  const [domain, address, level, by] = ['domain', 'address', 'level', 'by'].map((name) => own(author, name));
  const from = own(message, 'from');
  if (!isText(domain) || !isText(address)) return wrong('author.domain or author.address is no text and not null');
  if (typeof level !== 'string' || !KNOWN_LEVELS.includes(level)) return wrong('author.level is not one of this API');
  if (!Array.isArray(by) || !Array.isArray(from)) return wrong('author.by or message.from is no list');
  if ((level === 'proven' || level === 'vouched') && (by.length === 0 || domain === null))
    return wrong(`author.level is ${level}, but author.by or author.domain is empty`);
  return { domain, address, level, from };
};

const own = (holder: Record<string, unknown>, name: string): unknown =>
  Object.hasOwn(holder, name) ? holder[name] : undefined;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isText = (value: unknown): value is string | null => typeof value === 'string' || value === null;

const wrong = (reason: string): never => {
  throw new TypeError(`isReallyFrom: ${reason}`);
};
