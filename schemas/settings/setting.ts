/**
 * The kinds of settings: a number within bounds, a switch, a list, a choice, a text. Each accepts
 * the text of an environment variable and the value of a YAML file alike, and carries default,
 * bounds and unit for the generated table. Reads nothing.
 */
import { z } from 'zod';

/** A whole number with its bounds. `unit` appears in the generated table. */
export const wholeNumber = (setting: { default: number; min: number; max: number; unit: string; about: string }) =>
  z
    .preprocess(
      (value) => (typeof value === 'string' && /^[+-]?\d+$/.test(value.trim()) ? Number(value.trim()) : value),
      wholeNumberWithin(setting.min, setting.max),
    )
    .default(setting.default)
    .describe(setting.about)
    .meta({ unit: setting.unit, min: setting.min, max: setting.max });

/** One sentence for every way to be wrong: it tells what is right. */
const wholeNumberWithin = (min: number, max: number) => {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.number({ error }).int({ error }).min(min, { error }).max(max, { error });
};

/** A switch: yes/no, on/off, true/false, 1/0. */
export const toggle = (setting: { default: boolean; about: string }) =>
  z
    .preprocess(
      (value) => (typeof value === 'boolean' ? String(value) : value),
      z.stringbool({
        truthy: ['yes', 'on', 'true', '1'],
        falsy: ['no', 'off', 'false', '0'],
        error: 'must be yes or no',
      }),
    )
    .default(setting.default)
    .describe(setting.about)
    .meta({ unit: 'yes or no' });

/** A list: an array, or text with commas between the items. `item` checks each one. */
export const list = <Item extends z.ZodType<string>>(setting: {
  item: Item;
  default?: string[];
  max: number;
  unit: string;
  about: string;
}) =>
  z
    .preprocess(
      (value) =>
        typeof value === 'string'
          ? value
              .split(',')
              .map((item) => item.trim())
              .filter((item) => item !== '')
          : value,
      z.array(setting.item).max(setting.max),
    )
    .default((setting.default ?? []) as z.output<Item>[])
    .describe(setting.about)
    .meta({ unit: setting.unit, maxItems: setting.max });

/** One word of a closed list. */
export const choice = <const Words extends readonly [string, ...string[]]>(setting: {
  words: Words;
  default: Words[number];
  about: string;
}) =>
  z
    .enum(setting.words, { error: `must be ${setting.words.slice(0, -1).join(', ')} or ${setting.words.at(-1)}` })
    .default(setting.default as never)
    .describe(setting.about)
    .meta({ unit: setting.words.join(', ') });

/** Free text within a length. */
export const text = (setting: { default: string; maxLength: number; unit: string; about: string }) =>
  z.string().max(setting.maxLength).default(setting.default).describe(setting.about).meta({ unit: setting.unit });

/** Text that is shown to nobody: `mailverdict config` masks it. Empty by default. */
export const secret = (setting: { maxLength: number; about: string }) =>
  z.string().max(setting.maxLength).default('').describe(setting.about).meta({ unit: 'secret', secret: true });
