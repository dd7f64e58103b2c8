/**
 * iprev: forward-confirmed reverse DNS (RFC 8601 section 3). The names of the client's PTR records
 * are asked for their addresses; one that gives the client address back confirms. At most ten names
 * are tried (RFC 8601 section 3 leaves the limit to the verifier; ten as in RFC 7208 section
 * 4.6.4).
 */
import { limitText, reached } from '../../../schemas/limit.ts';
import type { Iprev } from '../../../schemas/verdict.ts';
import { causeText, type Failure, isLasting } from '../../dns/failure.ts';
import type { Answer, Lookup } from '../../dns/lookup.ts';
import { formatIp, type IpAddress, parseClientIp, parseIp, reverseName } from '../../ip/address.ts';

const MAX_NAMES = 10;

/**
 * Confirms the client address.
 * @param clientIp the address, or undefined when unknown
 * @param deadlineMs moment on the monotonic clock
 */
export const checkIprev = async (clientIp: string | undefined, lookup: Lookup, deadlineMs: number): Promise<Iprev> => {
  if (clientIp === undefined) return { result: 'none', name: null, reason: 'the client address is unknown' };
  const address = parseClientIp(clientIp);
  if (address === null) return { result: 'none', name: null, reason: 'the client address is no IP address' };
  const reverse = await lookup({ name: reverseName(address), type: 'PTR' }, deadlineMs);
  if (reverse.kind === 'failure') return unknown(clientIp, reverse);
  if (reverse.kind !== 'records') {
    return { result: 'permerror', name: null, reason: `${clientIp} has no PTR record` };
  }
  const published = reverse.records.filter((record) => typeof record === 'string');
  const names = published.slice(0, MAX_NAMES);
  const type = address.family === 4 ? 'A' : 'AAAA';
  const answers = await Promise.all(names.map((name) => lookup({ name, type }, deadlineMs)));
  const confirmed = names.find((_, index) => confirms(answers[index], address));
  if (confirmed !== undefined) {
    return { result: 'pass', name: confirmed.toLowerCase(), reason: `${clientIp} is ${confirmed} in both directions` };
  }
  const failed = answers.find((answer) => answer.kind === 'failure');
  if (failed !== undefined) return unknown(clientIp, failed);
  if (published.length > names.length) {
    const limit = reached('client-names', MAX_NAMES);
    return {
      result: 'permerror',
      name: null,
      reason: `${limitText(limit)} left further names of ${clientIp} untried`,
      limit,
    };
  }
  return { result: 'fail', name: null, reason: `no name of ${clientIp} leads back to it` };
};

const confirms = (answer: Answer | undefined, address: IpAddress): boolean => {
  const text = formatIp(address);
  return (
    answer?.kind === 'records' &&
    answer.records.some((record) => {
      const published = typeof record === 'string' ? parseIp(record) : null;
      return published !== null && formatIp(published) === text;
    })
  );
};

const unknown = (clientIp: string, failure: Failure): Iprev => ({
  result: isLasting(failure) ? 'permerror' : 'temperror',
  name: null,
  reason: `${causeText(failure)} left the name of ${clientIp} unknown`,
});
