/**
 * Other readers of From, as programs that live as long as the run: each takes a body and says which
 * domains it sees. What they answer is brought to one spelling: lower case, A-labels, no last dot.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { domainToASCII, fileURLToPath } from 'node:url';

/** The domains that each reader sees in one body. */
export type Seen = ReadonlyMap<ReaderName, readonly string[]>;
export type ReaderName = 'mailauth' | 'python-headerregistry' | 'python-utils' | 'perl-mail-address';

/** Reads bodies; several may be under way at once. */
export type Reader = { readonly read: (bodies: readonly Buffer[]) => Promise<Seen[]>; readonly close: () => void };

/** What ends a domain: a reader that leaves it in has seen the domain before it. */
const NO_DOMAIN = /[\s<>(),;:"\\@]/;

/** Drops what is no domain: an empty text, or one whose octets the reader could not decode. */
const spelled = (domains: readonly string[]): string[] =>
  domains.flatMap((written) => {
    const domain = written.startsWith('[') ? written.replace(/\s/g, '') : written.split(NO_DOMAIN, 1).join('');
    if (domain === '' || domain.includes('\ufffd')) return [];
    const ascii = /[^\0-\x7f]/.test(domain) ? domainToASCII(domain) || domain : domain;
    return [ascii.toLowerCase().replace(/\.$/, '')];
  });

/** mailauth: its own verifier of messages up to the Author Domain. */
export const mailauthReader = (): Reader => {
  const require = createRequire(import.meta.url);
  const { dkimVerify } = require('mailauth/lib/dkim/verify') as {
    dkimVerify: (message: Buffer) => Promise<{ headerFrom: string[]; fromFields: number }>;
  };
  const { getAuthorDomain } = require('mailauth/lib/dmarc/author-domain') as {
    getAuthorDomain: (from: string[], fields: number) => { authorDomain?: string; domains?: string[] };
  };
  const readOne = async (body: Buffer): Promise<Seen> => {
    const message = Buffer.concat([Buffer.from('From: '), body, Buffer.from('\r\n\r\n')]);
    const { headerFrom, fromFields } = await dkimVerify(message);
    const { authorDomain, domains = [] } = getAuthorDomain(headerFrom, fromFields);
    return new Map([['mailauth', spelled(authorDomain === undefined ? domains : [authorDomain])]]);
  };
  return { read: async (bodies) => await Promise.all(bodies.map(readOne)), close: () => {} };
};

const program = (command: string, file: string, toSeen: (line: string) => Seen): Reader => {
  const child = spawn(command, [fileURLToPath(new URL(file, import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    read: async (bodies) => {
      const sent = child.stdin.write(bodies.map((body) => `${body.toString('base64')}\n`).join(''));
      const seen: Seen[] = [];
      while (seen.length < bodies.length) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`${command} ended before it had answered`);
        seen.push(toSeen(value));
      }
      if (!sent && child.stdin.writableNeedDrain) await once(child.stdin, 'drain');
      return seen;
    },
    close: () => child.stdin.end(),
  };
};

/** The two readers of Python's `email`. */
export const pythonReader = (): Reader =>
  program('python3', './python-reader.py', (line) => {
    const seen = JSON.parse(line) as Record<ReaderName, string[]>;
    return new Map(Object.entries(seen).map(([reader, domains]) => [reader as ReaderName, spelled(domains)]));
  });

/** Perl's Mail::Address. */
export const perlReader = (): Reader =>
  program('perl', './perl-reader.pl', (line) => {
    const domains = line.split(' ').filter((hex) => hex !== '');
    return new Map([['perl-mail-address', spelled(domains.map((hex) => Buffer.from(hex, 'hex').toString()))]]);
  });

/** True when a command runs and succeeds. */
export const runs = (command: string, ...parameters: string[]): boolean =>
  spawnSync(command, parameters, { stdio: 'ignore' }).status === 0;
