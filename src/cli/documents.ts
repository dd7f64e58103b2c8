/**
 * The documents that are made from the code, in whole or in part: README.md and pages of docs/.
 * Writes nothing; `npm run readme` does.
 */
import { findingsCatalogue, problemsCatalogue } from '../http/catalogue/catalogue.ts';
import { toMarkdown } from '../http/catalogue/markdown.ts';
import { settingsPage, withFirstSettings } from '../settings/settings-table.ts';
import { EXIT, EXIT_MEANINGS } from './command.ts';
import { COMMANDS } from './commands.ts';

/** A document by its path from the root of the project. */
type MadeDocument = {
  readonly path: string;
  /**
   * The text as it should be.
   * @param text as it is, empty where there is no such file
   * @throws Error when a place to write into is missing
   */
  readonly make: (text: string) => string | Promise<string>;
};

export const MADE_DOCUMENTS: readonly MadeDocument[] = [
  {
    path: 'README.md',
    make: (text) => {
      const made = withFirstSettings(text);
      if (made === null) throw new Error('README.md needs <!-- settings --> and <!-- /settings --> once each');
      return made;
    },
  },
  { path: 'docs/settings.md', make: settingsPage },
  {
    path: 'docs/findings.md',
    make: () => toMarkdown(findingsCatalogue(), 'src/verdict/findings/catalogue.ts and src/posture/rules'),
  },
  { path: 'docs/command-line.md', make: () => commandLinePage() },
  { path: 'docs/problems.md', make: () => toMarkdown(problemsCatalogue(), 'schemas/problem-kinds.ts') },
];

/** The help of every command. */
const commandLinePage = async (): Promise<string> => {
  const commands = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, { summary, load }]) => ({ name, summary, help: (await load()).help })),
  );
  return `${[
    '# Command line',
    '<!-- Written by `npm run readme` from src/cli/commands. -->',
    '`npx mailverdict` in this checkout, `mailverdict` where it is installed. Settings are those of the service: [Settings](settings.md).',
    [
      '| Command | What it does |',
      '| --- | --- |',
      ...commands.map(({ name, summary }) => `| [${name}](#${name}) | ${summary} |`),
    ].join('\n'),
    '## Exit codes',
    [
      '| Code | What it means |',
      '| --- | --- |',
      ...Object.entries(EXIT_MEANINGS).map(([name, meaning]) => `| ${EXIT[name as keyof typeof EXIT]} | ${meaning} |`),
    ].join('\n'),
    'The `Exit` of each command below says it in its own words. [Results](results.md) tells what each result word means.',
    ...commands.map(({ name, help }) => `## ${name}\n\n\`\`\`\n${help.trimEnd()}\n\`\`\``),
  ].join('\n\n')}\n`;
};
