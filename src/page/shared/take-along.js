/** What to take away from a verdict: the header fields, files, the command line. */

import { copyBlock, downloadButton } from './copy.js';
import { curlJson, curlVerify, shellWord } from './curl.js';
import { element } from './dom.js';
import { fold } from './facts.js';
import { toBase64, usesAccessKey, verifyRequest } from './service.js';

/** @import { VerifyFacts } from './service.js' */
/** @import { Verdict } from '../../../schemas/verdict.ts' */

/**
 * @param {Verdict} verdict
 * @param {{ bytes: Uint8Array<ArrayBuffer>, fileName: string }} message
 * @param {VerifyFacts} sent
 */
export const takeAlong = (verdict, message, sent) => {
  const { authenticationResults, receivedSpf } = verdict.headers;
  const caseName = `${stem(message.fileName)}-case.json`;
  const json = () => `${JSON.stringify(verdict, null, 2)}\n`;
  return [
    fold('Header fields', 'Authentication-Results, ready to copy', [
      copyBlock(authenticationResults.replaceAll('\r\n', '\n'), 'Authentication-Results'),
      ...(receivedSpf === null ? [] : [copyBlock(receivedSpf.replaceAll('\r\n', '\n'), 'Received-SPF')]),
    ]),
    fold('Files', 'the verdict, the message with its field, both in one to replay', [
      element(
        'div',
        { class: 'row' },
        downloadButton('Download the verdict (JSON)', 'verdict.json', 'application/json', json),
        downloadButton(
          'Download the message with the field on top',
          `${stem(message.fileName)}-verdict.eml`,
          'message/rfc822',
          () => withField(message.bytes, authenticationResults),
        ),
        downloadButton('Download one file to replay', caseName, 'application/json', () =>
          JSON.stringify({ message: toBase64(message.bytes), encoding: 'base64', verdict }),
        ),
      ),
      element(
        'p',
        { class: 'muted' },
        'The file to replay holds the whole message and every DNS answer: whoever has it gets this verdict again, without network.',
      ),
      copyBlock(`mailverdict replay ${shellWord(caseName)}`, 'the command that replays'),
    ]),
    fold('The same from the command line', 'curl', [
      copyBlock(commandLine(message.fileName, sent), 'the command'),
      element(
        'div',
        { class: 'row' },
        downloadButton(`Download the message`, message.fileName, 'message/rfc822', () => message.bytes),
        needsJson(sent) &&
          downloadButton('Download the request (JSON)', 'request.json', 'application/json', () =>
            JSON.stringify(verifyRequest(message.bytes, sent)),
          ),
      ),
    ]),
  ];
};

/** A file's name without what it ends in. @param {string} fileName */
const stem = (fileName) => fileName.replace(/\.[A-Za-z0-9]{1,8}$/, '');

const LF = 10;
const CR = 13;

/**
 * The message with a field on top, whose lines end as those of the message do.
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @param {string} field with CRLF inside
 */
const withField = (bytes, field) => {
  const first = bytes.indexOf(LF);
  const lineEnd = first > 0 && bytes[first - 1] !== CR ? '\n' : '\r\n';
  const lines = new TextEncoder().encode(`${field}\r\n`.replaceAll('\r\n', lineEnd));
  const whole = new Uint8Array(lines.length + bytes.length);
  whole.set(lines);
  whole.set(bytes, lines.length);
  return whole;
};

/** Records to judge by travel in JSON only. @param {VerifyFacts} sent */
const needsJson = (sent) => sent.dns !== undefined && sent.dns.length > 0;

/** @param {string} fileName @param {VerifyFacts} sent */
const commandLine = (fileName, sent) =>
  needsJson(sent)
    ? curlJson(`${location.origin}/v1/verify`, '@request.json', usesAccessKey())
    : curlVerify(location.origin, fileName, sent.smtp ?? {}, usesAccessKey());
