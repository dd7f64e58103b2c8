/**
 * Every example in a comment of the public doors is run as it stands there, and prints what the
 * comments behind its output say. Only addresses are replaced: of the package, the service and the
 * DNS server.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import * as clientDoor from '../../src/client/client.ts';
import * as mainDoor from '../../src/index.ts';
import { startApp } from '../client/running-service.ts';
import { serveLookup } from '../dns/wire-server.ts';
import { exampleLookup } from '../verdict/make-verifier.ts';
import { readSource, sourceFiles } from './sources.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'mailverdict-examples-'));
const service = await startApp();
const dns = await serveLookup(exampleLookup);
after(async () => {
  await rm(folder, { recursive: true });
  await service.close();
  await dns.close();
});

type Example = { readonly name: string; readonly code: string; readonly printed: string };

/** The examples of a source text, each with the name that its comment belongs to. */
const examplesIn = (text: string): Example[] =>
  text.split('/**').flatMap((part) => {
    const end = part.indexOf('*/');
    const at = part.indexOf('@example');
    if (at === -1 || at > end) return [];
    const name =
      /^\s*(?:export )?(?:async )?\*?\s*(?:(?:const|class|function) )?(\w+)/.exec(part.slice(end + 2))?.[1] ?? '';
    const lines = part
      .slice(at + '@example'.length, end)
      .split('\n')
      .map((line) => line.replace(/^\s*\* ?/, ''));
    const printed = lines.flatMap((line) => (line.startsWith('// ') ? [line.slice(3)] : [])).join('\n');
    return [{ name, code: lines.join('\n'), printed }];
  });

const examples = sourceFiles('src').flatMap((file) => examplesIn(readSource(file)));

const isCallable = ([, value]: [string, unknown]): boolean => typeof value === 'function';
const offered = [...Object.entries(mainDoor).filter(isCallable), ...Object.entries(clientDoor).filter(isCallable)].map(
  ([name]) => name,
);
const methods = Object.getOwnPropertyNames(clientDoor.MailverdictClient.prototype).filter(
  (name) => name !== 'constructor',
);

for (const name of [...offered, ...methods])
  test(`${name} has an example in its comment`, () => assert.ok(examples.some((example) => example.name === name)));

for (const [index, { name, code, printed }] of examples.entries())
  test(`the example of ${name} runs and prints what it says`, async () => {
    const file = join(folder, `${index}.ts`);
    await writeFile(
      file,
      code
        .replaceAll("'mailverdict/client'", `'${new URL('../../src/client/client.ts', import.meta.url)}'`)
        .replaceAll("'mailverdict'", `'${new URL('../../src/index.ts', import.meta.url)}'`)
        .replaceAll("'http://localhost:8080'", `'${service.baseUrl}'`)
        .replaceAll("'127.0.0.1'", `'${dns.literal}'`),
    );
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', new URL('../loopback-only.ts', import.meta.url).href, file],
      { cwd: ROOT },
    );
    assert.equal(stdout.trimEnd(), printed);
  });
