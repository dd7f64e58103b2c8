/**
 * Judges through a running service, by the client that programs use. Whatever the service or the
 * way to it refuses is said in words. Waits where the service asks to be tried again: a batch must
 * not end because it is fast.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { MailverdictClient, MailverdictError } from '../../client/client.ts';
import { systemReason } from '../../settings/system-failure.ts';
import type { VerifyOptions } from '../../verdict/run.ts';
import { Refused, Unavailable } from '../command.ts';
import type { Judge } from './judge.ts';

/** Calls made for one answer, the first among them. */
const MAX_CALLS = 5;
/** Longest wait in seconds: a person is better told of a longer one. */
const MAX_WAIT_SECONDS = 120;

/** Waits. @param seconds 0 or more */
type Wait = (seconds: number) => Promise<unknown>;

/**
 * Makes it. Holds no connection.
 * @param wait how a wait that the service asks for is made
 */
export const createRemoteJudge = (
  url: URL,
  apiKey: string | undefined,
  wait: Wait = (seconds) => sleep(seconds * 1000),
): Judge => {
  const client = new MailverdictClient({ baseUrl: url, apiKey });
  const call = async <Answer>(work: () => Promise<Answer>): Promise<Answer> => {
    for (let calls = 1; ; calls++) {
      try {
        return await work();
      } catch (cause) {
        if (!(cause instanceof MailverdictError)) throw cause;
        const { status, retryAfterSeconds: seconds } = cause;
        const isBusy = status === 429 || status === 503;
        if (!isBusy || seconds === null || seconds > MAX_WAIT_SECONDS || calls === MAX_CALLS)
          throw failureOf(cause, url);
        await wait(seconds);
      }
    }
  };
  return {
    verify: (message, facts, options) => call(() => client.verify(message, facts, askedOf(options))),
    assess: (domain, request) => call(() => client.domain(domain, request)),
    replay: (message, earlier, overlay) => call(() => client.replay(message, earlier, { dns: overlay })),
    close: () => undefined,
  };
};

const askedOf = ({ include, overlay, trustReceived, trustedAuthservIds, require }: VerifyOptions) => ({
  include: include && [...include],
  dns: overlay && [...overlay],
  trustReceived: typeof trustReceived === 'string' ? trustReceived : trustReceived && [...trustReceived],
  trustedAuthservIds: trustedAuthservIds && [...trustedAuthservIds],
  require,
});

/** Statuses that say: another request would be answered. */
const MENDABLE = [400, 413, 415, 422];

const failureOf = (cause: MailverdictError, { origin }: URL): Error => {
  const { status, problem } = cause;
  if (MENDABLE.includes(status)) return new Refused(problem.detail ?? problem.title, { cause });
  return new Unavailable(`${origin}: ${reasonOf(cause)}`, { cause });
};

const reasonOf = ({ status, problem, retryAfterSeconds, cause }: MailverdictError): string => {
  const told = problem.detail ?? problem.title;
  switch (status) {
    case 0:
      return problem.type.endsWith(':unreachable')
        ? `cannot be reached: ${systemReason(cause) ?? told}`
        : `${problem.title}: ${told}`;
    case 401:
      return 'asks for an API key that it knows: give one with MAILVERDICT_KEY or --key';
    case 403:
      return `does not let this key do that: ${told}`;
    case 404:
      return 'is no Mailverdict: there is nothing at the path that was asked for';
    case 429:
    case 503:
      return `takes no more work now: ${told}${retryAfterSeconds === null ? '' : `; try again in ${retryAfterSeconds} s`}`;
    default:
      return `answers ${status}: ${told}`;
  }
};
