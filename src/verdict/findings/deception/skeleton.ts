/**
 * What a text looks like: its skeleton by Unicode UTS 39 section 4, in which characters that look
 * alike are one. Two texts with the same skeleton are confusable. For comparing only, never for
 * showing. Compatibility characters, such as full-width letters, are taken apart first.
 */
import { CONFUSABLES } from './confusables-data.ts';

const fromHex = (codePoints: string): string =>
  String.fromCodePoint(...codePoints.split(' ').map((codePoint) => Number.parseInt(codePoint, 16)));

const readPrototypes = (): ReadonlyMap<string, string> =>
  new Map(
    CONFUSABLES.flatMap((line) => line.split(';')).flatMap((entry) => {
      const [prototype = '', characters = ''] = entry.split(':');
      return characters.split(',').map((character) => [fromHex(character), fromHex(prototype)] as const);
    }),
  );

let prototypes: ReadonlyMap<string, string> | null = null;

const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu;

/**
 * The skeleton. @param text of a length that its caller has bounded; NFKD makes at most 18
 * characters of one
 */
export const skeletonOf = (text: string): string => {
  prototypes ??= readPrototypes();
  let shown = '';
  for (const character of text.normalize('NFKD').replace(IGNORABLE, ''))
    shown += prototypes.get(character) ?? character;
  return shown.normalize('NFD');
};

/** Accents on letters of these scripts are easily overlooked; in others they are letters. */
const ACCENTED = /([\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}])\p{Mn}+/gu;

/**
 * The skeleton without regard to case and accents: "0" and "o" have skeletons of different case,
 * and no eye takes a dot below a letter for a difference.
 */
export const shapeOf = (text: string): string => skeletonOf(text).replace(ACCENTED, '$1').toLowerCase();
