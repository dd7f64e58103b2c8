/**
 * Signs of deception in a message, only where they are facts: a name in From that shows an address
 * of another domain, an author domain whose scripts mislead, a Reply-To that leaves the author's
 * organization, protected names and domains that look like protected ones. Pure; none of them
 * changes a result.
 */
import { domainToUnicode } from 'node:url';
import type { Finding } from '../../../schemas/finding.ts';
import { isAtOrUnder } from '../../dns/name.ts';
import { readAddresses } from '../../message/address/read-addresses.ts';
import { domainsNamedIn, domainsShownIn } from '../../message/address/shown-domains.ts';
import { showControls } from '../../message/encoded-words.ts';
import { fieldsNamed, type Message } from '../../message/message.ts';
import type { Author } from '../author.ts';
import { comparable } from '../methods/identifiers.ts';
import { type Likeness, protectedNames as readProtectedNames } from './deception/protected-names.ts';
import { looksLatin, mixesScripts } from './deception/scripts.ts';
import { finding } from './finding.ts';

/** What the signs are read from. */
type Appearance = {
  message: Message;
  author: Pick<Author, 'fields'>;
  authorDomain: string | null;
  organizationalDomain: string | null;
  /** True when the author domain is proven. */
  authenticated: boolean;
  /** PROTECTED_NAMES. */
  protectedNames: readonly string[];
};

/** The signs, each a finding. */
export const signsOfDeception = (appearance: Appearance): Finding[] => [
  ...otherDomainShown(appearance),
  ...oddScripts(appearance),
  ...replyLeaves(appearance),
  ...protectedShown(appearance),
];

/** Some mail readers show a comment, the name of a group or a local-part as the name. */
const textsOf = ({ mailboxes, comments, groups }: Author['fields'][number]): string[] => [
  ...mailboxes.flatMap(({ displayName, localPart }) => [displayName ?? '', localPart]),
  ...comments,
  ...groups,
];

const otherDomainShown = ({ author, authorDomain, organizationalDomain }: Appearance): Finding[] => {
  if (authorDomain === null) return [];
  const shown = author.fields
    .flatMap(textsOf)
    .flatMap(domainsShownIn)
    .map(comparable)
    .filter((domain) => !isAtOrUnder(domain, organizationalDomain ?? authorDomain));
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

const oddScripts = ({ authorDomain }: Appearance): Finding[] => {
  if (authorDomain === null || !authorDomain.includes('xn--')) return [];
  const labels = domainToUnicode(authorDomain).split('.');
  // Under a top-level domain of another script, words of that script are what a reader expects.
  const looksLatinOnly =
    !authorDomain.slice(authorDomain.lastIndexOf('.') + 1).startsWith('xn--') && labels.some(looksLatin);
  return [
    ...(labels.some(mixesScripts)
      ? [
          finding(
            'author-domain-mixed-scripts',
            `the author domain ${authorDomain} is shown with letters of several scripts in one label, which can make it look like another domain`,
            'author.domain',
          ),
        ]
      : []),
    ...(looksLatinOnly
      ? [
          finding(
            'author-domain-other-script',
            `the author domain ${authorDomain} is shown with a label that looks like Latin letters and has none`,
            'author.domain',
          ),
        ]
      : []),
  ];
};

const replyLeaves = ({ message, authorDomain, organizationalDomain, authenticated }: Appearance): Finding[] => {
  if (authorDomain === null) return [];
  const [outside] = fieldsNamed(message, 'reply-to')
    .flatMap((field) => readAddresses(field.value()).mailboxes)
    .map(({ domain }) => comparable(domain))
    .filter((domain) => !isAtOrUnder(domain, organizationalDomain ?? authorDomain));
  if (outside === undefined) return [];
  const author = authenticated ? `the authenticated domain ${authorDomain}` : `the author domain ${authorDomain}`;
  return [finding('reply-to-elsewhere', `replies go to ${shownDomain(outside)}, outside of ${author}`, 'message')];
};

/** An author of another domain who bears a protected name, or a domain that looks like one. */
const protectedShown = ({ author, authorDomain, protectedNames }: Appearance): Finding[] => {
  if (protectedNames.length === 0 || authorDomain === null) return [];
  const names = readProtectedNames(protectedNames);
  if (names.owns(authorDomain)) return [];
  const texts = shownTexts(author);
  const person = firstOf(texts, names.personIn);
  const likenesses = [
    { domain: authorDomain, isAuthor: true, ...names.likenessOf(authorDomain) },
    ...[...new Set(texts.flatMap(domainsNamedIn))]
      .slice(0, MAX_COMPARED_DOMAINS)
      .map((domain) => ({ domain, isAuthor: false, ...names.likenessOf(domain) })),
  ];
  const like = (...words: Likeness[]) => likenesses.find(({ likeness }) => likeness && words.includes(likeness));
  const where = (isAuthor: boolean, domain: string): string =>
    isAuthor ? `the author domain ${domain}` : `the domain ${shownDomain(domain)} that From shows`;
  const [shown, confusable, similar] = [like('same', 'contains'), like('confusable'), like('one-edit')];
  const bears = person ?? shown?.of;
  return [
    ...(bears === undefined
      ? []
      : [
          finding(
            'protected-name',
            `From shows the protected name ${bears}, but the author domain is ${authorDomain}`,
            'message.from',
          ),
        ]),
    ...(confusable === undefined
      ? []
      : [
          finding(
            'confusable-domain',
            `${where(confusable.isAuthor, confusable.domain)} looks like the protected domain ${confusable.of}`,
            confusable.isAuthor ? 'author.domain' : 'message.from',
          ),
        ]),
    ...(similar === undefined
      ? []
      : [
          finding(
            'similar-domain',
            `${where(similar.isAuthor, similar.domain)} differs in one character from the protected domain ${similar.of}`,
            similar.isAuthor ? 'author.domain' : 'message.from',
          ),
        ]),
  ];
};

const firstOf = <Found>(texts: readonly string[], find: (text: string) => Found | null): Found | undefined => {
  for (const text of texts) {
    const found = find(text);
    if (found !== null) return found;
  }
  return undefined;
};

/**
 * Characters of names and comments in From that are compared with protected names: each text has
 * at most 500, and no reader of mail shows more than a few of them.
 */
export const MAX_COMPARED_CHARS = 4000;

/** Domains in them that are: each is compared with up to 1,000 protected ones. */
export const MAX_COMPARED_DOMAINS = 50;

/** What mail readers may show as the name of an author, local-parts included. */
const shownTexts = ({ fields }: Appearance['author']): string[] => {
  const texts = fields.flatMap(textsOf).flatMap(withBackwards);
  let characters = 0;
  return texts.filter((text) => {
    characters += text.length;
    return characters <= MAX_COMPARED_CHARS;
  });
};

/** In the place of a character that hides or reorders text (`showControls`). */
const HIDDEN = '\ufffd';

/** Backwards too where something was hidden, which may have shown it so. */
const withBackwards = (text: string): string[] => {
  if (!text.includes(HIDDEN)) return [text];
  const seen = text.replaceAll(HIDDEN, '');
  return [seen, [...seen].reverse().join('')];
};

const MAX_SHOWN_CHARS = 255;

const shownDomain = (domain: string): string => showControls(domain.slice(0, MAX_SHOWN_CHARS));
