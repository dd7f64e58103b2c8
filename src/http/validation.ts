/**
 * What is wrong with a request, in words for the person who wrote it: which field, what would be
 * right there, and of an unknown name the known ones and the nearest. The words of the validator
 * itself never leave. Pure.
 */
import type { ZodError, ZodType, z } from 'zod';
import type { Problem } from '../../schemas/problem.ts';
import { nearestName } from '../settings/nearest-name.ts';
import { MAX_ERRORS, RequestProblem } from './problem.ts';

/** Letters that may differ between an unknown name and the one that is offered for it. */
const MAX_CHANGES = 2;
/** Most known names that a message lists. */
const MAX_NAMES = 30;

type Issue = ZodError['issues'][number];
type FieldError = NonNullable<Problem['errors']>[number];

/**
 * Reads a part of a request by its schema.
 * @param prefix where the part is, as in "query"; "": the body
 * @throws RequestProblem that names every wrong field
 */
export const readBySchema = <Schema extends ZodType>(
  schema: Schema,
  value: unknown,
  prefix: string,
): z.output<Schema> => {
  const read = schema.safeParse(value);
  if (!read.success) throw invalidRequest(read.error, prefix, schema);
  return read.data;
};

/** The wrong fields of a request, each with its path under `prefix`. */
export const invalidRequest = (error: ZodError, prefix: string, schema: ZodType): RequestProblem => {
  const errors = error.issues.slice(0, MAX_ERRORS).flatMap((issue) => fieldErrors(issue, prefix, schema));
  return new RequestProblem(
    'invalid-request',
    errors.map(({ path, message }) => `${path}: ${message}`).join('; '),
    errors,
  );
};

const fieldErrors = (issue: Issue, prefix: string, schema: ZodType): FieldError[] => {
  if (issue.code !== 'unrecognized_keys')
    return [{ path: join(prefix, issue.path), message: describe(issue, schemaAt(schema, issue.path)) }];
  const known = namesOf(schemaAt(schema, issue.path));
  const kind = prefix === 'query' ? 'parameter' : 'member';
  return issue.keys.slice(0, MAX_ERRORS).map((key) => ({
    path: join(prefix, [...issue.path, key]),
    message: unknownName(key, known, kind),
  }));
};

const unknownName = (name: string, known: readonly string[], kind: string): string => {
  const nearest = nearestName(name, known, MAX_CHANGES);
  const listed = known.length === 0 ? '' : `; known: ${list(known.slice(0, MAX_NAMES))}`;
  return `unknown ${kind}${listed}${nearest === null ? '' : ` (did you mean ${nearest}?)`}`;
};

/** A message of a schema's own is kept; what the validator words itself is said anew. */
const OF_THE_VALIDATOR = /^(?:Invalid|Too (?:big|small)|Unrecognized)/;

const describe = (issue: Issue, schema: ZodType | null): string => {
  if (!OF_THE_VALIDATOR.test(issue.message)) return issue.message;
  const about = schema?.description === undefined ? '' : `: ${schema.description}`;
  switch (issue.code) {
    case 'invalid_type':
      return issue.message.endsWith('received undefined')
        ? `is missing${about}`
        : `must be ${TYPE_WORDS[issue.expected] ?? issue.expected}${about}`;
    case 'invalid_value':
      return `must be ${alternatives(issue.values.map(String))}`;
    case 'too_small':
      return `must ${extent(issue.origin, 'least', Number(issue.minimum))}`;
    case 'too_big':
      return `must ${extent(issue.origin, 'most', Number(issue.maximum))}`;
    case 'invalid_format':
      return `must be ${FORMAT_WORDS[issue.format] ?? 'in the right form'}${about}`;
    default:
      return `is not as it must be${about}`;
  }
};

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: 'text in quotation marks',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list in square brackets',
  object: 'an object in braces',
  record: 'an object in braces',
};

const FORMAT_WORDS: Readonly<Record<string, string>> = {
  ipv4: 'an IPv4 address such as 192.0.2.10',
  ipv6: 'an IPv6 address such as 2001:db8::10',
  cidrv4: 'a network such as 192.0.2.0/24',
  cidrv6: 'a network such as 2001:db8::/32',
  datetime: 'a time such as 2026-11-22T09:00:00Z',
};

const extent = (origin: string, bound: 'least' | 'most', amount: number): string => {
  if (origin === 'string')
    return amount === 1 && bound === 'least' ? 'not be empty' : `have at ${bound} ${amount} characters`;
  if (origin === 'array') return `have at ${bound} ${amount} ${amount === 1 ? 'entry' : 'entries'}`;
  return `be at ${bound} ${amount}`;
};

const alternatives = (words: readonly string[]): string =>
  words.length < 2 ? words.join('') : `${list(words.slice(0, -1))} or ${words.at(-1)}`;

const list = (words: readonly string[]): string => words.join(', ');

/** The parts of a schema that are looked at; zod gives them no common type. */
type Definition = {
  readonly type: string;
  readonly innerType?: ZodType;
  readonly out?: ZodType;
  readonly element?: ZodType;
  readonly shape?: Readonly<Record<string, ZodType>>;
  readonly options?: readonly ZodType[];
};

const definitionOf = (schema: ZodType): Definition => schema.def as unknown as Definition;

/** A schema without what only wraps it: optional, default, preprocess. */
const unwrap = (schema: ZodType): ZodType => {
  const { innerType, out } = definitionOf(schema);
  const inner = innerType ?? out;
  return inner === undefined ? schema : unwrap(inner);
};

/** The schema of a member, with the description that it has there; null where it is not known. */
const schemaAt = (schema: ZodType, path: readonly PropertyKey[]): ZodType | null => {
  let at: ZodType | null = schema;
  for (const step of path) {
    if (at === null) return null;
    const { shape, element } = definitionOf(unwrap(at));
    at = (typeof step === 'number' ? element : shape?.[String(step)]) ?? null;
  }
  return at;
};

/** Names of the members of an object. */
const namesOf = (schema: ZodType | null): string[] => {
  if (schema === null) return [];
  const { shape, options } = definitionOf(unwrap(schema));
  if (shape !== undefined) return Object.keys(shape);
  return [...new Set((options ?? []).flatMap(namesOf))];
};

const join = (prefix: string, path: readonly PropertyKey[]): string =>
  [prefix, ...path.map(String)]
    .filter((part) => part !== '')
    .join('.')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, 200);
