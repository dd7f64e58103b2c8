/** The hosts and authserv-ids that `verify` and `batch` trust. */
import { TrustedAuthservIds, TrustReceived } from '../../schemas/requests/verify.ts';
import type { VerifyOptions } from '../verdict/run.ts';
import { type Options, textOptions, WrongUse } from './command.ts';

/** Reads --trust-received and --trusted-authserv-id. @throws WrongUse naming the option */
export const readTrust = (options: Options): Pick<VerifyOptions, 'trustReceived' | 'trustedAuthservIds'> => {
  const hosts = TrustReceived.safeParse(textOptions(options, 'trust-received'));
  if (!hosts.success) throw new WrongUse(`--trust-received: ${hosts.error.issues[0]?.message}`);
  const authservIds = TrustedAuthservIds.safeParse(textOptions(options, 'trusted-authserv-id'));
  if (!authservIds.success) throw new WrongUse(`--trusted-authserv-id: ${authservIds.error.issues[0]?.message}`);
  return { trustReceived: hosts.data, trustedAuthservIds: authservIds.data };
};
