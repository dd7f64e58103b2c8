/** `mailverdict serve`: the service, with settings from the environment. */
import { start } from '../../service/run.ts';
import { type Command, WrongUse } from '../command.ts';
import { loadSettings } from '../load-settings.ts';

export const serveCommand: Command = {
  help: `Usage: mailverdict serve

Runs the service until SIGTERM; SIGHUP reads keys, lists and certificates again.
Settings come from the environment and from mailverdict.yaml, as in
  PORT=8080 DNS_SERVERS=127.0.0.1 mailverdict serve

mailverdict config check tells what is wrong with them.

Exit: 0 ended by a signal, 64 wrong use, 78 the settings have mistakes or an
address cannot be listened on.
`,
  options: {},
  run: async (positionals) => {
    if (positionals.length > 0) throw new WrongUse('serve takes no arguments');
    await start(loadSettings);
    // The process lives until a signal ends it.
    return new Promise<number>(() => undefined);
  },
};
