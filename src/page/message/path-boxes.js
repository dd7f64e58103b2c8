/**
 * The way of a message as boxes, read from its verdict: the client, each check, DMARC, the
 * receiver. Pure but for the details, which are made when a box is opened.
 */

import { toneOf } from '../shared/words.js';
import { arcDetails, clientDetails, dkimDetails, dmarcDetails, receiverDetails, spfDetails } from './box-details.js';

/** @import { Verdict } from '../../../schemas/verdict.ts' */
/** @import { Tone } from '../shared/words.js' */

/**
 * @typedef {object} Box
 * @property {string} name what is looked at
 * @property {string} question what it answers, for people who do not know the name
 * @property {string} word the result word
 * @property {Tone} tone
 * @property {string} about the identity or address it is about
 * @property {string} reason one sentence
 * @property {boolean | null} aligned whether it speaks for the Author Domain; null: no question of
 * that
 * @property {string} where the member of the verdict that it shows
 * @property {() => Node[]} details
 */

/** @typedef {{ client: Box, checks: Box[], dmarc: Box, receiver: Box }} Path */

/** @param {Verdict} verdict @returns {Path} */
export const pathOf = (verdict) => ({
  client: client(verdict),
  checks: [spf(verdict), ...dkim(verdict), arc(verdict)],
  dmarc: dmarc(verdict),
  receiver: receiver(verdict),
});

/** @param {Verdict} verdict @returns {Box} */
const client = (verdict) => ({
  name: 'Sending server',
  question: 'Has it a name of its own?',
  word: verdict.iprev.result,
  // A server without a name is suspicious, but no check of the Author Domain hangs on it.
  tone: verdict.iprev.result === 'pass' ? 'good' : verdict.iprev.result === 'temperror' ? 'unknown' : 'quiet',
  about: verdict.smtp.clientIp ?? 'address unknown',
  reason: verdict.iprev.reason,
  aligned: null,
  where: 'iprev',
  details: () => clientDetails(verdict),
});

/** @param {Verdict} verdict @returns {Box} */
const spf = (verdict) => ({
  name: 'SPF',
  question: 'May that server send for the domain?',
  word: verdict.spf.result,
  tone: toneOf(verdict.spf.result),
  about: verdict.spf.domain ?? 'nothing to check',
  // Told once in the verdict: by the check that counts, where there is one.
  reason:
    verdict.spf.reason ?? (verdict.spf.identity === 'helo' ? verdict.spf.helo : verdict.spf.mailFrom)?.reason ?? '',
  aligned: verdict.spf.result === 'pass' ? verdict.dmarc.rfc9989.alignment.spf.aligned : null,
  where: 'spf',
  details: () => spfDetails(verdict),
});

/** @param {Verdict} verdict @returns {Box[]} */
const dkim = (verdict) => {
  if (verdict.dkim.length === 0)
    return [
      {
        name: 'DKIM',
        question: 'Is it signed, and unchanged since?',
        word: 'none',
        tone: 'quiet',
        about: 'not signed',
        reason: 'the message has no DKIM-Signature field',
        aligned: null,
        where: 'dkim',
        details: () => dkimDetails(verdict, null),
      },
    ];
  return verdict.dkim.map((signature) => ({
    name: verdict.dkim.length === 1 ? 'DKIM' : `DKIM ${signature.index + 1}`,
    question: 'Is it signed, and unchanged since?',
    word: signature.result,
    tone: toneOf(signature.result),
    about: signature.sdid ?? 'no domain',
    reason: signature.reason,
    aligned: signature.result === 'pass' ? signature.aligned : null,
    where: `dkim[${signature.index}]`,
    details: () => dkimDetails(verdict, signature),
  }));
};

/** @param {Verdict} verdict @returns {Box} */
const arc = (verdict) => ({
  name: 'ARC',
  question: 'What did those who passed it on see?',
  word: verdict.arc.result,
  tone: toneOf(verdict.arc.result),
  about: verdict.arc.instances.at(-1)?.sealer ?? 'no seals',
  reason: verdict.arc.reason,
  aligned: null,
  where: 'arc',
  details: () => arcDetails(verdict),
});

/** @param {Verdict} verdict @returns {Box} */
const dmarc = (verdict) => {
  const { rfc9989, authorDomain, result } = verdict.dmarc;
  return {
    name: 'DMARC',
    question: 'Is one of them the domain in From?',
    word: result,
    tone: toneOf(result),
    about: authorDomain ?? 'no one domain in From',
    reason: rfc9989.reason,
    aligned: null,
    where: 'dmarc',
    details: () => dmarcDetails(verdict),
  };
};

/** @param {Verdict} verdict @returns {Box} */
const receiver = (verdict) => {
  const { action, wouldBe, reason } = verdict.disposition;
  return {
    name: 'Receiver',
    question: 'What happens to it?',
    word: wouldBe,
    // Letting a message in proves nothing about it: green is kept for what is proven.
    tone: wouldBe === 'accept' && verdict.author.authenticated !== true ? 'quiet' : toneOf(wouldBe),
    about: action === wouldBe ? '' : `set here: ${action}`,
    reason,
    aligned: null,
    where: 'disposition',
    details: () => receiverDetails(verdict),
  };
};
