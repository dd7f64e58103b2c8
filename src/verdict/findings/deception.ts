/**
 * Signs of deception in a message, only where they are facts: a name in From that shows an address
 * of another domain, an author domain that mixes scripts, a Reply-To that leaves an authenticated
 * domain. Pure; none of them changes a result.
 */
import { domainToUnicode } from 'node:url';
import type { Finding } from '../../../schemas/finding.ts';
import { readAddresses } from '../../message/address/read-addresses.ts';
import { domainsShownIn } from '../../message/address/shown-domains.ts';
import { fieldsNamed, type Message } from '../../message/message.ts';
import type { Author } from '../author.ts';
import { comparable } from '../methods/identifiers.ts';
import { finding } from './finding.ts';

/** What the signs are read from. */
type Appearance = {
  message: Message;
  author: Pick<Author, 'fields'>;
  authorDomain: string | null;
  organizationalDomain: string | null;
  /** True when the author domain is proven. */
  authenticated: boolean;
};

/** The signs, each a finding. */
export const signsOfDeception = (appearance: Appearance): Finding[] => [
  ...otherDomainShown(appearance),
  ...mixedScripts(appearance),
  ...replyLeaves(appearance),
];

const otherDomainShown = ({ author, authorDomain, organizationalDomain }: Appearance): Finding[] => {
  if (authorDomain === null) return [];
  const shown = author.fields
    // Some mail readers show a comment, the name of a group or a local-part as the name.
    .flatMap(({ mailboxes, comments, groups }) => [
      ...mailboxes.flatMap(({ displayName, localPart }) => [displayName ?? '', localPart]),
      ...comments,
      ...groups,
    ])
    .flatMap(domainsShownIn)
    .map(comparable)
    .filter((domain) => !isUnder(domain, organizationalDomain ?? authorDomain));
  const [domain] = shown;
  return domain === undefined
    ? []
    : [
        finding(
          'display-name-domain',
          `a name or a comment in From shows an address of ${domain}, but the author domain is ${authorDomain}`,
          'message.from',
        ),
      ];
};

/** Scripts that one language mixes (Unicode UTS 39, Highly Restrictive). */
const WRITTEN_IN_ONE_LANGUAGE = [
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
];
const PATTERNS = Object.entries({
  Latin: /\p{Script=Latin}/u,
  Cyrillic: /\p{Script=Cyrillic}/u,
  Greek: /\p{Script=Greek}/u,
  Armenian: /\p{Script=Armenian}/u,
  Hebrew: /\p{Script=Hebrew}/u,
  Arabic: /\p{Script=Arabic}/u,
  Devanagari: /\p{Script=Devanagari}/u,
  Thai: /\p{Script=Thai}/u,
  Georgian: /\p{Script=Georgian}/u,
  Cherokee: /\p{Script=Cherokee}/u,
  Han: /\p{Script=Han}/u,
  Hiragana: /\p{Script=Hiragana}/u,
  Katakana: /\p{Script=Katakana}/u,
  Hangul: /\p{Script=Hangul}/u,
  Bopomofo: /\p{Script=Bopomofo}/u,
});

const mixedScripts = ({ authorDomain }: Appearance): Finding[] => {
  if (authorDomain === null || !authorDomain.includes('xn--')) return [];
  const shown = domainToUnicode(authorDomain);
  const mixed = shown.split('.').find((label) => {
    const scripts = PATTERNS.flatMap(([script, pattern]) => (pattern.test(label) ? [script] : []));
    return (
      scripts.length > 1 && !WRITTEN_IN_ONE_LANGUAGE.some((mixed) => scripts.every((script) => mixed.includes(script)))
    );
  });
  return mixed === undefined
    ? []
    : [
        finding(
          'author-domain-mixed-scripts',
          `the author domain ${authorDomain} is shown with letters of several scripts in one label, which can make it look like another domain`,
          'author.domain',
        ),
      ];
};

const replyLeaves = ({ message, authorDomain, organizationalDomain, authenticated }: Appearance): Finding[] => {
  if (!authenticated || authorDomain === null) return [];
  const [outside] = fieldsNamed(message, 'reply-to')
    .flatMap((field) => readAddresses(field.value()).mailboxes)
    .map(({ domain }) => comparable(domain))
    .filter((domain) => !isUnder(domain, organizationalDomain ?? authorDomain));
  return outside === undefined
    ? []
    : [
        finding(
          'reply-to-elsewhere',
          `replies go to ${outside}, outside the authenticated domain ${authorDomain}`,
          'message',
        ),
      ];
};

const isUnder = (domain: string, above: string): boolean => domain === above || domain.endsWith(`.${above}`);
