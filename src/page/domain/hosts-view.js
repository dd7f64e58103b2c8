/** DKIM keys and mail hosts of a domain, as tables. */

import { element } from '../shared/dom.js';
import { fold } from '../shared/facts.js';
import { plural, resultWord } from '../shared/words.js';

/** @import { DkimPosture } from '../../../schemas/posture/dkim.ts' */
/** @import { MailPosture } from '../../../schemas/posture/mail.ts' */

/** @param {string} label @param {readonly string[]} columns @param {HTMLTableRowElement[]} rows */
const table = (label, columns, rows) =>
  element(
    'div',
    { class: 'scroll', role: 'region', 'aria-label': label, tabindex: 0 },
    element(
      'table',
      {},
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          columns.map((title) => element('th', { scope: 'col' }, title)),
        ),
      ),
      element('tbody', {}, rows),
    ),
  );

/** @param {DkimPosture} dkim */
export const dkimKeys = ({ state, source, asked, failed, wildcard, selectors }) =>
  fold('DKIM keys', state === 'found' ? plural(selectors.length, 'selector') : state, [
    element(
      'p',
      { class: 'muted' },
      source === 'given'
        ? `${plural(asked, 'selector')} asked for.`
        : `${plural(asked, 'well-known selector')} tried; a key under another name is not seen, and none found does not mean that nothing is signed.`,
      failed > 0 && ` ${plural(failed, 'question')} got no answer.`,
      wildcard === true && ' Any selector is answered with a key here.',
    ),
    ...(selectors.length === 0
      ? []
      : [
          table(
            'DKIM keys',
            ['Selector', 'State', 'Key', 'Used by', 'Remarks'],
            selectors.map((key) =>
              element(
                'tr',
                {},
                element('th', { scope: 'row' }, element('code', {}, key.selector)),
                element('td', {}, resultWord(key.state)),
                element(
                  'td',
                  {},
                  key.keyType === null ? '' : `${key.keyType}${key.bits === null ? '' : `, ${key.bits} bits`}`,
                ),
                element('td', {}, key.service ?? ''),
                element('td', {}, remarks(key)),
              ),
            ),
          ),
        ]),
  ]);

/** @param {DkimPosture['selectors'][number]} key */
const remarks = ({ testing, strict, forMail, sameKeyAs, faults }) =>
  [
    testing && 'under test (t=y)',
    strict && 'no subdomains (t=s)',
    !forMail && 'not for mail (s=)',
    sameKeyAs !== null && `the same key as ${sameKeyAs}`,
    ...faults.map(({ reason }) => reason),
  ]
    .filter((part) => part !== false)
    .join('; ');

/** @param {MailPosture} mail */
export const mailHosts = ({ state, hosts, hostsNotAsked }) =>
  fold('Where mail goes', hosts.length === 0 ? state : plural(hosts.length + hostsNotAsked, 'host'), [
    ...(hosts.length === 0
      ? [element('p', {}, resultWord(state, state === 'null-mx' ? 'good' : undefined))]
      : [
          table(
            'Mail hosts',
            ['Host', 'State', 'Addresses', 'DANE', 'STARTTLS'],
            hosts.map(({ priority, exchange, state, addresses, tlsa, probe, cname }) =>
              element(
                'tr',
                {},
                element('th', { scope: 'row' }, `${priority} `, element('code', {}, exchange)),
                element('td', {}, resultWord(state)),
                element('td', {}, addresses.join(', '), cname !== null && ` alias of ${cname}`),
                element('td', {}, tlsa.state),
                element('td', {}, probe === undefined ? 'not tried' : `${probe.state}: ${probe.reason}`),
              ),
            ),
          ),
        ]),
    ...(hostsNotAsked > 0
      ? [element('p', { class: 'muted' }, `${plural(hostsNotAsked, 'further host')} not looked at.`)]
      : []),
  ]);
