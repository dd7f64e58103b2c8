/**
 * The map of the house: which room may import which, and which package lives where. A new arrow is
 * put here first, on purpose, or not at all; a permission that nothing uses is taken away. Rooms
 * stand from the bottom to the top, and arrows point down only. No file is exempt.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importsOf, isRelative, packageOf, readSource, roomOf, sourceFiles, targetOf } from './sources.ts';

/** Rooms from the bottom to the top, each with the rooms below that it may import. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  examples: [],
  schemas: [],
  'src/ip': [],
  'src/version.ts': [],
  'src/client': ['schemas'],
  'src/findings': ['schemas'],
  'src/dns': ['schemas', 'src/ip'],
  'src/message': ['schemas'],
  'src/records': ['schemas', 'src/ip'],
  'src/settings': ['schemas'],
  'src/dkim': ['schemas', 'src/dns', 'src/message', 'src/records'],
  'src/dmarc': ['schemas', 'src/dns', 'src/records'],
  'src/spf': ['schemas', 'src/ip', 'src/dns', 'src/records'],
  'src/posture': ['schemas', 'src/findings', 'src/ip', 'src/dns', 'src/records', 'src/dkim', 'src/dmarc', 'src/spf'],
  'src/verdict': [
    'schemas',
    'src/findings',
    'src/ip',
    'src/dns',
    'src/message',
    'src/records',
    'src/dkim',
    'src/dmarc',
    'src/spf',
  ],
  'src/pipeline': ['schemas', 'src/ip', 'src/message', 'src/verdict'],
  'src/store': ['schemas'],
  'src/reports': [
    'schemas',
    'src/ip',
    'src/dns',
    'src/message',
    'src/records',
    'src/dmarc',
    'src/verdict',
    'src/pipeline',
    'src/store',
  ],
  'src/telemetry': ['schemas', 'src/version.ts', 'src/dns', 'src/verdict', 'src/pipeline'],
  'src/cluster': ['schemas', 'src/settings', 'src/telemetry'],
  'src/http': [
    'examples',
    'schemas',
    'src/ip',
    'src/version.ts',
    'src/settings',
    'src/findings',
    'src/dns',
    'src/message',
    'src/posture',
    'src/verdict',
    'src/pipeline',
    'src/store',
    'src/reports',
    'src/telemetry',
  ],
  'src/service': [
    'schemas',
    'src/ip',
    'src/version.ts',
    'src/dns',
    'src/message',
    'src/settings',
    'src/posture',
    'src/verdict',
    'src/pipeline',
    'src/store',
    'src/reports',
    'src/telemetry',
    'src/cluster',
    'src/http',
  ],
  'src/cli': [
    'schemas',
    'src/version.ts',
    'src/client',
    'src/dns',
    'src/message',
    'src/settings',
    'src/posture',
    'src/verdict',
    'src/store',
    'src/reports',
    'src/telemetry',
    'src/http',
    'src/service',
  ],
  'src/index.ts': ['schemas', 'src/client', 'src/posture', 'src/verdict', 'src/telemetry', 'src/service'],
  'src/server.ts': ['src/settings', 'src/service'],
};

/** The room of each package; more than one takes a reason. */
const PACKAGES: Readonly<Record<string, { readonly rooms: readonly string[]; readonly reason?: string }>> = {
  '@fastify/busboy': { rooms: ['src/http'] },
  '@fastify/rate-limit': { rooms: ['src/http'] },
  '@fastify/swagger': { rooms: ['src/http'] },
  '@fastify/swagger-ui': { rooms: ['src/http'] },
  '@opentelemetry/api': { rooms: ['src/telemetry'] },
  '@opentelemetry/sdk-node': { rooms: ['src/telemetry'] },
  fastify: { rooms: ['src/http'] },
  'fastify-type-provider-zod': { rooms: ['src/http'] },
  helmet: { rooms: ['src/http'] },
  'ipaddr.js': { rooms: ['src/ip'] },
  libmime: { rooms: ['src/message'] },
  'lru-cache': {
    rooms: ['src/dns', 'src/records', 'src/dkim', 'src/posture'],
    reason: 'each cache belongs to what it holds',
  },
  mailauth: { rooms: ['src/verdict', 'src/reports'], reason: 'it verifies mail, and signs reports' },
  nodemailer: { rooms: ['src/reports'] },
  pg: { rooms: ['src/store'] },
  pino: { rooms: ['src/telemetry'] },
  'prom-client': { rooms: ['src/telemetry'] },
  tldts: { rooms: ['src/dns'] },
  yaml: {
    rooms: ['src/settings', 'src/http'],
    reason: 'the settings file and openapi.yaml are YAML',
  },
  zod: {
    rooms: ['schemas', 'src/http'],
    reason: 'the schemas are its values; a route writes the schema of its own parameters',
  },
};

const files = [...sourceFiles('src'), ...sourceFiles('schemas')];

/** Every arrow between rooms, with the imports that make it. */
const arrows = Map.groupBy(
  files.flatMap((file) =>
    importsOf(file)
      .filter(({ specifier }) => isRelative(specifier))
      .map(({ specifier }) => ({ file, from: roomOf(file), target: targetOf(file, specifier) }))
      .map((one) => ({ ...one, to: roomOf(one.target) }))
      .filter(({ from, to }) => from !== to),
  ),
  ({ from, to }) => `${from} -> ${to}`,
);

test('every room is on the map, and nothing else is', () => {
  assert.deepEqual(
    [...new Set(files.map(roomOf))].toSorted(),
    Object.keys(ROOMS)
      .filter((room) => room !== 'examples')
      .toSorted(),
  );
});

test('arrows are those of the map: none is missing on it, none on it is unused', () => {
  const allowed = Object.entries(ROOMS).flatMap(([from, below]) => below.map((to) => `${from} -> ${to}`));
  const drawn = new Set(allowed);
  const wrong = [...arrows]
    .filter(([arrow]) => !drawn.has(arrow))
    .flatMap(([, uses]) => uses.map(({ file, target }) => `${file} imports ${target}`));
  assert.deepEqual(wrong, []);
  assert.deepEqual(
    allowed.filter((arrow) => !arrows.has(arrow)),
    [],
  );
});

test('arrows point down', () => {
  const order = Object.keys(ROOMS);
  const up = Object.entries(ROOMS).flatMap(([from, below]) =>
    below
      .filter((to) => order.indexOf(to) >= order.indexOf(from) || !order.includes(to))
      .map((to) => `${from} -> ${to}`),
  );
  assert.deepEqual(up, []);
});

test('a package is used in its room only, is named in package.json, and none is without use', () => {
  const uses = files.flatMap((file) =>
    importsOf(file)
      .filter(({ specifier }) => !isRelative(specifier) && !specifier.startsWith('node:'))
      .map(({ specifier }) => ({ name: packageOf(specifier), room: roomOf(file), file })),
  );
  const wrong = uses
    .filter(({ name, room }) => !PACKAGES[name]?.rooms.includes(room))
    .map(({ name, file }) => `${file} uses ${name}`);
  assert.deepEqual(wrong, []);
  const unused = Object.entries(PACKAGES).flatMap(([name, { rooms }]) =>
    rooms
      .filter((room) => !uses.some((use) => use.name === name && use.room === room))
      .map((room) => `${room} does not use ${name}`),
  );
  assert.deepEqual(unused, []);
  const { dependencies = {}, peerDependencies = {} } = JSON.parse(readSource('package.json'));
  const known = Object.keys({ ...dependencies, ...peerDependencies });
  assert.deepEqual(
    Object.keys(PACKAGES).filter((name) => !known.includes(name)),
    [],
  );
  const shared = Object.entries(PACKAGES).filter(([, { rooms, reason }]) => rooms.length > 1 && reason === undefined);
  assert.deepEqual(shared, [], 'a package of several rooms takes a reason');
});

test('the deepest chain of imports inside a room is at most 8', () => {
  const inside = new Map(
    files.map((file) => [
      file,
      importsOf(file)
        .filter(({ specifier }) => isRelative(specifier))
        .map(({ specifier }) => targetOf(file, specifier))
        .filter((target) => target !== file && roomOf(target) === roomOf(file)),
    ]),
  );
  const depths = new Map<string, number>();
  const depthOf = (file: string): number => {
    const known = depths.get(file);
    if (known !== undefined) return known;
    const depth = 1 + Math.max(0, ...(inside.get(file) ?? []).map(depthOf));
    depths.set(file, depth);
    return depth;
  };
  assert.deepEqual(
    files.filter((file) => depthOf(file) > 8),
    [],
  );
});

test('OpenTelemetry is used by traces.ts alone, which is loaded when it is asked for', () => {
  const usersOf = (pattern: RegExp): string[] =>
    files.filter((file) => importsOf(file).some(({ specifier }) => pattern.test(specifier)));
  assert.deepEqual(usersOf(/^@opentelemetry\//), ['src/telemetry/traces.ts']);
  for (const file of usersOf(/\/traces\.ts$/)) {
    const [statement = ''] = /^import\b(?! type\b).*\/traces\.ts/m.exec(readSource(file)) ?? [];
    assert.equal(statement, '', file);
  }
});

test('the client takes nothing but types from the schemas, so that it needs no package at run time', () => {
  const wrong = files
    .filter((file) => roomOf(file) === 'src/client')
    .flatMap((file) =>
      [...readSource(file).matchAll(/^\s*(import|export)\b(?! type\b)[^'"`;]*?\bfrom\s+'\.\.\/\.\.[^']*'/gm)].map(
        ([found]) => `${file}: ${found.trim()}`,
      ),
    );
  assert.deepEqual(wrong, []);
});

test('process.env is read in one file', () => {
  const readers = files.filter((file) =>
    /\bprocess\.env\b/.test(readSource(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')),
  );
  assert.deepEqual(readers, ['src/settings/read-settings.ts']);
});
