/**
 * `mailverdict keys`: makes, lists and revokes API keys in their file. A key is shown once, when it
 * is made; the file holds its hash only.
 */
import {
  type ApiKey,
  formatKeys,
  hashKey,
  KEY_NAME,
  KEY_ROLES,
  type KeyRole,
  MAX_KEYS,
  makeKey,
  readKeys,
} from '../../http/api-keys.ts';
import { type Command, EXIT, type Options, type Terminal, textOption, WrongUse } from '../command.ts';
import { loadConfig, WrongConfig } from '../load-settings.ts';
import { fileExists, replaceFile } from '../replace-file.ts';

export const keysCommand: Command = {
  help: `Usage: mailverdict keys create <name> [--role client|operator] [--file <file>]
       mailverdict keys list [--file <file>]
       mailverdict keys revoke <name> [--file <file>]

Makes, lists and revokes API keys. A new key is written to standard output and
shown this once; the file holds its SHA-256. A running service reads the file
again on SIGHUP.

  --file <file>   file of keys; by default the one that API_KEYS names
  --role <role>   client (by default): what the API offers; operator: also GET
                  /metrics and /v1/dns/cache

Names are up to 64 letters, digits, dots, hyphens and underscores.

Exit: 0 done, 64 wrong use, 74 the file cannot be written, 78 the file cannot be
read or has mistakes.

Examples:
  mailverdict keys create billing --file /etc/mailverdict/keys
  mailverdict keys create prometheus --role operator
  curl -H "Authorization: Bearer $KEY" --data-binary @message.eml \\
    http://127.0.0.1:8080/v1/verify
  mailverdict keys revoke billing && systemctl reload mailverdict
`,
  options: { file: { type: 'string' }, role: { type: 'string' } },
  words: ['create', 'list', 'revoke'],
  run: async (positionals, options, terminal) => {
    const [action, name, ...more] = positionals;
    if (more.length > 0) throw new WrongUse('give one name');
    if (action !== 'create' && options.role !== undefined) throw new WrongUse('--role belongs to keys create');
    switch (action) {
      case 'create':
        return create(nameOf(name), roleOf(options), fileOf(options), terminal);
      case 'list':
        if (name !== undefined) throw new WrongUse('keys list takes no name');
        return list(fileOf(options), terminal);
      case 'revoke':
        return revoke(nameOf(name), fileOf(options), terminal);
      default:
        throw new WrongUse('say keys create, keys list or keys revoke');
    }
  },
};

const create = (name: string, role: KeyRole, file: string, terminal: Terminal): number => {
  const keys = fileExists(file) ? read(file) : [];
  if (keys.some((key) => key.name === name)) throw new WrongUse(`there is a key ${name} already; revoke it first`);
  if (keys.length >= MAX_KEYS) throw new WrongUse(`${file} holds ${MAX_KEYS} keys, which is the most`);
  const key = makeKey();
  const createdOn = new Date().toISOString().slice(0, 10);
  replaceFile(file, formatKeys([...keys, { name, hash: hashKey(key), createdOn, role }]));
  terminal.out(`${key}\n`);
  terminal.err(`${name} is in ${file}; the key itself is stored nowhere. SIGHUP makes a running service read it.\n`);
  return EXIT.ok;
};

const list = (file: string, terminal: Terminal): number => {
  const keys = read(file);
  const width = Math.max(0, ...keys.map(({ name }) => name.length));
  for (const { name, createdOn, role } of keys) terminal.out(`${name.padEnd(width)}  ${createdOn}  ${role}\n`);
  return EXIT.ok;
};

const revoke = (name: string, file: string, terminal: Terminal): number => {
  const keys = read(file);
  const left = keys.filter((key) => key.name !== name);
  if (left.length === keys.length) throw new WrongUse(`there is no key ${name} in ${file}`);
  replaceFile(file, formatKeys(left));
  terminal.err(`${name} is revoked in ${file}. A running service lets it in until SIGHUP.\n`);
  return EXIT.ok;
};

const nameOf = (name: string | undefined): string => {
  if (name === undefined) throw new WrongUse('give the key a name');
  if (!KEY_NAME.test(name)) throw new WrongUse('a name is up to 64 letters, digits, dots, hyphens and underscores');
  return name;
};

const roleOf = (options: Options): KeyRole => {
  const given = textOption(options, 'role') ?? 'client';
  const role = KEY_ROLES.find((word) => word === given);
  if (role === undefined) throw new WrongUse(`a role is ${KEY_ROLES.join(' or ')}`);
  return role;
};

const fileOf = (options: Options): string => {
  const file = textOption(options, 'file') ?? loadConfig().apiKeys;
  if (file === '') throw new WrongUse('set API_KEYS or give --file');
  return file;
};

const read = (file: string): ApiKey[] => {
  const outcome = readKeys(file);
  if (outcome.kind === 'mistakes') throw new WrongConfig(outcome.mistakes.join('\n'));
  return outcome.kind === 'empty' ? [] : outcome.keys;
};
