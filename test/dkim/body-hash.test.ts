import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { hashBody as hashKnownBody } from '../../src/dkim/body-hash.ts';
import type { Canonicalization } from '../../src/dkim/signature/tags.ts';
import { scanOctets } from '../../src/message/line-ends.ts';

type BodyHashRequest = Parameters<typeof hashKnownBody>[1][number];

/** Hashes a body of which nothing is known. */
const hashBody = (octets: Buffer, requests: readonly BodyHashRequest[]) =>
  hashKnownBody({ octets, hasBareLf: true, hasUnevenSpace: true }, requests);

const sha256 = (text: string) => createHash('sha256').update(Buffer.from(text, 'latin1')).digest('base64');

/** The canonical body as the words of RFC 6376 sections 3.4.3 and 3.4.4 say it, slowly. */
const canonicalBody = (body: string, canonicalization: Canonicalization): string => {
  const lines = body.replaceAll(/(?<!\r)\n/g, '\r\n').split('\r\n');
  const isRelaxed = canonicalization === 'relaxed';
  const done = isRelaxed ? lines.map((line) => line.replaceAll(/[ \t]+/g, ' ').replace(/ $/, '')) : lines;
  while (done.length > 0 && done.at(-1) === '') done.pop();
  if (done.length === 0) return isRelaxed ? '' : '\r\n';
  return `${done.join('\r\n')}\r\n`;
};

const request = (body: Canonicalization, bodyLength: number | null = null): BodyHashRequest => ({
  body,
  hash: 'sha256',
  bodyLength,
});

const bodies: readonly [body: string, simple: string, relaxed: string][] = [
  ['', '\r\n', ''],
  ['\r\n', '\r\n', ''],
  ['\r\n\r\n\r\n', '\r\n', ''],
  [' \t\r\n \r\n', ' \t\r\n \r\n', ''],
  [' C \r\nD \t E\r\n\r\n\r\n', ' C \r\nD \t E\r\n', ' C\r\nD E\r\n'],
  ['no end', 'no end\r\n', 'no end\r\n'],
  ['space at the end ', 'space at the end \r\n', 'space at the end\r\n'],
  ['a\nb\n\n', 'a\r\nb\r\n', 'a\r\nb\r\n'],
  ['a\r\n\nb', 'a\r\n\r\nb\r\n', 'a\r\n\r\nb\r\n'],
  ['a\rb\r', 'a\rb\r\r\n', 'a\rb\r\r\n'],
  ['a \r\r\nb', 'a \r\r\nb\r\n', 'a \r\r\nb\r\n'],
  ['a\t\r\n\r\n \r\nb', 'a\t\r\n\r\n \r\nb\r\n', 'a\r\n\r\n\r\nb\r\n'],
  ['\tx', '\tx\r\n', ' x\r\n'],
  ['nul\0 \0', 'nul\0 \0\r\n', 'nul\0 \0\r\n'],
  ['\xff\xa0 \xa0', '\xff\xa0 \xa0\r\n', '\xff\xa0 \xa0\r\n'],
];

test('hashBody follows RFC 6376 sections 3.4.3 and 3.4.4', async () => {
  for (const [body, simple, relaxed] of bodies) {
    const hashes = await hashBody(Buffer.from(body, 'latin1'), [request('simple'), request('relaxed')]);
    assert.equal(hashes.digest(request('simple')), sha256(simple), `simple ${JSON.stringify(body)}`);
    assert.equal(hashes.digest(request('relaxed')), sha256(relaxed), `relaxed ${JSON.stringify(body)}`);
    assert.equal(hashes.canonicalBytes('simple'), simple.length);
    assert.equal(hashes.canonicalBytes('relaxed'), relaxed.length);
  }
});

test('hashBody gives the hashes of empty bodies that RFC 6376 sections 3.4.3 and 3.4.4 print', async () => {
  const sha1 = (body: Canonicalization): BodyHashRequest => ({ body, hash: 'sha1', bodyLength: null });
  const all = [request('simple'), request('relaxed'), sha1('simple'), sha1('relaxed')];
  const { digest } = await hashBody(Buffer.alloc(0), all);
  assert.deepEqual(all.map(digest), [
    'frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=',
    '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
    'uoq1oCgLlTqpdDX/iUbLy7J1Wic=',
    '2jmj7l5rSw0yVb/vlWAYkK/YBwk=',
  ]);
});

test('hashBody reads one hash off at every length (RFC 6376 section 3.4.5) and has none for a length beyond the body', async () => {
  const lengths = [0, 1, 5, 5, 12, 13, 14, null];
  const body = 'Hello, you\r\n\r\n';
  for (const canonicalization of ['simple', 'relaxed'] as const) {
    const hashes = await hashBody(
      Buffer.from(body),
      lengths.map((length) => request(canonicalization, length)),
    );
    for (const length of lengths) {
      const wanted = length !== null && length > 12 ? null : sha256('Hello, you\r\n'.slice(0, length ?? 12));
      assert.equal(hashes.digest(request(canonicalization, length)), wanted, `${canonicalization} l=${length}`);
    }
  }
});

test('hashBody has a hash for l=0 of an empty body', async () => {
  const { digest } = await hashBody(Buffer.alloc(0), [request('relaxed', 0), request('simple', 0)]);
  assert.equal(digest(request('relaxed', 0)), sha256(''));
  assert.equal(digest(request('simple', 0)), sha256(''));
});

const piece = fc.oneof(
  fc.constantFrom(
    ' ',
    '\t',
    '\r\n',
    '\n',
    '\r',
    '  ',
    ' \r\n',
    '\r\n\r\n',
    '\0',
    '\xff',
    'word',
    'a',
    ' b',
    '\x1f',
    '!',
  ),
  fc.constantFrom('x'.repeat(29), ' '.repeat(40), 'four'),
);

test('hashBody agrees with the words of the standard on any body, wherever it lies in memory', async () => {
  const all = [request('simple'), request('relaxed'), request('relaxed', 7), request('simple', 7)];
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 60 }), fc.integer({ min: 0, max: 3 }), async (pieces, offset) => {
      const body = pieces.join('');
      const bytes = Buffer.from(`${'?'.repeat(offset)}${body}`, 'latin1').subarray(offset);
      const { lineEnds, unevenSpaceEnd } = scanOctets(bytes);
      const known = { octets: bytes, hasBareLf: lineEnds.bareLf > 0, hasUnevenSpace: unevenSpaceEnd > 0 };
      for (const hashes of [await hashBody(bytes, all), await hashKnownBody(known, all)]) {
        for (const one of all) {
          const canonical = canonicalBody(body, one.body);
          const isShort = one.bodyLength !== null && one.bodyLength > canonical.length;
          assert.equal(hashes.digest(one), isShort ? null : sha256(canonical.slice(0, one.bodyLength ?? undefined)));
          assert.equal(hashes.canonicalBytes(one.body), canonical.length);
        }
      }
    }),
    { numRuns: 400 },
  );
});

test('hashBody agrees with itself whether or not it is known that there is no bare LF', async () => {
  const body = Buffer.from('line \t one\r\n'.repeat(30_000));
  const both = [request('simple'), request('relaxed', 100_000)];
  const known = await hashKnownBody({ octets: body, hasBareLf: false, hasUnevenSpace: true }, both);
  const unknown = await hashBody(body, both);
  for (const one of both) assert.equal(known.digest(one), unknown.digest(one));
  assert.equal(known.digest(request('simple')), sha256(body.toString('latin1')));
});

test('hashBody is right where white space and line ends lie across its pieces', async () => {
  for (const shift of [0, 1, 2, 3]) {
    for (const edge of [32_768, 131_072]) {
      for (const seam of ['  ', ' \r\n', '\r\n', '\n', '\r', '\t\t\t\t\t\t']) {
        const body = `${'x'.repeat(edge - shift)}${seam}${'y'.repeat(40)}`;
        const { digest } = await hashBody(Buffer.from(body), [request('simple'), request('relaxed')]);
        assert.equal(
          digest(request('simple')),
          sha256(canonicalBody(body, 'simple')),
          JSON.stringify([shift, edge, seam]),
        );
        assert.equal(
          digest(request('relaxed')),
          sha256(canonicalBody(body, 'relaxed')),
          JSON.stringify([shift, edge, seam]),
        );
      }
    }
  }
});

test('hashBody gives the event loop back while it hashes, whatever the body holds', async () => {
  const bytes = 4 * 2 ** 20;
  for (const fill of ['x', ' ', '\r\n', '\n', ' \n', 'a\t', '\r']) {
    let turns = 0;
    let isDone = false;
    const count = () => {
      turns++;
      if (!isDone) setImmediate(count);
    };
    setImmediate(count);
    await hashBody(Buffer.alloc(bytes, fill), [request('simple'), request('relaxed')]);
    isDone = true;
    assert.ok(turns >= bytes / 131_072 - 1, `${JSON.stringify(fill)}: ${turns} turns`);
  }
});
