/**
 * Addresses in texts for people: what a reader of mail takes for an address, whatever the grammar
 * says.
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
