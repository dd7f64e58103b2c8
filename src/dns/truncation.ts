/**
 * UDP first, TCP where the reply does not fit: a truncated reply is never used, not even in part (RFC 2181 section 9, RFC 7766 section 5).
 */
import type { Lookup } from './lookup.ts';
import { BAD_REPLY } from './reply.ts';
import type { Ask } from './tries.ts';

/** Asks over UDP and, where a server says that its reply is truncated, over TCP, that server first and within the same deadline. */
export const onTruncation =
  (udp: Ask, tcp: Ask): Lookup =>
  (question, deadlineMs) =>
    udp(question, deadlineMs).then((answer) => {
      if (answer.kind !== 'truncated') return answer;
      return tcp(question, deadlineMs, answer.server).then((whole) => (whole.kind === 'truncated' ? BAD_REPLY : whole));
    });
