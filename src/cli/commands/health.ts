/**
 * `mailverdict health`: asks the service on this machine whether it takes work, for the health
 * check of a container, where there is no curl. Exit 0: it does, 1: not.
 */
import { request as overHttp } from 'node:http';
import { request as overHttps } from 'node:https';
import type { Config } from '../../../schemas/settings/settings.ts';
import { systemReason } from '../../settings/system-failure.ts';
import { type Command, EXIT, WrongUse } from '../command.ts';
import { loadConfig } from '../load-settings.ts';

/** Time for the answer. */
const PATIENCE_MS = 2000;

export const healthCommand: Command = {
  help: `Usage: mailverdict health

Asks the service that runs with these settings on this machine whether it takes
work.

Exit: 0 it does, 1 it does not, 64 wrong use, 78 the settings have mistakes.
`,
  options: {},
  run: async (positionals, _options, terminal) => {
    if (positionals.length > 0) throw new WrongUse('health takes no arguments');
    const config = loadConfig();
    const answer = await askReadiness(config);
    if (answer === 200) return EXIT.ok;
    terminal.err(`the service ${typeof answer === 'number' ? `answers ${answer}` : `does not answer: ${answer}`}\n`);
    return EXIT.fail;
  },
};

/** @returns the status of GET /readyz, or what kept it away */
const askReadiness = ({ host, port, tlsCertificate }: Config): Promise<number | string> =>
  new Promise((resolve) => {
    // The certificate is for the name that clients use, which is not this one.
    const options = {
      host: isEverywhere(host) ? 'localhost' : host,
      port,
      path: '/readyz',
      timeout: PATIENCE_MS,
      agent: false as const,
      rejectUnauthorized: false,
    };
    const asked = (tlsCertificate === '' ? overHttp : overHttps)(options, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.once('timeout', () => asked.destroy(new Error(`no answer in ${PATIENCE_MS} ms`)));
    asked.once('error', (cause) => resolve(systemReason(cause) ?? cause.message));
    asked.end();
  });

/** Addresses that mean every interface: to listen on, not to ask. */
const isEverywhere = (host: string): boolean => ['0.0.0.0', '::', '[::]'].includes(host);
