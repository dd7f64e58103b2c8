/** The parts of a message in text, for tests. */
import assert from 'node:assert/strict';
import { readMessage } from '../../../src/message/message.ts';
import { type MimeParts, readParts } from '../../../src/message/mime/parts.ts';

/** @param text lines that end with LF or CRLF, one character an octet */
export const partsOf = (text: string): Promise<MimeParts> => {
  const message = readMessage(Buffer.from(text, 'latin1'));
  assert.equal(message.kind, 'message');
  return message.kind === 'message' ? readParts(message) : assert.fail();
};
