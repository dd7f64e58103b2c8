/**
 * The answer of the verifier for each example, as text for their README: what it says, who it was
 * else, and whose move it is. Asks no server: the zone of the examples holds every name.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuthorVerdict } from '../schemas/author.ts';
import { Config, createLog, createMailverdict } from '../src/index.ts';
import { EXAMPLES } from './cases.ts';

/** Where no server listens: a question that leaves the zone would fail at once. */
const NO_SERVER = '127.0.0.1:9';
const WHO = { receiver: 'receiver', 'domain-owner': 'domain owner' } as const;

/**
 * Judges every example.
 * @param folder where the messages and their zone are
 */
export async function exampleAnswers(folder: string): Promise<string> {
  const settings = { dnsServers: NO_SERVER, dnsZone: join(folder, 'zone.txt'), authservId: 'mx.receiver.example' };
  const { verify, resolver } = createMailverdict(Config.parse(settings), createLog('silent'));
  try {
    const sections: string[] = [];
    for (const { file, smtp } of EXAMPLES) {
      const { author } = await verify(readFileSync(join(folder, file)), smtp);
      sections.push(section(file, author));
    }
    return sections.join('\n\n');
  } finally {
    resolver.close();
  }
}

const section = (file: string, { level, summary, actual, next }: AuthorVerdict): string =>
  [
    `**${file}**, ${level}. ${code(summary)}`,
    ...(actual.length === 0 && next.length === 0 ? [] : ['']),
    ...actual.map(({ domain, by, relation }) => `- actual: ${domain}, by ${by.join(' and ')}, relation ${relation}`),
    ...next.map(({ who, text, record }) => {
      const shown = record === undefined ? '' : ` \`${record.name} ${record.type} "${record.data}"\``;
      return `- ${WHO[who]}: ${code(text)}${shown}`;
    }),
  ].join('\n');

/** Settings with their value as code, so that nothing in them is markup. */
const code = (text: string): string => text.replace(/[A-Z]+(?:_[A-Z]+)*=[^\s:,]+/g, '`$&`');
