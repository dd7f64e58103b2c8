/**
 * SMTP replies that survive both mail servers. Sendmail drops a text with a percent sign and
 * Postfix eats the sign; both refuse an enhanced code whose class differs from the reply code's. So
 * a text is printable ASCII on one line, without percent sign, and short. RFC 5321 section 4.2, RFC
 * 3463.
 */
import type { SmtpReply } from '../../schemas/verdict.ts';

/** Octets of a reply line with its codes (RFC 5321 section 4.5.3.1.5). */
const MAX_REPLY_LENGTH = 512;

/**
 * The whole reply line: code, enhanced code, text. Class 4 and 5 only.
 * @returns a reply whose codes do not fit each other gets the general enhanced code of its class
 * (`x.7.1`)
 */
export const replyLine = (reply: SmtpReply): string => {
  const code = reply.code >= 400 && reply.code <= 599 ? reply.code : 451;
  const replyClass = Math.floor(code / 100);
  const enhanced =
    /^[45]\.\d{1,3}\.\d{1,3}$/.test(reply.enhancedCode) && reply.enhancedCode.startsWith(`${replyClass}.`);
  const line = `${code} ${enhanced ? reply.enhancedCode : `${replyClass}.7.1`} ${replyText(reply.text)}`;
  // Two octets stay for the CRLF that the mail server adds.
  return line.slice(0, MAX_REPLY_LENGTH - 2).trimEnd();
};

/** Text of a reply: printable ASCII on one line, without percent sign; never empty. */
const replyText = (text: string): string =>
  text
    .replace(/[\r\n\t ]+/g, ' ')
    .replace(/[^\x20-\x7e]|%/g, '?')
    .trim() || 'Message refused';

/** The same reply with a text and codes that fit. */
export const safeReply = (reply: SmtpReply): SmtpReply => {
  const [code = '', enhancedCode = '', ...words] = replyLine(reply).split(' ');
  return { code: Number(code), enhancedCode, text: words.join(' ') };
};

/** Replies of this software's own making: none names a path, a resolver or a setting. */
export const OWN_REPLIES = {
  fault: { code: 451, enhancedCode: '4.7.1', text: 'Message could not be checked, please try again later' },
  'too-slow': { code: 451, enhancedCode: '4.4.3', text: 'Checking this message took too long, please try again later' },
  'service-full': {
    code: 451,
    enhancedCode: '4.3.2',
    text: 'Too many messages are being checked, please try again later',
  },
  ending: { code: 421, enhancedCode: '4.3.2', text: 'This service is about to stop, please try again later' },
  'over-size-tempfail': { code: 452, enhancedCode: '4.3.4', text: 'Message is too large to be checked' },
  'over-size-reject': { code: 552, enhancedCode: '5.3.4', text: 'Message is too large to be checked' },
} as const satisfies Record<string, SmtpReply>;
