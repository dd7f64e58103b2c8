/**
 * The name that was probably meant: the one with the fewest letters changed. Case and separators do
 * not count, so that `MAX_MESSAGE_BYTES` is near to `maxMessageBytes`. Pure.
 */

/** Longer text is no misspelt name; comparing it would cost more than it tells. */
const MAX_LENGTH = 100;

/**
 * Finds the nearest name.
 * @param maxChanges letters that may differ (Levenshtein)
 * @returns null when none is near
 */
export const nearestName = <Name extends string>(
  text: string,
  names: readonly Name[],
  maxChanges: number,
): Name | null => {
  if (text.length > MAX_LENGTH) return null;
  const letters = lettersOf(text);
  const [best] = names
    .map((name) => ({ name, changes: changesBetween(letters, lettersOf(name)) }))
    .sort((one, other) => one.changes - other.changes);
  return best !== undefined && best.changes <= maxChanges ? best.name : null;
};

/** Letters and digits of a name. */
export const lettersOf = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

/** Changes of one letter between two words (Levenshtein). */
const changesBetween = (one: string, other: string): number => {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [index, letter] of [...one].entries()) {
    const next = [index + 1];
    for (const [column, another] of [...other].entries()) {
      next.push(
        Math.min(
          (row[column] ?? 0) + (letter === another ? 0 : 1),
          (row[column + 1] ?? 0) + 1,
          (next[column] ?? 0) + 1,
        ),
      );
    }
    row = next;
  }
  return row[other.length] ?? 0;
};
