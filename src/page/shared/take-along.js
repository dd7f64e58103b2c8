/** What to take away from a verdict: the header fields, the JSON, the command line. */

import { copyBlock, downloadButton } from './copy.js';
import { curlJson, curlVerify } from './curl.js';
import { element } from './dom.js';
import { fold } from './facts.js';
import { usesAccessKey, verifyRequest } from './service.js';

/** @import { VerifyFacts } from './service.js' */
/** @import { Verdict } from '../../../schemas/verdict.ts' */

/**
 * @param {Verdict} verdict
 * @param {{ bytes: Uint8Array<ArrayBuffer>, fileName: string }} message
 * @param {VerifyFacts} sent
 */
export const takeAlong = (verdict, message, sent) => {
  const { authenticationResults, receivedSpf } = verdict.headers;
  const json = () => `${JSON.stringify(verdict, null, 2)}\n`;
  return [
    fold('Header fields', 'Authentication-Results, ready to copy', [
      copyBlock(authenticationResults.replaceAll('\r\n', '\n'), 'Authentication-Results'),
      ...(receivedSpf === null ? [] : [copyBlock(receivedSpf.replaceAll('\r\n', '\n'), 'Received-SPF')]),
    ]),
    fold('The same from the command line', 'curl, JSON', [
      copyBlock(commandLine(message.fileName, sent), 'the command'),
      element(
        'div',
        { class: 'row' },
        downloadButton('Download the verdict (JSON)', 'verdict.json', 'application/json', json),
        downloadButton(`Download the message`, message.fileName, 'message/rfc822', () => message.bytes),
        needsJson(sent) &&
          downloadButton('Download the request (JSON)', 'request.json', 'application/json', () =>
            JSON.stringify(verifyRequest(message.bytes, sent)),
          ),
      ),
    ]),
  ];
};

/** Records to judge by travel in JSON only. @param {VerifyFacts} sent */
const needsJson = (sent) => sent.dns !== undefined && sent.dns.length > 0;

/** @param {string} fileName @param {VerifyFacts} sent */
const commandLine = (fileName, sent) =>
  needsJson(sent)
    ? curlJson(`${location.origin}/v1/verify`, '@request.json', usesAccessKey())
    : curlVerify(location.origin, fileName, sent.smtp ?? {}, usesAccessKey());
