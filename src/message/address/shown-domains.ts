/**
 * Addresses and domains in texts for people: what a reader of mail takes for one, whatever the
 * grammar says.
 */

/**
 * The domains of what looks like an address in a text for people, such as a display name, in lower
 * case. Look-alikes of "@" and of the dot count (Unicode NFKC), because the reader's eye does not
 * tell them apart.
 * @param text at most 1,000 characters of it are looked at
 */
export const domainsShownIn = (text: string): string[] => {
  const seen = text.slice(0, 1000).normalize('NFKC');
  if (!seen.includes('@')) return [];
  const words = seen.toLowerCase().split(/[\s<>()[\]{}"'`,;:|/\\]+/);
  return words.flatMap((word) => {
    let end = word.length;
    while (end > 0 && '.!?'.includes(word.charAt(end - 1))) end -= 1;
    const domain = word.slice(word.lastIndexOf('@') + 1, end);
    return word.lastIndexOf('@') > 0 && /^[^.@]+(?:\.[^.@]+)+$/.test(domain) ? [domain] : [];
  });
};

/** Characters of a domain (RFC 1035 section 2.3.4). */
const MAX_DOMAIN_CHARS = 255;

/**
 * The domains that a text for people names, with or without an address, in lower case.
 * @param text at most 1,000 characters of it are looked at
 */
export const domainsNamedIn = (text: string): string[] =>
  text
    .slice(0, 1000)
    .normalize('NFKC')
    .toLowerCase()
    // The character that IDNA maps to a dot and NFKC does not.
    .replaceAll('\u3002', '.')
    .split(/[^\p{L}\p{N}\p{M}.-]+/u)
    .map(withoutOuterDots)
    .filter((word) => word.includes('.') && word.length <= MAX_DOMAIN_CHARS);

const withoutOuterDots = (word: string): string => {
  let [start, end] = [0, word.length];
  while (start < end && word.charAt(start) === '.') start += 1;
  while (end > start && word.charAt(end - 1) === '.') end -= 1;
  return word.slice(start, end);
};
