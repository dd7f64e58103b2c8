/**
 * A verdict on the page: the answer first, then the way of the message as a picture, what is worth
 * attention, and the evidence behind it.
 */

import { dnsEvidence } from '../shared/dns-evidence.js';
import { limitText } from '../shared/dns-text.js';
import { element } from '../shared/dom.js';
import { findingItem, fold } from '../shared/facts.js';
import { takeAlong } from '../shared/take-along.js';
import { plural } from '../shared/words.js';
import { answerBanner, answerDetails } from './answer-view.js';
import { pathOf } from './path-boxes.js';
import { pathPicture } from './path-picture.js';
import { spfTrace } from './spf-trace.js';
import { comparison, recordsToTry } from './what-if.js';

/** @import { VerifyFacts } from '../shared/service.js' */
/** @import { TryRecord } from '../shared/record-editor.js' */
/** @import { Verdict } from '../../../schemas/verdict.ts' */

/**
 * @param {Verdict} verdict
 * @param {{ bytes: Uint8Array<ArrayBuffer>, fileName: string }} message
 * @param {VerifyFacts} sent
 * @param {{ showDomain: (domain: string) => void, tryRecord: TryRecord, before: Verdict | null }} more
 * before: the verdict by what is published, when this one is by records that are not
 * @returns {{ heading: HTMLElement, parts: Node[] }} the heading takes the focus
 */
export const verdictView = (verdict, message, sent, { showDomain, tryRecord, before }) => {
  const heading = element('h2', { class: 'answer-sentence', tabindex: -1 }, verdict.author.summary);
  const { picture, opener } = pathPicture(pathOf(verdict));
  return {
    heading,
    parts: [
      answerBanner(verdict, heading, message.bytes, showDomain),
      ...(before === null ? [] : [comparison(before, verdict)]),
      ...answerDetails(verdict, opener),
      picture,
      ...findings(verdict),
      ...recordsToTry(verdict, tryRecord),
      ...traces(verdict),
      ...evidence(verdict),
      ...takeAlong(verdict, message, sent),
    ],
  };
};

/** @param {Verdict} verdict */
const findings = ({ findings }) =>
  findings.length === 0
    ? []
    : [
        element(
          'section',
          { class: 'card', 'aria-labelledby': 'findings-title' },
          element('h3', { id: 'findings-title' }, 'Worth attention'),
          element(
            'ul',
            { class: 'findings' },
            findings.map((finding) => findingItem(finding)),
          ),
        ),
      ];

/** @param {Verdict} verdict */
const traces = ({ spf }) => {
  const traced = [spf.mailFrom, spf.helo].flatMap((check) =>
    check?.trace === undefined ? [] : [{ check, trace: check.trace }],
  );
  if (traced.length === 0) return [];
  const lookups = traced
    .map(({ check }) => `${check.identity === 'mailfrom' ? 'MAIL FROM' : 'HELO'} ${check.result}`)
    .join(', ');
  return [
    fold(
      'SPF, term by term',
      lookups,
      traced.flatMap(({ check, trace }) => [
        element('h4', {}, check.identity === 'mailfrom' ? 'MAIL FROM' : 'HELO'),
        spfTrace(trace),
      ]),
    ),
  ];
};

/** @param {Verdict} verdict */
const evidence = ({ evidence, dns }) => {
  if (evidence === undefined || evidence.length === 0) return [];
  const exceeded = dns.exceeded.length === 0 ? '' : `; limits reached: ${dns.exceeded.map(limitText).join(', ')}`;
  return [fold('DNS evidence', `${plural(evidence.length, 'question')}${exceeded}`, [dnsEvidence(evidence)])];
};
