/**
 * Text for a terminal: aligned columns, colour only where it is wanted, and nothing from a message
 * or from DNS that a terminal could take for a command.
 */

/** How to write: with colour or without, and how wide. */
export type Style = { color: boolean; width: number };

const COLOURS = { red: 31, green: 32, yellow: 33, blue: 34, grey: 90, bold: 1 } as const;
/** A colour or weight. */
type Colour = keyof typeof COLOURS;

/** Paints a text, or leaves it as it is. */
export const paint = (style: Style, colour: Colour, text: string): string =>
  style.color ? `\u001b[${COLOURS[colour]}m${text}\u001b[0m` : text;

/** Colours of result words; a colour never comes without its word. */
const WORD_COLOURS: Readonly<Record<string, Colour>> = {
  pass: 'green',
  accept: 'green',
  good: 'green',
  fail: 'red',
  permerror: 'red',
  reject: 'red',
  error: 'red',
  softfail: 'yellow',
  neutral: 'yellow',
  policy: 'yellow',
  temperror: 'yellow',
  tempfail: 'yellow',
  quarantine: 'yellow',
  warning: 'yellow',
  advice: 'blue',
};

/** A result word in its colour, padded to a column. */
export const paintWord = (style: Style, word: string, columns = 0): string =>
  paint(style, WORD_COLOURS[word] ?? 'grey', word.padEnd(columns));

/** Text without control characters: escape sequences of a hostile record end here. */
export const plain = (text: string): string =>
  text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');

/** Breaks a text at spaces so that no line passes the width; lines after the first are indented. */
export const wrap = (text: string, indent: number, width: number): string => {
  const room = Math.max(20, width - indent);
  const lines: string[] = [];
  for (const word of plain(text).split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= room) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join(`\n${' '.repeat(indent)}`);
};
