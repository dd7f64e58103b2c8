/**
 * A second reader of Authentication-Results: authres of Debian reads what this project reads and
 * writes, over the fields of its tests, its examples and, where they are, the public suites. Both
 * say the same, or the difference is listed with its reason. Run by test/interop/run.ts.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EXAMPLES } from '../../examples/cases.ts';
import { readAuthenticationResults } from '../../src/message/authentication-results.ts';
import { fieldsNamed, readMessage } from '../../src/message/message.ts';
import { FAULTY_RESULTS, READABLE_RESULTS } from '../message/authentication-results-cases.ts';
import { FORGED, VOUCHED } from '../verdict/answer/delivered-cases.ts';
import { HAND_MADE_CASES } from '../verdict/answer/hand-made-cases.ts';
import { example, makeVerifier } from '../verdict/make-verifier.ts';
import { DIFFERENCES } from './authres-differences.ts';

const READER = fileURLToPath(new URL('authres_reader.py', import.meta.url));
/** Where CI has the public suites. */
const SUITES = fileURLToPath(new URL('../../../shared/conformance/', import.meta.url));

/** What a reader found, in one form for both. */
type Reading =
  | { readonly fault: string }
  | {
      readonly id: string;
      readonly version: number;
      readonly results: readonly {
        readonly method: string;
        readonly version: number;
        readonly result: string;
        readonly properties: readonly (readonly [string, string])[];
      }[];
    };

const readHere = (text: string): Reading => {
  const read = readAuthenticationResults(text);
  if (read.kind === 'malformed') return { fault: read.reason };
  return {
    id: read.authservId.toLowerCase(),
    version: read.version,
    results: read.results.map(({ method, version = 1, result, properties }) => ({
      method,
      version,
      result,
      properties: [...properties],
    })),
  };
};

const readThere = (texts: readonly string[]): Reading[] => {
  // The package is of Debian's Python, whatever other one is on the path.
  const { stdout, stderr, status } = spawnSync('/usr/bin/python3', [READER], {
    input: JSON.stringify(texts),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout);
};

/** The same reading in the same words, or null. */
const comparable = (reading: Reading): unknown =>
  'fault' in reading
    ? null
    : {
        ...reading,
        results: reading.results.map(({ method, result, version, properties }) => ({
          method: method.toLowerCase(),
          result: result.toLowerCase(),
          version,
          properties,
        })),
      };

/** Bodies of the fields among header fields as they are written. */
const bodiesOf = (fields: readonly string[]): string[] =>
  fields.flatMap((field) => {
    const [, body] = /^Authentication-Results: ([\s\S]*)$/.exec(field) ?? [];
    return body === undefined ? [] : [body];
  });

/** Bodies of the fields of a message, those of ARC without their instance. */
const bodiesOfMessage = (bytes: Buffer): string[] => {
  const message = readMessage(bytes);
  if (message.kind !== 'message') return [];
  return ['authentication-results', 'arc-authentication-results'].flatMap((name) =>
    fieldsNamed(message, name).map((field) => field.value().replace(/^\s*i\s*=\s*\d+\s*;\s*/i, '')),
  );
};

const suiteBodies = (): string[] => {
  if (!existsSync(SUITES)) return [];
  return readdirSync(SUITES)
    .filter((file) => /^(?:arc|dkim)-.*\.jsonl$/.test(file))
    .flatMap((file) => readFileSync(SUITES + file, 'utf8').split('\n'))
    .filter((line) => line !== '')
    .flatMap((line) => bodiesOfMessage(Buffer.from(JSON.parse(line).message ?? '', 'base64')));
};

test('authres reads every field that is written here, as it is read here', async () => {
  const verify = makeVerifier();
  const written = await Promise.all(
    EXAMPLES.map(async ({ file, smtp }) => (await verify(example(file), smtp)).headers.authenticationResults),
  );
  const bodies = bodiesOf(written);
  assert.equal(bodies.length, EXAMPLES.length);
  const there = readThere(bodies);
  bodies.forEach((body, at) => {
    const reading = there[at];
    assert.ok(reading !== undefined && !('fault' in reading), `${body}: ${JSON.stringify(reading)}`);
    assert.deepEqual(comparable(reading), comparable(readHere(body)), body);
    assert.ok(reading.results.some(({ method }) => method === 'dmarc'));
  });
});

test('authres and this project read the same of all fields, but for the listed differences', () => {
  const tables = [
    ...READABLE_RESULTS.map(([, text]) => text),
    ...FAULTY_RESULTS.map(([text]) => text),
    ...[...VOUCHED, ...FORGED].flatMap(([, fields]) => bodiesOf(fields)),
    ...HAND_MADE_CASES.flatMap(({ fields }) => bodiesOf(fields)),
    ...EXAMPLES.flatMap(({ file }) => bodiesOfMessage(example(file))),
  ];
  const bodies = [...new Set([...tables, ...suiteBodies()])];
  const there = readThere(bodies);
  const listed = new Map(DIFFERENCES.map(({ text, there: said, reason }) => [text, { said, reason }]));
  const differing = bodies.filter((body, at) => {
    const reading = there[at] ?? { fault: 'nothing' };
    return JSON.stringify(comparable(reading)) !== JSON.stringify(comparable(readHere(body)));
  });
  const wordOf = (body: string): string => {
    const reading = there[bodies.indexOf(body)];
    return reading !== undefined && 'fault' in reading ? 'refuses' : 'reads';
  };
  assert.deepEqual(
    differing.map((body) => [body, wordOf(body)]),
    differing.map((body) => [body, listed.get(body)?.said ?? 'not listed']),
  );
  assert.deepEqual(
    [...listed.keys()].filter((text) => !differing.includes(text)),
    [],
    'listed, but the same or not there any more',
  );
});
