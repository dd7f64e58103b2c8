/** A catalogue as Markdown, with an anchor for each code. Pure. */
import type { Catalogue, Table } from './catalogue.ts';

/** @param source where the tables come from, for those who would edit the file */
export const toMarkdown = ({ title, intro, sections }: Catalogue, source: string): string =>
  `${[
    `# ${title}`,
    `<!-- Written by \`npm run readme\` from ${source}. -->`,
    ...intro,
    ...sections.flatMap((section) => [...(sections.length > 1 ? [`## ${section.title}`] : []), tableOf(section.table)]),
  ].join('\n\n')}\n`;

const tableOf = ({ columns, rows }: Table): string =>
  [
    line(columns),
    line(columns.map(() => '---')),
    ...rows.map(({ anchor, cells }) =>
      line(
        cells.map(
          (text, index) => `${index === 0 && anchor !== undefined ? `<a id="${anchor}"></a>` : ''}${escaped(text)}`,
        ),
      ),
    ),
  ].join('\n');

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

const escaped = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
