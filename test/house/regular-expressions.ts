/**
 * Finds the regular expressions of a source text: literals, what `RegExp()` and `new RegExp()` are
 * given, and texts that `match`, `matchAll` and `search` compile. Node strips the types and acorn
 * parses the rest, because TypeScript 7 has no API for programs. Expressions that only running code
 * knows are told as such.
 */
import { stripTypeScriptTypes } from 'node:module';
import { RegExpParser, visitRegExpAST } from '@eslint-community/regexpp';
import * as acorn from 'acorn';

/** An expression and where it stands. */
export type FoundExpression = {
  readonly line: number;
  /** Null where the source is put together from something else than constants of the same file. */
  readonly source: string | null;
  readonly flags: string;
};

type Node = acorn.Node & Record<string, unknown>;
type Constants = ReadonlyMap<string, Node>;

const COMPILING_METHODS = ['match', 'matchAll', 'search'];

/** @param isTypeScript whether types have to be stripped first */
export const findExpressions = (text: string, isTypeScript: boolean): FoundExpression[] => {
  const options = { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true, locations: true } as const;
  const program = acorn.parse(isTypeScript ? stripTypeScriptTypes(text) : text, options) as unknown as Node;
  const nodes = [...nodesOf(program)];
  const constants = new Map(
    nodes.flatMap(({ type, kind, declarations }) =>
      type === 'VariableDeclaration' && kind === 'const'
        ? (declarations as Node[]).map(({ id, init }) => [String((id as Node).name), init as Node] as const)
        : [],
    ),
  );
  return nodes.flatMap((node) => expressionOf(node, constants));
};

function* nodesOf(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const item of value) yield* nodesOf(item);
  else if (typeof value === 'object' && value !== null && 'type' in value) {
    yield value as Node;
    for (const inner of Object.values(value)) yield* nodesOf(inner);
  }
}

const expressionOf = (node: Node, constants: Constants): FoundExpression[] => {
  const line = node.loc?.start.line ?? 0;
  if (node.type === 'Literal' && 'regex' in node) {
    const { pattern, flags } = node.regex as { pattern: string; flags: string };
    return [{ line, source: pattern, flags }];
  }
  if (node.type !== 'NewExpression' && node.type !== 'CallExpression') return [];
  const callee = node.callee as Node;
  const [first, second] = node.arguments as (Node | undefined)[];
  if (callee.type === 'Identifier' && callee.name === 'RegExp') {
    const flags = second === undefined ? '' : constantText(second, constants);
    return [{ line, source: flags === null ? null : constantText(first, constants), flags: flags ?? '' }];
  }
  if (callee.type !== 'MemberExpression' || !COMPILING_METHODS.includes(String((callee.property as Node).name)))
    return [];
  const source = constantText(first, constants);
  return source === null ? [] : [{ line, source, flags: '' }];
};

/** The text of an expression of constants, or null. */
const constantText = (node: Node | undefined, constants: Constants): string | null => {
  switch (node?.type) {
    case 'Literal':
      return typeof node.value === 'string' ? node.value : null;
    case 'Identifier': {
      const meant = constants.get(String(node.name));
      return meant === undefined ? null : constantText(meant, constants);
    }
    case 'TemplateLiteral': {
      const inner = (node.expressions as Node[]).map((part) => constantText(part, constants));
      if (inner.includes(null)) return null;
      const fixed = (node.quasis as Node[]).map(({ value }) => (value as { cooked: string }).cooked);
      return fixed.map((piece, at) => piece + (inner[at] ?? '')).join('');
    }
    default:
      return null;
  }
};

/** Repetitions from here on count as endless: their square is what an attacker gets out of them. */
const MANY = 10;

/**
 * The expression with every `{m,n}` of a large n made endless: what is linear then is linear as it
 * stands, and a checker need not unroll it.
 * @returns null where nothing is repeated without end or often: the work at each offset is then
 * bounded
 */
export const widened = (source: string, flags: string): string | null => {
  const pattern = new RegExpParser().parsePattern(source, 0, source.length, {
    unicode: flags.includes('u'),
    unicodeSets: flags.includes('v'),
  });
  const endless: { start: number; end: number; text: string }[] = [];
  visitRegExpAST(pattern, {
    onQuantifierEnter: ({ element, end, min, max, greedy }) => {
      if (max < MANY) return;
      endless.push({ start: element.end, end, text: `{${Math.min(min, 1)},}${greedy ? '' : '?'}` });
    },
  });
  if (endless.length === 0) return null;
  return endless
    .toSorted((one, other) => other.start - one.start)
    .reduce((text, { start, end, text: quantifier }) => text.slice(0, start) + quantifier + text.slice(end), source);
};
