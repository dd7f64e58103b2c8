/**
 * A posture on the page: the grade and its reason first, what to mend with the record to publish,
 * then each standard with what was found.
 */

import { copyBlock, downloadButton } from '../shared/copy.js';
import { curlJson } from '../shared/curl.js';
import { dnsEvidence } from '../shared/dns-evidence.js';
import { textsAt } from '../shared/dns-text.js';
import { element } from '../shared/dom.js';
import { findingItem, fold } from '../shared/facts.js';
import { usesAccessKey } from '../shared/service.js';
import { plural } from '../shared/words.js';
import { aroundView } from './around-view.js';
import { changesView } from './changes-view.js';
import { dmarcView } from './dmarc-view.js';
import { gradeView } from './grade-view.js';
import { dkimKeys, mailHosts } from './hosts-view.js';
import { spfView } from './spf-view.js';
import { suggestionView } from './suggestion-view.js';

/** @import { Posture } from '../../../schemas/posture/posture.ts' */
/** @import { PostureRequest } from '../../../schemas/requests/domain.ts' */
/** @import { TextsAt, TryRecord } from '../shared/record-editor.js' */

/**
 * @param {Posture} posture
 * @param {PostureRequest} sent
 * @param {TryRecord} tryRecord
 * @returns {{ heading: HTMLElement, parts: Node[] }} the heading takes the focus
 */
export const postureView = (posture, sent, tryRecord) => {
  const evidence = posture.evidence ?? [];
  /** @type {TextsAt} */
  const texts = (name) => textsAt(evidence, name);
  const { heading, view } = gradeView(posture);
  return {
    heading,
    parts: [
      view,
      ...(posture.changes === undefined ? [] : [changesView(posture.changes)]),
      ...findings(posture, tryRecord),
      spfView(posture, texts, tryRecord),
      dmarcView(posture, texts, tryRecord),
      dkimKeys(posture.dkim),
      mailHosts(posture.mail),
      aroundView(posture, texts, tryRecord),
      ...(evidence.length === 0
        ? []
        : [fold('DNS evidence', plural(evidence.length, 'question'), [dnsEvidence(evidence)])]),
      takeAlong(posture, sent),
    ],
  };
};

/** @param {Posture} posture @param {TryRecord} tryRecord */
const findings = ({ findings }, tryRecord) => {
  const toMend = findings.filter(({ severity }) => severity !== 'good');
  const good = findings.filter(({ severity }) => severity === 'good');
  return [
    element(
      'section',
      { class: 'card', 'aria-labelledby': 'mend-title' },
      element(
        'h3',
        { id: 'mend-title' },
        toMend.length === 0 ? 'Nothing to mend' : 'What to mend, what matters most first',
      ),
      element(
        'ul',
        { class: 'findings' },
        toMend.map((finding) =>
          findingItem(finding, finding.suggestion !== undefined && suggestionView(finding.suggestion, tryRecord)),
        ),
      ),
    ),
    ...(good.length === 0
      ? []
      : [
          fold('As it should be', plural(good.length, 'fact'), [
            element(
              'ul',
              { class: 'findings' },
              good.map((finding) => findingItem(finding)),
            ),
          ]),
        ]),
  ];
};

/** @param {Posture} posture @param {PostureRequest} sent */
const takeAlong = (posture, sent) => {
  const { include: _, ...asked } = sent;
  const json = Object.keys(asked).length === 0 ? null : JSON.stringify(asked);
  const line = curlJson(`${location.origin}/v1/domains/${posture.domain.ascii}`, json, usesAccessKey());
  return fold('The same from the command line', 'curl, JSON', [
    copyBlock(line, 'the command'),
    element(
      'div',
      { class: 'row' },
      downloadButton(
        'Download the posture (JSON)',
        `${posture.domain.ascii}.json`,
        'application/json',
        () => `${JSON.stringify(posture, null, 2)}\n`,
      ),
    ),
  ]);
};
