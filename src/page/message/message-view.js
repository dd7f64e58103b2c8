/** The view of a message: the form, and the verdict in its place once there is one. */
import { announce } from '../shared/announce.js';
import { byId, element, fill } from '../shared/dom.js';
import { problemView } from '../shared/problem-view.js';
import { verify } from '../shared/service.js';
import { clearForm, formFacts, formMessage, startForm } from './message-form.js';
import { verdictView } from './verdict-view.js';

const entry = byId('message-entry', HTMLElement);
const bar = byId('message-bar', HTMLElement);
const shown = byId('verdict', HTMLElement);
const problems = byId('message-problem', HTMLElement);
const button = byId('judge', HTMLButtonElement);

/** The verification under way; a newer one ends it. */
let running = new AbortController();

/** @param {(domain: string) => void} showDomain */
export const startMessageView = (showDomain) => {
  const judge = () => void judgeForm(showDomain);
  startForm(judge);
  byId('message-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    judge();
  });
};

/** @param {(domain: string) => void} showDomain */
const judgeForm = async (showDomain) => {
  running.abort();
  running = new AbortController();
  const { signal } = running;
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
  setBusy(true);
  announce('Judging the message');
  try {
    const outcome = await verify(message.bytes, facts, signal);
    if (!outcome.ok) {
      fill(
        problems,
        problemView(outcome.problem, () => void judgeForm(showDomain)),
      );
      return;
    }
    const { heading, parts } = verdictView(outcome.value, message, facts, showDomain);
    fill(shown, ...parts);
    showBar(message);
    announce(`Verdict: ${outcome.value.author.summary}`);
    heading.focus({ preventScroll: true });
    window.scrollTo({ top: 0 });
  } catch (cause) {
    if (!signal.aborted) throw cause;
  } finally {
    if (!signal.aborted) setBusy(false);
  }
};

/** @param {boolean} busy */
const setBusy = (busy) => {
  button.disabled = busy;
  button.textContent = busy ? 'Judging…' : 'Judge the message';
};

/** @import { Message } from './message-form.js' */

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
      about !== '' && element('p', { class: 'bar-about muted' }, about),
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
