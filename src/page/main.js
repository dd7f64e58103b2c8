/**
 * Starts the page and moves between its views. A domain stands in the address, so that it can
 * be linked to, and so does a report that is sent; nothing of a message ever does.
 */

import { startConnectView } from './connect/connect-view.js';
import { showDomain, startDomainView } from './domain/domain-view.js';
import { startMessageView } from './message/message-view.js';
import { showReports, startReportsView } from './reports/reports-view.js';
import { byId } from './shared/dom.js';
import { followHere } from './shared/inner-link.js';

const views = {
  message: byId('message-view', HTMLElement),
  domain: byId('domain-view', HTMLElement),
  connect: byId('connect-view', HTMLElement),
  reports: byId('reports-view', HTMLElement),
};

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
  const query = new URLSearchParams(location.search);
  const report = query.get('reports');
  if (report !== null) {
    showView('reports');
    document.title = 'DMARC reports – Mailverdict';
    showReports(report, query);
    return;
  }
  const domain = query.get('domain');
  showView(domain !== null ? 'domain' : query.has('connect') ? 'connect' : 'message');
  document.title = domain ? `${domain} – Mailverdict` : 'Mailverdict';
  if (domain !== null) showDomain(domain);
};

/** @param {string} address */
const goTo = (address) => {
  history.pushState(null, '', address);
  followAddress();
};

/** @param {string} domain */
const goToDomain = (domain) => goTo(`/?domain=${encodeURIComponent(domain)}`);

for (const link of document.querySelectorAll('a[data-view]')) followHere(link, goTo);

window.addEventListener('popstate', followAddress);
startMessageView(goToDomain);
startDomainView(goToDomain);
startConnectView();
startReportsView(goTo);
followAddress();
