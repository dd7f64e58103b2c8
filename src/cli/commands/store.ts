/** `mailverdict store`: a copy of the store, and its size. A service may run meanwhile. */
import { existsSync } from 'node:fs';
import { StoreFailure } from '../../store/engine.ts';
import { openStore } from '../../store/store.ts';
import { type Command, EXIT, WrongUse } from '../command.ts';
import { loadConfig } from '../load-settings.ts';

export const storeCommand: Command = {
  help: `Usage: mailverdict store backup <file>
       mailverdict store size

Copies the SQLite store that STORE names into a new file, as it is at one
moment, while a service may go on writing; PostgreSQL is backed up with its own
pg_dump. A copy is put back by putting it in the place of the store while no
service runs.

Exit: 0 done, 2 the store does not answer, 64 wrong use, 78 the settings have
mistakes.

Examples:
  mailverdict store backup /var/backups/mailverdict.db
`,
  options: {},
  words: ['backup', 'size'],
  run: async ([action, file, ...more], _options, terminal) => {
    if (more.length > 0 || (action === 'backup') !== (file !== undefined) || !['backup', 'size'].includes(action ?? ''))
      throw new WrongUse('say store backup <file>, or store size');
    const { store: url } = loadConfig();
    if (url === '') throw new WrongUse('set STORE: nothing is kept without it');
    if (file !== undefined && existsSync(file)) throw new WrongUse(`${file} is there already; give another name`);
    const store = await openStore(url);
    try {
      if (file === undefined) terminal.out(`${await store.size()}\n`);
      else {
        await store.backup(file);
        terminal.err(`the store is in ${file}\n`);
      }
      return EXIT.ok;
    } catch (cause) {
      if (!(cause instanceof StoreFailure)) throw cause;
      terminal.err(`the store cannot do it: ${cause.message}\n`);
      return EXIT.temperror;
    } finally {
      await store.close();
    }
  },
};
