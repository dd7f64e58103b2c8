/**
 * The answer of a verdict: yes or no and how well it is known, then who sent it, how that is known,
 * and whose move it is. What stands in angle brackets in a record is marked: only the reader knows
 * it.
 */

import { hasBlank, withBlanks } from '../shared/blanks.js';
import { copyBlock } from '../shared/copy.js';
import { byteCount, shortTime } from '../shared/dns-text.js';
import { element } from '../shared/dom.js';
import { sentence } from '../shared/facts.js';
import { timeView } from '../shared/times.js';
import { icon, plural, resultWord, toneOf } from '../shared/words.js';
import { fromFields } from './from-fields.js';

/** @import { ActualSender, AuthorLevel, AuthorProof, NextStep } from '../../../schemas/author.ts' */
/** @import { Verdict } from '../../../schemas/verdict.ts' */
/** @import { Tone } from '../shared/words.js' */

/** @type {Readonly<Record<AuthorLevel, { tone: Tone, words: string }>>} */
const LEVELS = {
  proven: { tone: 'good', words: 'Proven' },
  vouched: { tone: 'good', words: 'On the word of others' },
  unproven: { tone: 'warn', words: 'Not proven' },
  contradicted: { tone: 'bad', words: 'Not proven, and the domain asks to refuse it' },
  unknown: { tone: 'unknown', words: 'Not known' },
};

/**
 * The answer as a card.
 * @param {Verdict} verdict
 * @param {HTMLElement} heading its sentence
 * @param {Uint8Array} bytes of the message
 * @param {(domain: string) => void} showDomain
 */
export const answerBanner = (verdict, heading, bytes, showDomain) => {
  const { message, author, disposition } = verdict;
  // Without one author domain the addresses that could be read are not all that a reader may see.
  const written = author.domain === null ? fromFields(bytes) : [];
  const { tone, words } = LEVELS[author.level];
  return element(
    'div',
    { class: `banner card tone-${tone}` },
    icon(tone),
    element(
      'div',
      {},
      element('p', { class: 'level' }, words),
      heading,
      element('p', { class: `consequence tone-${toneOf(disposition.wouldBe)}` }, sentence(disposition.reason)),
      element(
        'dl',
        { class: 'message-facts' },
        [
          ...(written.length === 0
            ? [['From', message.from.join(', ') || 'no address']]
            : written.map((field) => ['From, as written', field])),
          ['Subject', message.subject ?? '(none)'],
          ['Date', message.date ?? '(none)'],
        ].map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))),
      ),
      element(
        'p',
        { class: 'row muted' },
        `${byteCount(message.size)}, judged in ${shortTime(verdict.elapsedMs)} with ${plural(verdict.dns.questions.used, 'DNS question')}`,
        author.domain !== null &&
          element(
            'button',
            { type: 'button', class: 'plain', onclick: () => showDomain(author.domain ?? '') },
            `Assess ${author.domain}`,
          ),
      ),
    ),
  );
};

/**
 * What stands under the answer; nothing where there is nothing to add.
 * @param {Verdict} verdict
 * @param {(where: string) => (() => void) | null} opener opens the box of a member of the verdict
 */
export const answerDetails = ({ author }, opener) => {
  const sections = [
    section(
      'Whose move it is',
      author.next.map((step) => nextStep(step)),
    ),
    section(
      'Who sent it',
      author.actual.map((sender) => actualSender(sender)),
    ),
    section(
      author.level === 'vouched' ? 'Who vouches for it' : 'How it is known',
      author.by.map((proof) => proofItem(proof, opener(proof.where))),
    ),
  ].filter((one) => one !== null);
  return sections.length === 0 ? [] : [element('div', { class: 'card answer-details' }, sections)];
};

/** @param {string} title @param {Node[]} items @returns {HTMLElement | null} null: it has none */
const section = (title, items) =>
  items.length === 0 ? null : element('section', {}, element('h3', {}, title), element('ul', {}, items));

const MOVERS = /** @type {const} */ ({ receiver: 'Receiver', 'domain-owner': 'Domain owner' });

/** @param {NextStep} step */
const nextStep = ({ who, text, setting, record }) =>
  element(
    'li',
    {},
    element('p', {}, element('strong', { class: 'who' }, MOVERS[who]), ' ', text),
    setting !== undefined && copyBlock(setting, `the setting ${setting}`),
    record !== undefined && [
      element('p', {}, 'Publish at ', element('code', {}, withBlanks(record.name)), ` (${record.type})`),
      copyBlock(
        record.data,
        `the ${record.type} record for ${record.name}`,
        element('span', {}, withBlanks(record.data)),
      ),
      hasBlank(record.name + record.data) &&
        element('p', { class: 'muted' }, 'Fill in what is marked: only you know it.'),
    ],
  );

/** @type {Readonly<Record<ActualSender['relation'], string>>} */
const RELATIONS = {
  'same-organization': 'of the same organization',
  'mailing-list': 'apparently a mailing list',
  forwarder: 'apparently a forwarder',
  'sending-service': 'apparently a sending service',
  unknown: 'what it is to the author is not known',
};

const METHODS = /** @type {const} */ ({ spf: 'SPF', dkim: 'DKIM' });

/** @param {ActualSender} sender */
const actualSender = ({ domain, by, relation }) =>
  element(
    'li',
    {},
    element(
      'p',
      {},
      element('strong', {}, domain),
      `, ${RELATIONS[relation]}; proven by ${by.map((method) => METHODS[method]).join(' and ')}`,
    ),
  );

/** @type {Readonly<Record<AuthorProof['kind'], (proof: AuthorProof) => string>>} */
const PROOFS = {
  dkim: ({ domain }) => `DKIM signature of ${domain}`,
  spf: ({ domain }) => `SPF pass for ${domain}`,
  arc: ({ by, domain }) => `${by} saw DMARC pass for ${domain}, and sealed that (ARC)`,
  'authentication-results': ({ by, domain }) => `${by} wrote that it comes from ${domain} (Authentication-Results)`,
  forwarder: ({ by }) => `${by} handed it on`,
};

/** @param {AuthorProof} proof @param {(() => void) | null} open opens the box with the evidence */
const proofItem = (proof, open) => {
  const { kind, by, at } = proof;
  const isOwn = kind === 'dkim' || kind === 'spf';
  return element(
    'li',
    {},
    element('p', {}, resultWord(isOwn ? 'checked' : 'trusted', 'good'), ' ', PROOFS[kind](proof)),
    element(
      'p',
      { class: 'row muted' },
      element(
        'span',
        {},
        isOwn ? `by ${by}, this service, ` : 'trusted by a setting of this service; ',
        at === null ? 'the time is not known' : timeView(at),
      ),
      open !== null &&
        element(
          'button',
          { type: 'button', class: 'plain', 'aria-label': `Show the evidence: ${PROOFS[kind](proof)}`, onclick: open },
          'Show the evidence',
        ),
    ),
  );
};
