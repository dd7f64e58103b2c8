/**
 * The form of a message: text or a file, transport facts, samples. Octets of a file are kept as
 * they are; a pasted text has no line ends of its own and gets CRLF (RFC 5322 section 2.1). Nothing
 * of it is stored.
 */
import { announce } from '../shared/announce.js';
import { byteCount } from '../shared/dns-text.js';
import { byId, element, fill } from '../shared/dom.js';
import { sentence } from '../shared/facts.js';
import { problemView } from '../shared/problem-view.js';
import { samples, verify } from '../shared/service.js';
import { receivedView } from './received-view.js';

/** @import { VerifyFacts } from '../shared/service.js' */
/** @import { SmtpFacts } from '../../../schemas/smtp.ts' */
/** @import { Samples } from '../../../schemas/samples.ts' */

/**
 * @typedef {{ bytes: Uint8Array<ArrayBuffer>, fileName: string, about: string }} Message about: what
 * a sample shows; "" for a message of the visitor's own
 */

/** Largest message shown in the field, in octets; a larger one is judged all the same. */
const MAX_SHOWN_BYTES = 524288;

const text = byId('message-text', HTMLTextAreaElement);
const note = byId('message-note', HTMLElement);
const picker = byId('message-file', HTMLInputElement);
const sample = byId('sample', HTMLSelectElement);
const sampleAbout = byId('sample-about', HTMLElement);
const ownMx = byId('own-mx', HTMLInputElement);
const receivedPath = byId('received-path', HTMLElement);
const moreFacts = byId('more-facts', HTMLElement);
const inputs = /** @type {const} */ ({
  clientIp: byId('client-ip', HTMLInputElement),
  helo: byId('helo', HTMLInputElement),
  mailFrom: byId('mail-from', HTMLInputElement),
});

/** A file as it came; null: what stands in the field. @type {Message | null} */
let file = null;
/** Facts that were filled in and have no field of their own. @type {SmtpFacts} */
let otherFacts = {};
/** Records of the sample on the form. @type {Samples['dns']} */
let sampleRecords = [];

const TEXT_NOTE = note.textContent ?? '';

/** The message on the form; null when there is none. @returns {Message | null} */
export const formMessage = () => {
  if (file !== null) return file;
  if (text.value.trim() === '') return null;
  return { bytes: new TextEncoder().encode(text.value.replaceAll('\n', '\r\n')), fileName: 'message.eml', about: '' };
};

/** The facts on the form. @returns {VerifyFacts} */
export const formFacts = () => {
  const given = Object.entries(inputs).flatMap(([name, input]) =>
    input.value.trim() === '' ? [] : [[name, input.value.trim()]],
  );
  const smtp = { ...otherFacts, ...Object.fromEntries(given) };
  // The null reverse-path is written as in SMTP; the service reads "" the same.
  if (smtp.mailFrom === '<>') smtp.mailFrom = '';
  return { smtp, dns: sampleRecords };
};

/** @param {Message} message */
const showFile = (message) => {
  file = message;
  const { length } = message.bytes;
  const shown = length <= MAX_SHOWN_BYTES;
  text.value = shown ? new TextDecoder().decode(message.bytes) : '';
  note.textContent = `${message.fileName}, ${byteCount(length)}${shown ? '' : '; too long to show, judged as it is'}`;
};

/** @param {SmtpFacts} facts */
const showFacts = (facts) => {
  const { clientIp, helo, mailFrom, ...others } = facts;
  inputs.clientIp.value = clientIp ?? '';
  inputs.helo.value = helo ?? '';
  inputs.mailFrom.value = mailFrom === '' ? '<>' : (mailFrom ?? '');
  otherFacts = others;
  const names = Object.keys(others);
  moreFacts.hidden = names.length === 0;
  fill(
    moreFacts,
    'Also told: ',
    element('code', {}, JSON.stringify(others)),
    ' ',
    element(
      'button',
      { type: 'button', class: 'plain', onclick: () => showFacts({ clientIp, helo, mailFrom: mailFrom ?? undefined }) },
      'Leave out',
    ),
  );
};

/** A message of the visitor's own: nothing of a sample may be left beside it. */
const leaveSample = () => {
  sampleRecords = [];
  sample.value = '';
  sampleAbout.hidden = true;
};

/** @param {File} chosen */
const takeFile = async (chosen) => {
  const bytes = new Uint8Array(await chosen.arrayBuffer());
  leaveSample();
  showFile({ bytes, fileName: chosen.name, about: '' });
  announce(`${chosen.name} is on the form`);
};

/** Empties the form. */
export const clearForm = () => {
  file = null;
  leaveSample();
  text.value = '';
  note.textContent = TEXT_NOTE;
  showFacts({});
};

/** @param {() => void} judge called when a sample was chosen */
export const startForm = (judge) => {
  text.addEventListener('input', () => {
    file = null;
    leaveSample();
    note.textContent = TEXT_NOTE;
  });
  byId('choose-file', HTMLButtonElement).addEventListener('click', () => picker.click());
  picker.addEventListener('change', () => {
    const [chosen] = picker.files ?? [];
    if (chosen !== undefined) void takeFile(chosen);
    picker.value = '';
  });
  byId('fill-in', HTMLButtonElement).addEventListener('click', () => void fillIn());
  acceptDrops();
  void offerSamples(judge);
};

const acceptDrops = () => {
  const view = byId('message-view', HTMLElement);
  const drop = byId('drop', HTMLElement);
  for (const name of ['dragover', 'dragleave', 'drop'])
    view.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle('over', name === 'dragover');
    });
  view.addEventListener('drop', (event) => {
    const [dropped] = event.dataTransfer?.files ?? [];
    if (dropped !== undefined) void takeFile(dropped);
  });
};

/** @param {() => void} judge */
const offerSamples = async (judge) => {
  const offered = await samples();
  if (!offered.ok || offered.value.messages.length === 0) return;
  const { messages, dns } = offered.value;
  fill(
    sample,
    element('option', { value: '' }, 'Choose one…'),
    messages.map(({ file, title }) => element('option', { value: file }, `${file.replace(/\.eml$/, '')}: ${title}`)),
  );
  sample.disabled = false;
  sample.addEventListener('change', () => {
    const chosen = messages.find(({ file }) => file === sample.value);
    if (chosen === undefined) return;
    showFile({
      bytes: Uint8Array.from(chosen.message, (octet) => octet.charCodeAt(0)),
      fileName: chosen.file,
      about: chosen.title,
    });
    sampleAbout.textContent = chosen.title;
    sampleAbout.hidden = false;
    showFacts(chosen.smtp);
    sampleRecords = dns;
    judge();
  });
};

/**
 * Has the service read the facts out of the message; only what the named servers wrote is believed.
 */
const fillIn = async () => {
  const problems = byId('message-problem', HTMLElement);
  const message = formMessage();
  const names = ownMx.value.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
  fill(problems);
  fill(receivedPath);
  if (message === null || names.length === 0) {
    const missing = message === null ? text : ownMx;
    announce(message === null ? 'First put a message on the form' : 'First name your own mail servers');
    missing.focus();
    return;
  }
  const outcome = await verify(message.bytes, { trustReceived: names }, new AbortController().signal);
  if (!outcome.ok) {
    fill(
      problems,
      problemView(outcome.problem, () => void fillIn()),
    );
    return;
  }
  const { derived, smtp, findings } = outcome.value;
  const path = derived?.path ?? [];
  if (path.length > 0) fill(receivedPath, receivedView(path));
  if (derived?.from === null || derived === undefined) {
    const title = `No Received field of this message says that ${names.join(' or ')} wrote it`;
    const detail = findings.find(({ code }) => code === 'no-trusted-source')?.message;
    fill(
      problems,
      problemView(
        { type: 'about:blank', title, status: 0, ...(detail !== undefined && { detail }) },
        () => void fillIn(),
      ),
    );
    return;
  }
  showFacts(smtp);
  const unknown = findings.filter(({ field }) => field === 'derived.path' || field === 'smtp.mailFrom');
  announce(`Filled in from ${derived.from}`);
  note.textContent = `Facts filled in from ${derived.from}${unknown.map(({ message }) => `. ${sentence(message)}`).join('')}`;
};
