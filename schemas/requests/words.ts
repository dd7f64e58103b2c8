/**
 * Lists as query parameters write them: words with commas between, in one parameter or in several
 * of one name.
 */

/** The words of a query parameter; anything that is neither text nor list is left to the schema. */
export const words = (value: unknown): unknown =>
  typeof value === 'string'
    ? value.split(',').map((word) => word.trim())
    : Array.isArray(value)
      ? value.flatMap(words)
      : value;
