/**
 * Tidies the components of a generated OpenAPI document: the generator writes each schema twice, as
 * read and as written, and bounds every whole number by what JavaScript can hold. Kept is what the
 * paths reach, once, under its own name. An answer without a description of its own has that of its
 * schema. Pure.
 */

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Schemas = Record<string, Json>;

const PREFIX = '#/components/schemas/';
const INPUT = /Input$/;

/** @param document an OpenAPI document; not changed */
export const tidyComponents = <Document extends object>(document: Document): Document => {
  const tidy = withoutIntegerBounds(structuredClone(document) as Json) as { [key: string]: Json };
  const components = tidy.components as { schemas?: Schemas } | undefined;
  const schemas = components?.schemas ?? {};
  const reachable = reach(tidy.paths ?? {}, schemas);
  const renamed = new Map<string, string>();
  for (const name of reachable) {
    const plain = name.replace(INPUT, '');
    const isSame = () => canonical(schemas[plain] ?? null) === canonical(schemas[name] ?? null);
    if (plain !== name && plain in schemas && (!reachable.has(plain) || isSame())) renamed.set(name, plain);
  }
  const kept = [...reachable]
    .filter((name) => !(renamed.has(name) && reachable.has(renamed.get(name) ?? '')))
    .map((name) => [renamed.get(name) ?? name, schemas[name] ?? null] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  const described = withDescriptions(
    { ...tidy, components: { ...components, schemas: Object.fromEntries(kept) } },
    schemas,
  );
  return rename(described, renamed) as Document;
};

/** What the generator writes for an answer whose route says nothing of it. */
const NO_DESCRIPTION = 'Default Response';

const withDescriptions = (value: Json, schemas: Schemas): Json => {
  if (Array.isArray(value)) return value.map((item) => withDescriptions(item, schemas));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, item]) => [key, withDescriptions(item, schemas)]);
  const description = value.description === NO_DESCRIPTION ? firstDescription(value, schemas) : undefined;
  return Object.fromEntries(description === undefined ? members : [...members, ['description', description]]);
};

/** Description of the first component that a value refers to directly. */
const firstDescription = (answer: Json, schemas: Schemas): string | undefined => {
  for (const name of reach(answer, {})) {
    const schema = schemas[name];
    if (
      typeof schema === 'object' &&
      schema !== null &&
      !Array.isArray(schema) &&
      typeof schema.description === 'string'
    )
      return schema.description;
  }
  return undefined;
};

/** Names of the schemas that a value refers to, directly or through others. */
const reach = (value: Json, schemas: Schemas, found = new Set<string>()): Set<string> => {
  if (Array.isArray(value)) for (const item of value) reach(item, schemas, found);
  else if (typeof value === 'object' && value !== null) {
    const name =
      typeof value.$ref === 'string' && value.$ref.startsWith(PREFIX) ? value.$ref.slice(PREFIX.length) : null;
    if (name !== null && !found.has(name)) {
      found.add(name);
      reach(schemas[name] ?? null, schemas, found);
    }
    for (const item of Object.values(value)) reach(item, schemas, found);
  }
  return found;
};

/**
 * A schema as text in which both spellings of a name are one. What is written is closed, what is
 * read is not, and that alone makes no second schema.
 */
const canonical = (schema: Json): string =>
  JSON.stringify(schema, (key, value) => {
    if (key === 'additionalProperties' && value === false) return undefined;
    return key === '$ref' && typeof value === 'string' ? value.replace(INPUT, '') : value;
  });

const rename = (value: Json, names: ReadonlyMap<string, string>): Json =>
  map(value, (key, item) => {
    if (key !== '$ref' || typeof item !== 'string') return item;
    const name = item.slice(PREFIX.length);
    return `${PREFIX}${names.get(name) ?? name}`;
  });

const withoutIntegerBounds = (value: Json): Json =>
  map(value, (key, item) =>
    (key === 'minimum' || key === 'maximum') && Math.abs(Number(item)) === Number.MAX_SAFE_INTEGER ? undefined : item,
  );

/** A copy with each member passed through `change`; `undefined` leaves it out. */
const map = (value: Json, change: (key: string, item: Json) => Json | undefined): Json => {
  if (Array.isArray(value)) return value.map((item) => map(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => {
      const changed = change(key, item);
      return changed === undefined ? [] : [[key, map(changed, change)]];
    }),
  );
};
