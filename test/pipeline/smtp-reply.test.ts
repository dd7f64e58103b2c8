/** SMTP replies that Postfix and Sendmail both hand on unchanged. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OWN_REPLIES, replyLine, safeReply } from '../../src/pipeline/smtp-reply.ts';

for (const [title, reply, expected] of [
  ['codes and text', { code: 550, enhancedCode: '5.7.26', text: 'no' }, '550 5.7.26 no'],
  [
    'a percent sign as a question mark',
    { code: 550, enhancedCode: '5.7.1', text: '100%s sure' },
    '550 5.7.1 100?s sure',
  ],
  [
    'a name that is not ASCII',
    { code: 550, enhancedCode: '5.7.1', text: 'bücher.example fails' },
    '550 5.7.1 b?cher.example fails',
  ],
  ['several lines as one', { code: 451, enhancedCode: '4.7.0', text: 'a\r\n250 ok\tb' }, '451 4.7.0 a 250 ok b'],
  ['an enhanced code of the other class', { code: 550, enhancedCode: '4.7.1', text: 'x' }, '550 5.7.1 x'],
  ['an enhanced code that is none', { code: 451, enhancedCode: 'x', text: 'x' }, '451 4.7.1 x'],
  ['a code that is no refusal', { code: 250, enhancedCode: '2.0.0', text: 'x' }, '451 4.7.1 x'],
  ['an empty text', { code: 550, enhancedCode: '5.7.1', text: '' }, '550 5.7.1 Message refused'],
] as const) {
  test(`replyLine writes ${title}`, () => assert.equal(replyLine(reply), expected));
}

test('replyLine keeps the whole line within 512 octets with its CRLF', () => {
  const line = replyLine({ code: 550, enhancedCode: '5.7.26', text: 'x'.repeat(5000) });
  assert.equal(line.length, 510);
});

test('safeReply changes nothing in replies of our own', () => {
  for (const reply of Object.values(OWN_REPLIES)) assert.deepEqual(safeReply(reply), reply);
});
