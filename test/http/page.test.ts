/**
 * The page through inject: its files, their headers, the samples, and the rule that nothing on it
 * parses markup.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { after, before, test } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { EXAMPLES } from '../../examples/cases.ts';
import { Samples } from '../../schemas/samples.ts';
import { findingsCatalogue, problemsCatalogue } from '../../src/http/catalogue/catalogue.ts';
import { readSamples } from '../../src/http/samples.ts';
import { makeApp } from './make-app.ts';

const FOLDER = join(import.meta.dirname, '../../src/page');
const EXAMPLES_FOLDER = join(import.meta.dirname, '../../examples');
const SCRIPTS = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'));
const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');

let app: FastifyInstance;
before(async () => {
  app = await makeApp({ samples: readSamples('') });
});
after(() => app.close());

test('GET / answers the page with a policy that lets it load nothing but itself', async () => {
  const { statusCode, headers, body } = await app.inject('/');
  assert.equal(statusCode, 200);
  assert.equal(headers['content-type'], 'text/html; charset=utf-8');
  assert.equal(headers['x-content-type-options'], 'nosniff');
  assert.equal(headers['referrer-policy'], 'no-referrer');
  assert.match(body, /^<!doctype html>/);
});

test('GET / allows no inline script, no inline style, no other host and no frame', async () => {
  const policy = String((await app.inject('/')).headers['content-security-policy']);
  assert.match(policy, /^default-src 'none'; script-src 'self'; style-src 'self';/);
  for (const directive of ["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"])
    assert.ok(policy.includes(directive), directive);
  assert.doesNotMatch(policy, /unsafe|https?:|\*/);
});

test('GET /page/… answers every file that the page and its modules name, with the type browsers ask for', async () => {
  const named = [
    ...[...read('index.html').matchAll(/(?:href|src)="\/page\/([^"]+)"/g)].map(([, name]) => name ?? ''),
    ...SCRIPTS.flatMap((script) =>
      [...read(script).matchAll(/^(?:import .*|\}) from '(\.{1,2}\/[^']+)';$/gm)].map(([, name = '']) =>
        posix.join(posix.dirname(script), name),
      ),
    ),
  ];
  assert.ok(named.length > 40);
  for (const name of new Set(named)) {
    const { statusCode, headers } = await app.inject(`/page/${name}`);
    assert.equal(statusCode, 200, name);
    const type = { html: 'text/html', css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' }[
      name.split('.').at(-1) ?? ''
    ];
    assert.ok(
      type !== undefined && String(headers['content-type']).startsWith(type),
      `${name} is ${headers['content-type']}`,
    );
  }
});

test('GET /page/… answers 404 for what is no file of the page', async () => {
  for (const path of [
    '/page/none.js',
    '/page/tsconfig.json',
    '/page/..%2fpage-route.ts',
    '/page/%2e%2e%2fapp.ts',
    '/page/',
    '/page/constructor',
    '/page/__proto__',
  ]) {
    const { statusCode, headers } = await app.inject(path);
    assert.equal(statusCode, 404, path);
    assert.match(String(headers['content-type']), /^application\/problem\+json/);
  }
});

test('an answer is not sent again to whoever holds it', async () => {
  for (const path of ['/', '/page/main.js', '/examples.json']) {
    const { etag } = (await app.inject(path)).headers;
    assert.match(String(etag), /^"[\w-]{27}"$/);
    const cases: [given: string, status: number][] = [
      [String(etag), 304],
      [`W/${etag}`, 304],
      [`"other", ${etag}`, 304],
      ['*', 304],
      ['"other"', 200],
    ];
    for (const [given, status] of cases) {
      const { statusCode, body, headers } = await app.inject({ url: path, headers: { 'if-none-match': given } });
      assert.equal(statusCode, status, `${path} with ${given}`);
      assert.equal(body === '', status === 304);
      assert.match(String(headers['content-security-policy']), /^default-src 'none'; script-src 'self'/);
    }
  }
});

test('HEAD / answers like GET without the page', async () => {
  const { statusCode, headers, body } = await app.inject({ method: 'HEAD', url: '/' });
  assert.deepEqual([statusCode, body], [200, '']);
  assert.ok(Number(headers['content-length']) > 1000);
});

test('GET /findings and GET /problems tell what each code means, under the policy of the page and without scripts', async () => {
  for (const [path, catalogue] of [
    ['/findings', findingsCatalogue()],
    ['/problems', problemsCatalogue()],
  ] as const) {
    const { statusCode, headers, body } = await app.inject(path);
    assert.equal(statusCode, 200);
    assert.equal(headers['content-type'], 'text/html; charset=utf-8');
    assert.equal(headers['content-security-policy'], (await app.inject('/')).headers['content-security-policy']);
    assert.doesNotMatch(body, /<script|<style|\sstyle=|\son\w+=|https?:\/\//);
    for (const [, file = ''] of body.matchAll(/(?:href|src)="(\/page\/[^"]+)"/g))
      assert.equal((await app.inject(file)).statusCode, 200, file);
    const anchors = [...body.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    assert.deepEqual(
      anchors,
      catalogue.sections.flatMap(({ table }) => table.rows.flatMap(({ anchor }) => anchor ?? [])),
    );
  }
});

test('GET /examples.json offers every example, octet by octet, with its facts', async () => {
  const { messages } = Samples.parse((await app.inject('/examples.json')).json());
  assert.deepEqual(
    messages.map(({ file, title, smtp }) => ({ file, title, smtp })),
    EXAMPLES.map(({ file, title, smtp }) => ({ file, title, smtp })),
  );
  for (const { file, message } of messages)
    assert.ok(Buffer.from(message, 'latin1').equals(readFileSync(join(EXAMPLES_FOLDER, file))), file);
});

test('readSamples brings the records of the zone along, unless the service answers from it', () => {
  const { dns } = readSamples('/etc/another-zone.txt');
  assert.ok(dns.length > 40 && dns.length <= 100, 'as many as one request may bring');
  assert.ok(dns.some(({ name, type }) => name === '_dmarc.brand.example' && type === 'TXT'));
  assert.deepEqual(readSamples(join(EXAMPLES_FOLDER, 'zone.txt')).dns, []);
});

test('readSamples offers nothing where there is no folder', () => {
  assert.deepEqual(readSamples('', join(FOLDER, 'none')), { messages: [], dns: [] });
});

test('no file of the page parses markup, runs text, keeps anything, or speaks to another host', () => {
  const forbidden =
    /innerHTML|outerHTML|insertAdjacentHTML|DOMParser|createContextualFragment|setHTML|document\.write|\beval\b|new Function|srcdoc|localStorage|sessionStorage|indexedDB|document\.cookie|sendBeacon|WebSocket|EventSource|XMLHttpRequest/;
  for (const script of SCRIPTS) assert.doesNotMatch(read(script), forbidden, script);
  const html = read('index.html');
  assert.doesNotMatch(html, /\son\w+=|style=|<style|<script(?![^>]* src="\/page\/)|https?:\/\/(?!this-service)/);
  for (const sheet of readdirSync(FOLDER).filter((name) => name.endsWith('.css')))
    assert.doesNotMatch(read(sheet), /url\(|@import|expression/, sheet);
});

test('modules of the page import the page alone, and types from the schemas; its rooms, shared ones alone', () => {
  for (const script of SCRIPTS) {
    const text = read(script);
    const room = posix.dirname(script);
    for (const [, target = ''] of text.matchAll(/^(?:import .*|\}) from '([^']+)';$/gm)) {
      assert.match(target, /^\.{1,2}\/[\w./-]+\.js$/, script);
      const [reached = ''] = posix.join(room, target).split('/');
      assert.ok(room === '.' || reached === room || reached === 'shared', `${script} imports ${target}`);
    }
    assert.match(text, /^\/\*\*/, `${script} opens with what it does`);
  }
});
