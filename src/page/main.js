/**
 * Starts the page and moves between its two views. A domain stands in the address, so that it can
 * be linked to; nothing of a message ever does.
 */

import { showDomain, startDomainView } from './domain/domain-view.js';
import { startMessageView } from './message/message-view.js';
import { byId } from './shared/dom.js';

const views = { message: byId('message-view', HTMLElement), domain: byId('domain-view', HTMLElement) };

/** @typedef {keyof typeof views} View */

/** @param {View} view */
const showView = (view) => {
  for (const [name, section] of Object.entries(views)) section.hidden = name !== view;
  for (const link of document.querySelectorAll('nav a[data-view]')) {
    if (link.getAttribute('data-view') === view) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
};

/** Shows what the address says. */
const followAddress = () => {
  const domain = new URLSearchParams(location.search).get('domain');
  showView(domain === null ? 'message' : 'domain');
  document.title = domain ? `${domain} – Mailverdict` : 'Mailverdict';
  if (domain !== null) showDomain(domain);
};

/** @param {string | null} domain null: the view of a message */
const go = (domain) => {
  history.pushState(null, '', domain === null ? '/' : `/?domain=${encodeURIComponent(domain)}`);
  followAddress();
};

for (const link of document.querySelectorAll('a[data-view]'))
  link.addEventListener('click', (event) => {
    if (!(event instanceof MouseEvent) || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(link.getAttribute('data-view') === 'domain' ? '' : null);
  });

window.addEventListener('popstate', followAddress);
startMessageView(go);
startDomainView(go);
followAddress();
