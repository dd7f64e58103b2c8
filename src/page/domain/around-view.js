/** What stands around the mail of a domain: MTA-STS, TLS reports, BIMI, DNSSEC, its zone. */

import { duration } from '../shared/dns-text.js';
import { element } from '../shared/dom.js';
import { facts, fold, sentence } from '../shared/facts.js';
import { recordEditor } from '../shared/record-editor.js';
import { resultWord } from '../shared/words.js';

/** @import { Posture } from '../../../schemas/posture/posture.ts' */
/** @import { TextsAt, TryRecord } from '../shared/record-editor.js' */

/** @param {Posture} posture @param {TextsAt} texts @param {TryRecord} tryRecord */
export const aroundView = ({ domain: { ascii }, mtaSts, tlsRpt, bimi, dnssec, zone }, texts, tryRecord) =>
  fold('Transport, logo, zone', `MTA-STS ${mtaSts.state}, TLS reports ${tlsRpt.state}, BIMI ${bimi.state}`, [
    part('MTA-STS', mtaSts.state, mtaSts.reason, [
      facts([
        ['Policy', `${mtaSts.policy.state}${mtaSts.policy.reason === undefined ? '' : `: ${mtaSts.policy.reason}`}`],
        ['Mode', mtaSts.policy.mode],
        ['Held for', mtaSts.policy.maxAgeSeconds && duration(mtaSts.policy.maxAgeSeconds)],
        ['Hosts', mtaSts.policy.mx.join(', ')],
        ['Hosts not covered', mtaSts.unmatched.join(', ')],
      ]),
      recordEditor(
        { name: `_mta-sts.${ascii}`, title: 'MTA-STS record', text: mtaSts.record, start: 'v=STSv1; id=' },
        texts,
        tryRecord,
      ),
    ]),
    part('TLS reports', tlsRpt.state, tlsRpt.reason, [
      recordEditor(
        { name: `_smtp._tls.${ascii}`, title: 'TLS-RPT record', text: tlsRpt.record, start: 'v=TLSRPTv1; rua=mailto:' },
        texts,
        tryRecord,
      ),
    ]),
    part('BIMI', bimi.state, bimi.reason, [
      facts([
        ['Logo', bimi.logo.url && `${bimi.logo.url} (${bimi.logo.state})`],
        ['Faults of the logo', bimi.logo.faults.join('; ')],
        ['Evidence', bimi.evidence.url && `${bimi.evidence.url} (${bimi.evidence.state})`],
        [
          'The policy fits',
          bimi.policyFit === true ? 'yes' : `${bimi.policyFit === false ? 'no' : 'unknown'}: ${bimi.policyReason}`,
        ],
      ]),
      recordEditor(
        { name: `default._bimi.${ascii}`, title: 'BIMI record', text: bimi.record, start: 'v=BIMI1; l=' },
        texts,
        tryRecord,
      ),
    ]),
    part('DNSSEC', dnssec.state, undefined, []),
    part('Zone', zone.nameServersState, undefined, [
      facts([
        ['Zone', zone.apex],
        [
          'Name servers',
          zone.nameServers.map(({ name, state }) => (state === 'ok' ? name : `${name} (${state})`)).join(', '),
        ],
        ['Serial', zone.soa && String(zone.soa.serial)],
        ['Absence is held for', zone.soa && duration(zone.soa.negativeTtlSeconds)],
      ]),
    ]),
  ]);

/**
 * @param {string} title
 * @param {string} state
 * @param {string | undefined} reason
 * @param {Node[]} content
 */
const part = (title, state, reason, content) =>
  element(
    'section',
    { class: 'around' },
    element('h4', { class: 'row' }, title, resultWord(state)),
    reason !== undefined && element('p', { class: 'muted' }, sentence(reason)),
    content,
  );
