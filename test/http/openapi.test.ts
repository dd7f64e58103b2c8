/**
 * openapi.yaml is what the code generates, each schema once, and every status that a route can give
 * is listed.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { describedApp } from '../../src/http/openapi/described-app.ts';
import { apiText } from '../../src/http/openapi/openapi.ts';

const app = await describedApp();
const text = apiText(app);
await app.close();
const document = parse(text);

test('openapi.yaml is up to date (npm run openapi)', () => {
  assert.equal(readFileSync(new URL('../../openapi.yaml', import.meta.url), 'utf8'), text);
});

test('the API description resolves every reference and names no component twice', () => {
  const names = Object.keys(document.components.schemas);
  for (const [, name] of text.matchAll(/#\/components\/schemas\/(\w+)/g)) assert.ok(names.includes(name ?? ''), name);
  assert.deepEqual(
    names.filter((name) => name.endsWith('Input') && names.includes(name.replace(/Input$/, ''))),
    [],
  );
});

test('the API description lists a problem document for every route that can be called wrongly', () => {
  for (const [path, methods] of Object.entries<
    Record<string, { responses: Record<string, unknown>; operationId?: string }>
  >(document.paths)) {
    for (const [method, { responses, operationId }] of Object.entries(methods)) {
      assert.ok(operationId, `${method} ${path} has an operationId`);
      if (method === 'post') assert.ok('400' in responses, `${method} ${path}`);
    }
  }
});

test('the API description says of every answer what it is', () => {
  assert.equal(text.includes('Default Response'), false);
});
