/** The map of the house: which room may import which. A new arrow is put here first, on purpose, or not at all. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Rooms, what they may import of this project, and which packages they may use beside node's own. A file of a room may always import its own room. */
const ROOMS: Readonly<Record<string, { rooms: readonly string[]; packages: readonly string[] }>> = {
  schemas: { rooms: [], packages: ['zod'] },
  'src/dns': { rooms: ['schemas'], packages: ['lru-cache', 'tldts'] },
  'src/message': { rooms: ['schemas'], packages: ['libmime'] },
  'src/records': { rooms: ['schemas'], packages: ['ipaddr.js', 'lru-cache'] },
  'src/spf': { rooms: ['schemas', 'src/dns', 'src/records'], packages: ['ipaddr.js'] },
  'src/dkim': { rooms: ['schemas', 'src/dns', 'src/message', 'src/records'], packages: ['lru-cache'] },
  'src/dmarc': { rooms: ['schemas', 'src/dns', 'src/records'], packages: ['tldts', 'zod'] },
  'src/verdict': {
    rooms: ['schemas', 'src/dns', 'src/message', 'src/records', 'src/spf', 'src/dkim', 'src/dmarc', 'src/version.ts'],
    packages: ['mailauth', 'ipaddr.js', 'zod'],
  },
  'src/posture': {
    rooms: ['schemas', 'src/dns', 'src/records', 'src/spf', 'src/dkim', 'src/dmarc'],
    packages: ['ipaddr.js', 'lru-cache', 'zod'],
  },
  'src/http': {
    rooms: ['schemas', 'src/message', 'src/verdict', 'src/posture', 'src/pipeline', 'src/log.ts', 'src/version.ts'],
    packages: [
      'fastify',
      '@fastify/swagger',
      '@fastify/swagger-ui',
      '@fastify/rate-limit',
      'fastify-type-provider-zod',
      'helmet',
      'yaml',
      'zod',
    ],
  },
  'src/pipeline': { rooms: ['schemas', 'src/message', 'src/verdict'], packages: ['ipaddr.js', 'zod'] },
  'src/client': { rooms: ['schemas'], packages: [] },
  'src/cli': { rooms: ['schemas', 'src'], packages: ['zod', 'yaml'] },
};

/** Files at the top of src: what each may import beside rooms is everything; these are the front doors and their parts. */
const isTop = (file: string): boolean => /^src\/[^/]+\.ts$/.test(file);

const sourceFiles = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'));

const files = [...sourceFiles('src'), ...sourceFiles('schemas')];

const roomOf = (file: string): string =>
  file.startsWith('schemas/') ? 'schemas' : isTop(file) ? file : file.split('/').slice(0, 2).join('/');

const importsOf = (file: string): string[] =>
  [
    ...readFileSync(join(ROOT, file), 'utf8').matchAll(
      /^\s*(?:import|export)\b[^'"`;]*?\bfrom\s+'([^']+)'|^\s*import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm,
    ),
  ].flatMap((match) => match[1] ?? match[2] ?? match[3] ?? []);

const targetOf = (file: string, specifier: string): string =>
  relative(ROOT, resolve(ROOT, dirname(file), specifier))
    .split(sep)
    .join('/');

test('arrows point down the map only', () => {
  const wrong = files.flatMap((file) => {
    const room = roomOf(file);
    const rules = ROOMS[room];
    if (rules === undefined) return isTop(file) ? [] : [`${file}: room ${room} is not on the map`];
    return importsOf(file)
      .filter((specifier) => specifier.startsWith('.'))
      .map((specifier) => targetOf(file, specifier))
      .filter((target) => {
        const targetRoom = roomOf(target);
        if (targetRoom === room) return false;
        return !rules.rooms.some(
          (allowed) => targetRoom === allowed || (allowed === 'src' && target.startsWith('src/')),
        );
      })
      .map((target) => `${file} imports ${target}`);
  });
  assert.deepEqual(wrong, []);
});

test('packages are used in their rooms only', () => {
  const wrong = files.flatMap((file) => {
    const rules = ROOMS[roomOf(file)];
    if (rules === undefined) return [];
    return importsOf(file)
      .filter((specifier) => !specifier.startsWith('.') && !specifier.startsWith('node:'))
      .map((specifier) =>
        specifier
          .split('/')
          .slice(0, specifier.startsWith('@') ? 2 : 1)
          .join('/'),
      )
      .filter((name) => !rules.packages.includes(name))
      .map((name) => `${file} uses ${name}`);
  });
  assert.deepEqual(wrong, []);
});

test('OpenTelemetry is used by src/traces.ts alone, which is loaded by serve when it is asked for', () => {
  const usersOf = (pattern: RegExp): string[] =>
    files.filter((file) => importsOf(file).some((name) => pattern.test(name)));
  assert.deepEqual(usersOf(/^@opentelemetry\//), ['src/traces.ts']);
  for (const file of usersOf(/\/traces\.ts$/)) {
    const [statement = ''] = /^import\b(?! type\b).*\/traces\.ts/m.exec(readFileSync(join(ROOT, file), 'utf8')) ?? [];
    assert.equal(statement, '', file);
  }
});

test('the client takes nothing but types from the schemas, so that it needs no package at run time', () => {
  const wrong = files
    .filter((file) => roomOf(file) === 'src/client')
    .flatMap((file) =>
      [
        ...readFileSync(join(ROOT, file), 'utf8').matchAll(
          /^\s*(import|export)\b(?! type\b)[^'"`;]*?\bfrom\s+'\.\.\/\.\.[^']*'/gm,
        ),
      ].map(([found]) => `${file}: ${found.trim()}`),
    );
  assert.deepEqual(wrong, []);
});

test('process.env is read in config.ts only', () => {
  const readers = files.filter(
    (file) =>
      file !== 'src/config.ts' &&
      /\bprocess\.env\b/.test(readFileSync(join(ROOT, file), 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')),
  );
  assert.deepEqual(readers, []);
});

test('no file is a drawer, and none is over 300 lines without a reason in its head', () => {
  const drawers = files.filter((file) => /\/(?:utils?|helpers?|common|types|misc|base|data)(?:\.ts$|\/)/.test(file));
  assert.deepEqual(drawers, []);
  const long = files.filter((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    return text.split('\n').length > 300 && !/over 300 lines|300 lines|long because/i.test(text.slice(0, 1500));
  });
  assert.deepEqual(long, []);
});

test('each file opens with what it does', () => {
  const silent = files.filter((file) => !/^(?:#![^\n]*\n)?\/\*\*/.test(readFileSync(join(ROOT, file), 'utf8')));
  assert.deepEqual(silent, []);
});
