import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ADVISED_LOGO_BYTES, MAX_LOGO_PARTS, svgFaults } from '../../src/posture/bimi-svg.ts';

const LOGO =
  '<svg version="1.2" baseProfile="tiny-ps" xmlns="http://www.w3.org/2000/svg"><title>Brand</title><path d="M0 0"/></svg>';
const LOGOS: readonly (readonly [body: string | Buffer, about: RegExp | null])[] = [
  [LOGO, null],
  [`<?xml version="1.0"?><!-- <script> in a comment -->${LOGO}`, null],
  [LOGO.replace('tiny-ps', 'full'), /baseProfile/],
  [LOGO.replace('1.2', '1.1'), /version/],
  [LOGO.replace('<svg ', '<svg x="1" '), /x or y/],
  [LOGO.replace('Brand', ' '), /title/],
  [LOGO.replace('<path', '<script>1</script><path'), /script/],
  [LOGO.replace('<path', '<image href="x"/><path'), /image/],
  [LOGO.replace('<path', '<use xlink:href="https://evil.example/x"/><path'), /outside itself/],
  [`<!DOCTYPE svg [<!ENTITY a "b">]>${LOGO}`, /entities/],
  [LOGO.replace('</svg>', `<desc>${'x'.repeat(ADVISED_LOGO_BYTES)}</desc></svg>`), /bytes/],
  [LOGO.replace('<path', '<path a=">"><script/><path'), /script/],
  [LOGO.replace('<path', '<path <script>1</script><path'), /script/],
  [LOGO.replace('<path', `<path ${' '.repeat(5000)}href='https://evil.example/'/><path`), /outside itself/],
  [LOGO.replace('<title>', '<title lang="a>b">'), null],
  [LOGO.replace('<title>Brand</title>', '<title/>Brand'), /title/],
  [LOGO.replace('<title>Brand</title>', '<titles>Brand</titles>'), /title/],
  [LOGO.replace('Brand', '<!-- of the house --> Brand'), null],
  [LOGO.replace('Brand', '<!-- Brand -->'), /title/],
  [LOGO.replace('Brand', `Brand${'<b/>'.repeat(MAX_LOGO_PARTS)}`), /50000 tags and attributes/],
  [LOGO.replace('<path', `<path ${'b=""'.repeat(MAX_LOGO_PARTS)}`), /50000 tags and attributes/],
  ['<html></html>', /no svg element/],
  [Buffer.from([0x1f, 0x8b, 8, 0]), /compressed/],
];

test('svgFaults tells what keeps a logo from the profile', () => {
  for (const [body, about] of LOGOS) {
    const faults = svgFaults(Buffer.from(body));
    if (about === null) assert.deepEqual(faults, [], String(body));
    else assert.match(faults.join('; '), about, String(body).slice(0, 100));
  }
});

test('svgFaults reads a document made of openings only, as large as may be fetched', () => {
  for (const piece of ['<!--', '<svg ', '<title ', '<title>', ' href ', '<svg x="', '<![CDATA['])
    assert.notDeepEqual(svgFaults(Buffer.from(piece.repeat(131_072 / piece.length))), []);
});
