/** A count with its noun, for the sentences of a posture. Pure. */

const rules = new Intl.PluralRules('en');

/** "1 day", "2 days". @param noun in the singular */
export const counted = (count: number, noun: string): string =>
  `${count} ${noun}${rules.select(count) === 'one' ? '' : 's'}`;
