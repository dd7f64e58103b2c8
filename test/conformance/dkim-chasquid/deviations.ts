/**
 * Cases of this suite whose outcome differs from what the suite expects, each with the reason. The
 * runner fails when one of them starts to agree.
 */
import type { Deviation } from '../deviation.ts';

export const deviations: readonly Deviation[] = [
  {
    id: '02-too_many_headers',
    reason:
      "The limit of five signatures is that server's own; RFC 6376 section 6.1 lets a verifier choose, and ours is ten.",
  },
  {
    id: '06-dns_perm_error',
    reason:
      'A reply that cannot be read is no statement that there is no key: RFC 6376 section 6.1.2 makes a failed query TEMPFAIL.',
  },
];
