/**
 * What stands behind each box of the picture: the facts of the verdict, the record with the part
 * that decided marked, and the rule.
 */

import { copyBlock } from '../shared/copy.js';
import { duration, textsAt } from '../shared/dns-text.js';
import { element } from '../shared/dom.js';
import { facts, sentence } from '../shared/facts.js';
import { hasTag, spfRecord, tagRecord } from '../shared/record-text.js';
import { rfcLink } from '../shared/rfc-link.js';
import { plural, resultWord } from '../shared/words.js';

/** @import { DkimSignature } from '../../../schemas/dkim.ts' */
/** @import { DmarcReading } from '../../../schemas/dmarc.ts' */
/** @import { SpfCheck } from '../../../schemas/spf.ts' */
/** @import { MimeFacts } from '../../../schemas/message.ts' */
/** @import { Verdict } from '../../../schemas/verdict.ts' */
/** @import { Child } from '../shared/dom.js' */

/** @param {...string} rules */
const rules = (...rules) =>
  element(
    'p',
    { class: 'rules' },
    'By ',
    rules.flatMap((rule, index) => [index > 0 && ', ', rfcLink(rule)]),
    '.',
  );

/** @param {string} text */
const code = (text) => element('code', {}, text);

/** @param {boolean | null} value @param {string} yes @param {string} no @param {string} unknown */
const either = (value, yes, no, unknown) => (value === null ? unknown : value ? yes : no);

/** @param {string} title @param {Node} shown @param {string} record */
const recordBlock = (title, shown, record) =>
  element('div', { class: 'record-block' }, element('h4', {}, title), copyBlock(record, title, shown));

/** @param {Verdict} verdict @returns {Node[]} */
export const clientDetails = ({ smtp, iprev, transport }) => [
  facts([
    ['Client address', smtp.clientIp && code(smtp.clientIp)],
    ['Name in DNS', iprev.name && code(iprev.name)],
    ['HELO', smtp.helo && code(smtp.helo)],
    ['MAIL FROM', smtp.mailFrom !== undefined && code(`<${smtp.mailFrom.replace(/^<|>$/g, '')}>`)],
    ['Encryption', encryption(transport, smtp)],
    ['Signed in', either(transport.authenticated, 'yes, with SMTP AUTH', 'no', '')],
  ]),
  rules('RFC 8601 section 2.7.3'),
];

/** @param {Verdict['transport']} transport @param {Verdict['smtp']} smtp */
const encryption = ({ encryption }, { tls }) =>
  [encryption, tls?.version, tls?.cipher, tls?.bits && `${tls.bits} bits`].filter(Boolean).join(', ');

/** @param {Verdict} verdict @returns {Node[]} */
export const spfDetails = ({ spf }) => {
  const checks = [spf.mailFrom, spf.helo].filter((check) => check !== null);
  return [
    ...checks.flatMap((check) => spfCheck(check, check.identity === spf.identity)),
    rules('RFC 7208 section 2.6', 'RFC 7208 section 4.6'),
  ];
};

/** @param {SpfCheck} check @param {boolean} counts @returns {Node[]} */
const spfCheck = (check, counts) => {
  const term = check.trace?.terms.find(({ decided }) => decided)?.text ?? check.matched?.split(' ')[0] ?? null;
  return [
    element(
      'h4',
      { class: 'check-head' },
      check.identity === 'mailfrom' ? 'MAIL FROM' : 'HELO',
      ' ',
      resultWord(check.result),
      !counts && element('span', { class: 'muted' }, 'does not count for DMARC'),
    ),
    // Told above already where it is the reason of the box.
    ...(counts ? [] : [element('p', {}, sentence(check.reason))]),
    facts([
      ['Domain', code(check.domain)],
      ['Decided by', check.matched],
      ['Lookups', `${check.lookups.used} of ${check.lookups.limit}`],
      ['Void lookups', `${check.voids.used} of ${check.voids.limit}`],
      ['The domain explains', check.explanation],
    ]),
    ...(check.record === undefined
      ? []
      : [recordBlock(`SPF record of ${check.domain}`, spfRecord(check.record, term), check.record)]),
  ];
};

/** @param {Verdict} verdict @param {DkimSignature | null} signature @returns {Node[]} */
export const dkimDetails = (verdict, signature) => {
  if (signature === null) return [rules('RFC 6376')];
  const { sdid, selector } = signature;
  const name = sdid === null || selector === null ? null : `${selector}._domainkey.${sdid}`;
  const key = name === null ? undefined : textsAt(verdict.evidence ?? [], name)[0];
  const decides = signature.testing ? 't' : signature.result === 'pass' ? null : 'p';
  return [
    facts([
      ['Signing domain (d=)', sdid && code(sdid)],
      ['Signs for (i=)', signature.auid && code(signature.auid)],
      ['Selector (s=)', selector && code(selector)],
      [
        'Algorithm (a=)',
        signature.algorithm &&
          `${signature.algorithm}${signature.keyBits === null ? '' : `, key of ${signature.keyBits} bits`}`,
      ],
      [
        'Canonicalization (c=)',
        signature.canonicalization && `${signature.canonicalization.header}/${signature.canonicalization.body}`,
      ],
      ['Signed fields (h=)', signature.signedFields.join(', ')],
      [
        'Body covered (l=)',
        signature.bodyLength !== null &&
          `${plural(signature.bodyLength, 'octet')}; not signed: ${signature.uncoveredBytes === null ? 'an unknown number' : plural(signature.uncoveredBytes, 'octet')}`,
      ],
      ['Signed', signature.signedAt],
      ['Expires', signature.expiresAt],
      ['Aligned with From', either(signature.aligned, 'yes', 'no', 'unknown')],
      ['Key under test (t=y)', signature.testing && 'yes'],
    ]),
    ...(name === null || key === undefined ? [] : [recordBlock(`Key record ${name}`, tagRecord(key, decides), key)]),
    rules('RFC 6376 section 6.1', 'RFC 8601 section 2.7.1'),
  ];
};

/** @param {Verdict} verdict @returns {Node[]} */
export const arcDetails = ({ arc }) => [
  element(
    'ol',
    { class: 'instances' },
    arc.instances.map((instance) =>
      element(
        'li',
        {},
        element('strong', {}, `i=${instance.instance}: ${instance.sealer ?? 'no domain'}`),
        element(
          'span',
          { class: 'muted' },
          instance.trusted ? ' (trusted here)' : ' (not among the sealers trusted here)',
        ),
        facts([
          ['Sealed', instance.sealedAt],
          ['Found the chain', instance.cv],
          ['Wrote as', instance.authservId],
          [
            'Says it saw',
            instance.claims
              .map((claim) => `${claim.method}=${claim.result}${claim.identity === null ? '' : ` (${claim.identity})`}`)
              .join(', '),
          ],
        ]),
      ),
    ),
  ),
  rules('RFC 8617 section 4.4', 'RFC 8617 section 5.2'),
];

/** @param {Verdict} verdict @returns {Node[]} */
export const dmarcDetails = ({ dmarc }) => {
  const { rfc9989, rfc7489 } = dmarc;
  const { policy, record } = rfc9989;
  const tag = policy === null || record === null ? null : hasTag(record, policy.tag) ? policy.tag : 'p';
  return [
    facts([
      ['Author Domain', dmarc.authorDomain && code(dmarc.authorDomain)],
      ['Organizational Domain', rfc9989.organizationalDomain && code(rfc9989.organizationalDomain)],
      ['Policy that applies', policy && `${policy.applies}, by ${policy.tag}=${policy.testing ? ' and t=y' : ''}`],
      ['SPF alignment', alignment(rfc9989.alignment.spf)],
      ['DKIM alignment', alignment(rfc9989.alignment.dkim)],
      [
        'Older reading (RFC 7489)',
        dmarc.agree
          ? `the same: ${rfc7489.result}`
          : `${rfc7489.result}${rfc7489.applies === null ? '' : `, ${rfc7489.applies}`}. ${dmarc.difference ?? ''}`,
      ],
    ]),
    ...(record === null
      ? []
      : [recordBlock(`DMARC record at _dmarc.${rfc9989.recordDomain}`, tagRecord(record, tag), record)]),
    rules('RFC 9989 section 4.4', 'RFC 9989 section 4.7', 'RFC 9989 section 4.10'),
  ];
};

/** @param {DmarcReading['alignment']['spf']} found */
const alignment = ({ aligned, domain, mode }) =>
  `${either(aligned, `yes, ${domain ?? ''}`, 'no', 'unknown')}${mode === null ? '' : ` (${mode})`}`;

/** @param {MimeFacts} mime */
const attachments = ({ attachments, attachmentCount }) => {
  const named = attachments.map(({ name, type, size }) => `${name ?? type ?? 'without a name'} (${size} octets)`);
  return [...named, ...(attachmentCount > named.length ? [`${attachmentCount - named.length} more`] : [])].join(', ');
};

/** @param {NonNullable<Verdict['message']['deliveryStatus']>} status */
const reported = ({ recipients }) =>
  recipients
    .map(({ finalRecipient, action, status }) =>
      [finalRecipient ?? 'a recipient', action, status].filter((word) => word !== null).join(' '),
    )
    .join(', ') || 'nobody who can be read';

/** @param {Verdict} verdict @returns {Node[]} */
export const receiverDetails = ({ disposition, bimi, evaluatedAt, message }) => [
  facts([
    ['This service says', disposition.action],
    ['With the policy followed', disposition.wouldBe],
    [
      'Policy not followed because',
      disposition.override && `${disposition.override.comment} (${disposition.override.type})`,
    ],
    [
      'SMTP reply',
      disposition.smtpReply &&
        code(`${disposition.smtpReply.code} ${disposition.smtpReply.enhancedCode} ${disposition.smtpReply.text}`),
    ],
    ['Logo (BIMI)', bimi && `${bimi.result}: ${bimi.reason}`],
    ['Signed or encrypted end to end', message.protection.join(', ')],
    ['Signed with S/MIME by', message.mime?.smimeSigner && `${message.mime.smimeSigner.join(', ')} (not verified)`],
    ['OpenPGP in the text', message.mime?.inlinePgp.join(', ')],
    ['Media type', message.mime?.type],
    ['Attachments', message.mime && attachments(message.mime)],
    ['Reports on', message.deliveryStatus && reported(message.deliveryStatus)],
    ['Judged as of', `${evaluatedAt}`],
  ]),
  rules('RFC 9989 section 5.4'),
];

/** @param {number | undefined} ttlSeconds */
export const ttlText = (ttlSeconds) => (ttlSeconds === undefined ? '' : duration(ttlSeconds));
