/** DMARC of a domain: the Tree Walk as steps, the record that applies, and what each tag means. */

import { element } from '../shared/dom.js';
import { facts, fold, sentence } from '../shared/facts.js';
import { recordEditor } from '../shared/record-editor.js';
import { faultyRecord } from '../shared/record-text.js';
import { rfcLink } from '../shared/rfc-link.js';
import { resultWord } from '../shared/words.js';

/** @import { Posture } from '../../../schemas/posture/posture.ts' */
/** @import { DmarcPosture } from '../../../schemas/posture/dmarc.ts' */
/** @import { z } from 'zod' */
/** @import { TextsAt, TryRecord } from '../shared/record-editor.js' */

/** @param {Posture} posture @param {TextsAt} texts @param {TryRecord} tryRecord */
export const dmarcView = ({ dmarc, domain }, texts, tryRecord) => {
  const { policy } = dmarc;
  const note = policy === null ? dmarc.state : `policy ${policy.domain}${policy.testing ? ', under test' : ''}`;
  return fold(
    'DMARC',
    note,
    [
      element('h4', {}, 'The walk up the tree'),
      element('ol', { class: 'walk' }, dmarc.steps.map(step)),
      facts([
        ['Organizational Domain', dmarc.organizationalDomain],
        ['Record of', dmarc.recordDomain && `${dmarc.recordDomain}${dmarc.inherited ? ', a domain above' : ''}`],
        ['Mail of this domain', policy?.domain],
        ['Mail of subdomains', policy?.subdomains],
        ['Mail of names that do not exist', policy?.nonExistent],
        ['Older reading (RFC 7489)', dmarc.agree ? 'the same' : (dmarc.difference ?? 'differs')],
        ['Faults', dmarc.faults.map(({ reason, offset }) => `${reason}, at character ${offset + 1}`).join('; ')],
      ]),
      recordEditor(
        {
          name: `_dmarc.${domain.ascii}`,
          title: 'DMARC record',
          text: dmarc.inherited ? null : dmarc.record,
          shown: faultyRecord(dmarc.record ?? '', dmarc.faults),
          start: 'v=DMARC1; p=',
        },
        texts,
        tryRecord,
      ),
      ...(dmarc.tags.length === 0 ? [] : [tags(dmarc.tags)]),
      ...(dmarc.reports.length === 0 ? [] : [reports(dmarc.reports)]),
      element('p', { class: 'rules' }, rfcLink('RFC 9989 section 4.10')),
    ],
    true,
  );
};

const STEP_TONES = /** @type {const} */ ({ record: 'good', none: 'quiet', 'dns-failure': 'unknown' });

/** @param {DmarcPosture['steps'][number]} step */
const step = ({ name, outcome, record, reason }) =>
  element(
    'li',
    { class: `step step-${outcome}` },
    element('p', { class: 'row' }, element('code', {}, name), resultWord(outcome, STEP_TONES[outcome])),
    record !== undefined && element('p', {}, element('code', { class: 'muted' }, record)),
    reason !== undefined && element('p', { class: 'muted' }, sentence(reason)),
  );

/** @param {DmarcPosture['tags']} tags */
const tags = (tags) =>
  element(
    'div',
    { class: 'scroll', role: 'region', 'aria-label': 'Tags of the DMARC record', tabindex: 0 },
    element(
      'table',
      {},
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          ['Tag', 'Meaning', ''].map((title) =>
            element(title === '' ? 'td' : 'th', { scope: title === '' ? null : 'col' }, title),
          ),
        ),
      ),
      element(
        'tbody',
        {},
        tags.map(({ name, value, status, meaning }) =>
          element(
            'tr',
            { class: status === 'default' ? 'muted' : null },
            element('th', { scope: 'row' }, element('code', {}, `${name}=${value}`)),
            element('td', {}, sentence(meaning)),
            element('td', {}, status === 'published' ? '' : status),
          ),
        ),
      ),
    ),
  );

/** @param {DmarcPosture['reports']} reports */
const reports = (reports) =>
  element(
    'ul',
    { class: 'plain-list' },
    reports.map(({ tag, uri, external, authorized, asked }) =>
      element(
        'li',
        {},
        element('code', {}, `${tag} ${uri}`),
        external &&
          ` to another domain, which ${authorized === null ? 'may or may not have' : authorized ? 'has' : 'has not'} agreed${asked === null ? '' : ` (${asked})`}`,
      ),
    ),
  );
