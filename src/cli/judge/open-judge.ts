/** Opens what judges, as the options and the environment ask for it. */
import type { Config } from '../../../schemas/settings/settings.ts';
import { readServiceAddress } from '../../settings/read-settings.ts';
import { type Options, textOption, WrongUse } from '../command.ts';
import type { Judge } from './judge.ts';
import { createLocalJudge } from './local.ts';
import { createRemoteJudge } from './remote.ts';

/** Options of every command that judges. */
export const JUDGE_OPTIONS = { url: { type: 'string' }, key: { type: 'string' } } as const;

/** Their help. */
export const JUDGE_HELP = `Where it is judged:
  --url <address>           by a running service, under its settings, as in
                            https://verdicts.brand.example; or MAILVERDICT_URL
  --key <key>               its API key; MAILVERDICT_KEY keeps it out of the
                            list of processes`;

/**
 * Opens what the options ask for; close it at the end.
 * @throws WrongUse for an address that is none; SettingMistake
 */
export const openJudge = (options: Options, config: Config): Judge => {
  const named = readServiceAddress();
  const url = textOption(options, 'url') ?? named.url;
  const key = textOption(options, 'key') ?? named.key;
  if (url !== undefined) return createRemoteJudge(readUrl(url), key);
  if (textOption(options, 'key') !== undefined)
    throw new WrongUse('--key belongs to --url: say which service it is for');
  return createLocalJudge(config);
};

const readUrl = (text: string): URL => {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new WrongUse(`"${text}" is no address of a service: --url or MAILVERDICT_URL is as in http://localhost:8080`);
  return url;
};
