/** Whom `verify` and `batch` trust, and what they require. */
import { type Decision, RequiredLevel } from '../../schemas/author.ts';
import { TrustedAuthservIds, TrustReceived } from '../../schemas/requests/verify.ts';
import type { Verdict } from '../../schemas/verdict.ts';
import type { VerifyOptions } from '../verdict/run.ts';
import { EXIT, type Options, textOption, textOptions, WrongUse } from './command.ts';

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
