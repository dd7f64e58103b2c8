/** The octets of a message that comes as decoded text, and whether they are those that were sent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rebuildMessage } from '../../../src/pipeline/hooks/rebuild-message.ts';

for (const [title, message, octets, exactness] of [
  ['a message', { headers: [['A', ' b\r\n']], contents: 'c\r\n', size: 11 }, 'A: b\r\n\r\nc\r\n', 'exact'],
  ['bare line feeds', { headers: [['A', ' b\n']], contents: 'c\n', size: 8 }, 'A: b\n\nc\n', 'exact'],
  ['a message without a body', { headers: [['A', ' b\r\n']], contents: '', size: 6 }, 'A: b\r\n', 'exact'],
  ['a last line without its end', { headers: [['A', ' b']], contents: '', size: 8 }, 'A: b\r\n\r\n', 'exact'],
  [
    'a line without a colon',
    {
      headers: [
        ['what\r\n', ''],
        ['A', ' b\r\n'],
      ],
      contents: 'c',
      size: 15,
    },
    'what\r\nA: b\r\n\r\nc',
    'exact',
  ],
  ['white space before the colon', { headers: [['A ', ' b\r\n']], contents: 'c', size: 10 }, 'A : b\r\n\r\nc', 'exact'],
  ['a size that does not fit', { headers: [['A', ' b\r\n']], contents: 'c', size: 20 }, 'A: b\r\n\r\nc', 'body-lossy'],
  [
    'a replacement character in a field',
    { headers: [['A', ' \ufffd\r\n']], contents: '', size: 10 },
    'A: \ufffd\r\n\r\n',
    'body-lossy',
  ],
] as const) {
  test(`rebuildMessage puts ${title} together`, () => {
    const headers = message.headers.map(([name, value]): [string, string] => [name, value]);
    const rebuilt = rebuildMessage({ ...message, headers });
    assert.deepEqual([rebuilt.octets.toString(), rebuilt.exactness], [octets, exactness]);
  });
}
