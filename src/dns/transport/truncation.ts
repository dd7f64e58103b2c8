/**
 * UDP first, TCP where the reply does not fit or datagrams are being forged: a truncated reply is
 * never used, not even in part (RFC 2181 section 9, RFC 7766 section 5).
 */

import { BAD_REPLY } from '../wire/reply.ts';
import type { Ask } from './ask.ts';
import type { TriedAnswer } from './tries.ts';

/**
 * Asks over UDP and, where that does not do, over TCP, the same server first and within the same
 * deadline.
 */
export const onTruncation =
  (udp: Ask<TriedAnswer>, tcp: Ask<TriedAnswer>): Ask =>
  (question, deadlineMs, onAnswer) =>
    udp(question, deadlineMs, (answer) => {
      if (answer.kind !== 'needs-tcp') onAnswer(answer);
      else
        tcp(question, deadlineMs, (whole) => onAnswer(whole.kind === 'needs-tcp' ? BAD_REPLY : whole), answer.server);
    });
