/**
 * The view of a message: the form, and the verdict in its place once there is one. Records that are
 * not published can be tried on the message; they are kept on the page only.
 */
import { announce } from '../shared/announce.js';
import { byId, element, fill } from '../shared/dom.js';
import { draftsView } from '../shared/drafts-view.js';
import { problemView } from '../shared/problem-view.js';
import { verify } from '../shared/service.js';
import { clearForm, formFacts, formMessage, startForm } from './message-form.js';
import { verdictView } from './verdict-view.js';

/** @import { OverlayRecord } from '../../../schemas/dns.ts' */
/** @import { Verdict } from '../../../schemas/verdict.ts' */
/** @import { VerifyFacts } from '../shared/service.js' */
/** @import { Message } from './message-form.js' */

/**
 * @typedef {{ message: Message, facts: VerifyFacts, published: Verdict }} Judged published: the
 * verdict by what DNS says
 */

const entry = byId('message-entry', HTMLElement);
const bar = byId('message-bar', HTMLElement);
const shown = byId('verdict', HTMLElement);
const problems = byId('message-problem', HTMLElement);
const button = byId('judge', HTMLButtonElement);

/** The verification under way; a newer one ends it. */
let running = new AbortController();
/** The message that is shown; null: none is. @type {Judged | null} */
let judged = null;
/** Records that are tried on it, by name and type. @type {Map<string, OverlayRecord>} */
const drafts = new Map();
/** @type {(domain: string) => void} */
let showDomain = () => undefined;

/** @param {(domain: string) => void} go shows a domain */
export const startMessageView = (go) => {
  showDomain = go;
  const judge = () => void judgeForm();
  startForm(judge);
  byId('message-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    judge();
  });
};

const judgeForm = async () => {
  const message = formMessage();
  fill(problems);
  if (message === null) {
    const title = 'There is no message yet';
    const detail = 'Paste one, drop a file, or try a sample.';
    fill(
      problems,
      problemView({ type: 'about:blank', title, status: 0, detail }, () => undefined),
    );
    byId('message-text', HTMLTextAreaElement).focus();
    return;
  }
  const facts = formFacts();
  const verdict = await ask(message, facts, problems, () => void judgeForm());
  if (verdict === null) return;
  drafts.clear();
  judged = { message, facts, published: verdict };
  showBar(message);
  show(judged, verdict, facts);
};

/**
 * Asks for a verdict.
 * @param {Message} message
 * @param {VerifyFacts} facts
 * @param {Element} place where a problem is shown
 * @param {() => void} retry
 * @returns {Promise<Verdict | null>} null: there is a problem, or a newer question
 */
const ask = async (message, facts, place, retry) => {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  setBusy(true);
  announce('Judging the message');
  try {
    const outcome = await verify(message.bytes, facts, signal);
    if (signal.aborted) return null;
    if (outcome.ok) return outcome.value;
    fill(place, problemView(outcome.problem, retry));
    return null;
  } catch (cause) {
    if (!signal.aborted) throw cause;
    return null;
  } finally {
    if (!signal.aborted) setBusy(false);
  }
};

/** @param {Judged} current @param {Verdict} verdict @param {VerifyFacts} facts those it was given for */
const show = (current, verdict, facts) => {
  const { heading, parts } = verdictView(verdict, current.message, facts, {
    showDomain,
    tryRecord,
    before: verdict === current.published ? null : current.published,
  });
  fill(shown, draftsView(drafts, dropRecord), ...parts);
  announce(`Verdict: ${verdict.author.summary}`);
  heading.focus({ preventScroll: true });
  window.scrollTo({ top: 0 });
};

/** Judges by this record set in the place of what is published. @param {OverlayRecord} record */
const tryRecord = (record) => {
  drafts.set(`${record.name} ${record.type}`, record);
  void judgeDrafts();
};

/** @param {string} key */
const dropRecord = (key) => {
  drafts.delete(key);
  void judgeDrafts();
};

/** Judges the shown message once more, by what is tried beside what is published. */
const judgeDrafts = async () => {
  const current = judged;
  if (current === null) return;
  if (drafts.size === 0) {
    running.abort();
    setBusy(false);
    show(current, current.published, current.facts);
    return;
  }
  const tried = [...drafts.values()];
  const others = (current.facts.dns ?? []).filter(
    ({ name, type }) => !tried.some((one) => one.name === name && one.type === type),
  );
  const facts = { ...current.facts, dns: [...others, ...tried] };
  const place = element('div', {});
  const verdict = await ask(current.message, facts, place, () => void judgeDrafts());
  if (verdict !== null && judged === current) show(current, verdict, facts);
  else if (place.childElementCount > 0) {
    fill(shown, draftsView(drafts, dropRecord), place);
    window.scrollTo({ top: 0 });
  }
};

/** @param {boolean} busy */
const setBusy = (busy) => {
  button.disabled = busy;
  button.textContent = busy ? 'Judging…' : 'Judge the message';
};

/** Folds the form into one line, so that the answer stands on top. @param {Message} message */
const showBar = ({ fileName, about }) => {
  entry.hidden = true;
  bar.hidden = false;
  fill(
    bar,
    element(
      'div',
      {},
      element('h1', { class: 'bar-title' }, fileName),
      about !== '' && element('p', { class: 'bar-about muted' }, `– ${about}`),
    ),
    element(
      'span',
      { class: 'row' },
      element('button', { type: 'button', 'aria-label': 'Change and judge again', onclick: () => reopen() }, 'Change'),
      element(
        'button',
        {
          type: 'button',
          onclick: () => {
            clearForm();
            judged = null;
            drafts.clear();
            fill(shown);
            reopen();
          },
        },
        'Another message',
      ),
    ),
  );
};

const reopen = () => {
  entry.hidden = false;
  bar.hidden = true;
  byId('message-text', HTMLTextAreaElement).focus();
};
