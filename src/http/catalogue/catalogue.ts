/**
 * The catalogues that people look codes up in: the findings and the kinds of problem, as tables
 * with an anchor for each code. Made from the tables in the code; docs/ and the pages of the
 * service are written from them. Pure.
 */

import { PROBLEMS } from '../../../schemas/problem-kinds.ts';
import type { FindingFacts } from '../../findings/finding.ts';
import { RULES } from '../../posture/rules/findings.ts';
import { FINDINGS } from '../../verdict/findings/catalogue.ts';

/** Text without markup, except that backticks enclose code. */
type Text = string;

/** One row: the first row of a code has the anchor by which others link to it. */
type Row = { readonly anchor?: string; readonly cells: readonly Text[] };

export type Table = { readonly columns: readonly Text[]; readonly rows: readonly Row[] };

/** A page that answers "what does this code mean?". */
export type Catalogue = {
  readonly title: Text;
  readonly intro: readonly Text[];
  readonly sections: readonly { readonly title: Text; readonly table: Table }[];
};

type Known = FindingFacts & { readonly code: string };

/** Every finding of a verdict and of the domain view. */
export const findingsCatalogue = (): Catalogue => {
  const ofVerdict: Known[] = Object.entries(FINDINGS).map(([code, facts]) => ({ code, ...facts }));
  const ofDomain: readonly Known[] = RULES;
  const ofBoth = new Set(
    ofVerdict.map(({ code }) => code).filter((code) => ofDomain.some((other) => other.code === code)),
  );
  const columns = ['Code', 'Severity', 'Rule', 'What it says'];
  const row = ({ code, severity, section, about }: Known): Row => ({
    anchor: code,
    cells: [`\`${code}\``, severity, section, about],
  });
  const alone = (list: readonly Known[]): Row[] => list.filter(({ code }) => !ofBoth.has(code)).map(row);
  return {
    title: 'Findings',
    intro: [
      'A finding is one fact worth attention. It never changes a result; its code is stable, and programs may rely on it.',
      'error: something is broken; warning: something will break or be abused; advice: could be better; info: a fact; good: as it should be.',
    ],
    sections: [
      { title: 'In a verdict', table: { columns, rows: alone(ofVerdict) } },
      { title: 'In the domain view', table: { columns, rows: alone(ofDomain) } },
      {
        title: 'In both',
        table: {
          columns: ['Code', 'Where', ...columns.slice(1)],
          rows: [...ofBoth].flatMap((code) =>
            [
              { where: 'verdict', list: ofVerdict },
              { where: 'domain view', list: ofDomain },
            ].flatMap(({ where, list }, index) =>
              list
                .filter((known) => known.code === code)
                .map(({ severity, section, about }) => ({
                  ...(index === 0 && { anchor: code }),
                  cells: [`\`${code}\``, where, severity, section, about],
                })),
            ),
          ),
        },
      },
    ],
  };
};

/** Every kind of problem. */
export const problemsCatalogue = (): Catalogue => ({
  title: 'Problems',
  intro: [
    'Every error answer is a problem document (RFC 9457) with `type`, `title`, `status` and, where it helps, `detail`, `errors` and `requestId`. The `type` is `urn:mailverdict:problem:` and the kind, which is stable; programs should look at it, and people at `detail`.',
    'In a batch and in a request for several domains, a problem is in the line of the message or domain that it is about, and the answer goes on.',
  ],
  sections: [
    {
      title: 'Kinds',
      table: {
        columns: ['Kind', 'Status', 'What it means', 'What the caller can do'],
        rows: Object.entries(PROBLEMS).map(([kind, { status, meaning, remedy }]) => ({
          anchor: kind,
          cells: [`\`${kind}\``, String(status), meaning, remedy],
        })),
      },
    },
  ],
});
