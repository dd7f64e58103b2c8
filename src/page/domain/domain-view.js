/**
 * The view of a domain: a name, its posture, and records that are tried before they are published.
 * Tried records are kept on the page only; the address holds the name alone, so that it can be
 * linked to.
 */
import { announce } from '../shared/announce.js';
import { byId, element, fill } from '../shared/dom.js';
import { draftsView } from '../shared/drafts-view.js';
import { problemView } from '../shared/problem-view.js';
import { assess, samples } from '../shared/service.js';
import { postureView } from './posture-view.js';

/** @import { OverlayRecord } from '../../../schemas/dns.ts' */
/** @import { PostureRequest } from '../../../schemas/requests/domain.ts' */

/** Domains of the samples offered to try, at most. */
const MAX_OFFERED = 6;

const form = byId('domain-form', HTMLFormElement);
const field = byId('domain-name', HTMLInputElement);
const selectors = byId('selectors', HTMLInputElement);
const senderIp = byId('sender-ip', HTMLInputElement);
const button = byId('assess', HTMLButtonElement);
const problems = byId('domain-problem', HTMLElement);
const shown = byId('posture', HTMLElement);

/** Records that are tried, by name and type. @type {Map<string, OverlayRecord>} */
const drafts = new Map();
/** The assessment under way; a newer one ends it. */
let running = new AbortController();
let shownDomain = '';

/** @param {(domain: string) => void} go puts a domain into the address and shows it */
export const startDomainView = (go) => {
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    go(field.value.trim());
  });
  void offerDomains(go);
};

/** Shows what a domain publishes. @param {string} domain as somebody wrote it; "" for none yet */
export const showDomain = (domain) => {
  field.value = domain;
  drafts.clear();
  if (domain === '') {
    running.abort();
    shownDomain = '';
    fill(problems);
    fill(shown);
    field.focus();
    return;
  }
  if (shownDomain !== domain) fill(shown);
  shownDomain = domain;
  void run();
};

/** Tries a record set in the place of what is published. @param {OverlayRecord} record */
const tryRecord = (record) => {
  drafts.set(`${record.name} ${record.type}`, record);
  void run();
};

/** @param {string} key */
const dropRecord = (key) => {
  drafts.delete(key);
  void run();
};

/** @returns {PostureRequest} */
const request = () => {
  const names = selectors.value.split(/[\s,]+/).filter((name) => name !== '');
  return {
    include: ['evidence'],
    ...(names.length > 0 && { selectors: names }),
    ...(senderIp.value.trim() !== '' && { clientIp: senderIp.value.trim() }),
    ...(drafts.size > 0 && { dns: [...drafts.values()] }),
  };
};

const run = async () => {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  const sent = request();
  setBusy(true);
  fill(problems);
  announce(`Assessing ${shownDomain}`);
  try {
    const outcome = await assess(shownDomain, sent, signal);
    if (!outcome.ok) {
      fill(
        problems,
        problemView(outcome.problem, () => void run()),
        draftsView(drafts, dropRecord),
      );
      return;
    }
    const { heading, parts } = postureView(outcome.value, sent, tryRecord);
    fill(shown, draftsView(drafts, dropRecord), ...parts);
    announce(`${outcome.value.summary}. Grade ${outcome.value.grade.letter ?? 'unknown'}`);
    heading.focus({ preventScroll: true });
    heading.closest('.card')?.scrollIntoView({ block: 'start' });
  } catch (cause) {
    if (!signal.aborted) throw cause;
  } finally {
    if (!signal.aborted) setBusy(false);
  }
};

/** @param {boolean} busy */
const setBusy = (busy) => {
  button.disabled = busy;
  button.textContent = busy ? 'Assessing…' : 'Assess';
  shown.setAttribute('aria-busy', String(busy));
};

/**
 * Offers the domains of the samples, where the service itself answers for them.
 * @param {(domain: string) => void} go
 */
const offerDomains = async (go) => {
  const offered = await samples();
  if (!offered.ok || offered.value.dns.length > 0) return;
  const domains = new Set(
    offered.value.messages.flatMap(({ smtp }) =>
      smtp.mailFrom?.includes('@') ? smtp.mailFrom.split('@').slice(-1) : [],
    ),
  );
  if (domains.size === 0) return;
  form.append(
    element(
      'p',
      { class: 'row muted' },
      'Try',
      [...domains]
        .slice(0, MAX_OFFERED)
        .map((domain) => element('button', { type: 'button', class: 'plain', onclick: () => go(domain) }, domain)),
    ),
  );
};
