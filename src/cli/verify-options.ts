/** What `verify` and `batch` ask for alike: whom they trust, what they require and add. */
import { type Decision, RequiredLevel } from '../../schemas/author.ts';
import { IncludeWord, TrustedAuthservIds, TrustReceived } from '../../schemas/requests/verify.ts';
import type { Verdict } from '../../schemas/verdict.ts';
import { nearestName } from '../settings/nearest-name.ts';
import type { VerifyOptions } from '../verdict/run.ts';
import { EXIT, type Options, textOption, textOptions, WrongUse } from './command.ts';

/** Help of --trust-received and --trusted-authserv-id. */
export const DELIVERED_HELP = `  --trust-received <host>   take the facts from the Received fields that this
                            host of yours wrote: a name, *. and a domain, an
                            address, or a network; may be repeated
  --trusted-authserv-id <id>
                            believe Authentication-Results of this authserv-id;
                            may be repeated`;

/** Reads --trust-received and --trusted-authserv-id. @throws WrongUse naming the option */
export const readTrust = (options: Options): Pick<VerifyOptions, 'trustReceived' | 'trustedAuthservIds'> => {
  const hosts = TrustReceived.safeParse(textOptions(options, 'trust-received'));
  if (!hosts.success) throw new WrongUse(`--trust-received: ${hosts.error.issues[0]?.message}`);
  const authservIds = TrustedAuthservIds.safeParse(textOptions(options, 'trusted-authserv-id'));
  if (!authservIds.success) throw new WrongUse(`--trusted-authserv-id: ${authservIds.error.issues[0]?.message}`);
  return { trustReceived: hosts.data, trustedAuthservIds: authservIds.data };
};

/** Reads --require. @throws WrongUse */
export const readRequired = (options: Options): RequiredLevel | undefined => {
  const required = RequiredLevel.optional().safeParse(textOption(options, 'require'));
  if (!required.success) throw new WrongUse('--require: proven or vouched');
  return required.data;
};

/** Exit code of a decision: what is not known is told apart, because it may be tried again. */
export const exitOf = ({ satisfied }: Decision, { level }: Verdict['author']): number =>
  satisfied ? EXIT.ok : level === 'unknown' ? EXIT.temperror : EXIT.fail;

/** Letters that may differ between a wrong word and the one that was probably meant. */
const MAX_CHANGES = 2;

/** Reads --include. @throws WrongUse that names the wrong word */
export const readInclude = (options: Options): IncludeWord[] | undefined =>
  textOption(options, 'include')
    ?.split(',')
    .map((text) => {
      const word = IncludeWord.safeParse(text.trim());
      if (word.success) return word.data;
      const meant = nearestName(text, IncludeWord.options, MAX_CHANGES);
      throw new WrongUse(
        `--include: "${text.trim()}" is none of ${IncludeWord.options.join(', ')}${meant === null ? '' : `; did you mean ${meant}?`}`,
      );
    });
