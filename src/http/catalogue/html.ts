/**
 * A catalogue as a page of the service: no script, no inline style, every code with its anchor, so
 * that a finding or a problem can link to what it means without a network. Pure.
 */
import type { Catalogue, Table } from './catalogue.ts';

/** A whole HTML document. */
export const toHtml = ({ title, intro, sections }: Catalogue): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${marked(title)} – Mailverdict</title>
<link rel="icon" href="/page/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/page/shared/base.css">
<link rel="stylesheet" href="/page/shared/catalogue.css">
</head>
<body>
<header class="top">
<a class="brand" href="/"><img src="/page/icon.svg" alt="" width="28" height="28"> Mailverdict</a>
<nav aria-label="Views">
<a href="/">Message</a>
<a href="/?domain=">Domain</a>
<a href="/?connect=">Connect</a>
<a href="/docs">API</a>
</nav>
</header>
<main>
<h1>${marked(title)}</h1>
${intro.map((text) => `<p>${marked(text)}</p>`).join('\n')}
${sections.map((section) => `<section class="card">\n<h2>${marked(section.title)}</h2>\n${listOf(section.table)}\n</section>`).join('\n')}
</main>
</body>
</html>
`;

/** A table as a list, which a narrow window can show: the first column is the term. */
const listOf = ({ columns: [, ...columns], rows }: Table): string =>
  `<dl class="catalogue">\n${rows
    .map(({ anchor, cells: [code = '', ...cells] }) => {
      const details = cells.map(
        (text, index) => `<dd><span class="muted">${marked(columns[index] ?? '')}:</span> ${marked(text)}</dd>`,
      );
      return `<div${anchor === undefined ? '' : ` id="${escaped(anchor)}"`}><dt>${marked(code)}</dt>${details.join('')}</div>`;
    })
    .join('\n')}\n</dl>`;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escaped = (text: string): string => text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');

/** Text with its code marked: every second piece between backticks. */
const marked = (text: string): string =>
  text
    .split('`')
    .map((piece, index) => (index % 2 === 1 ? `<code>${escaped(piece)}</code>` : escaped(piece)))
    .join('');
