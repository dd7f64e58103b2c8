/** What a command on reports works on: reporting, made from the settings for as long as it runs. */
import type { Config } from '../../../schemas/settings/settings.ts';
import type { Reporting } from '../../reports/reporting.ts';
import { createMailverdict, type Mailverdict } from '../../service/core.ts';
import { createReporting } from '../../service/reporting.ts';
import { StoreFailure } from '../../store/engine.ts';
import { createLog } from '../../telemetry/log.ts';
import { EXIT, type Options, type Terminal, WrongUse } from '../command.ts';
import { loadConfig } from '../load-settings.ts';

/** What is made from the settings. */
type Made = { readonly reporting: Reporting; readonly core: Mailverdict; readonly config: Config };

/** What an action works on. */
export type Call = Made & {
  readonly words: readonly string[];
  readonly options: Options;
  readonly terminal: Terminal;
};

/** Makes reporting, and ends it again. @returns the exit code */
export const withReporting = async (act: (made: Made) => Promise<number>, terminal: Terminal): Promise<number> => {
  const config = loadConfig();
  const log = createLog('silent');
  const core = createMailverdict(config, log);
  let reporting: Reporting | null = null;
  try {
    reporting = await createReporting(config, { lookup: core.lookup, log });
    if (reporting === null)
      throw new WrongUse('set STORE and REPORT_SENDER: without them no message is counted for reports');
    return await act({ reporting, core, config });
  } catch (cause) {
    if (!(cause instanceof StoreFailure)) throw cause;
    terminal.err(`the store does not answer: ${cause.message}\n`);
    return EXIT.temperror;
  } finally {
    await reporting?.close();
    core.resolver.close();
  }
};
