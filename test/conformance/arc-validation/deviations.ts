/**
 * Cases of this suite whose outcome differs from what the suite expects, each with the reason. The
 * runner fails when one of them starts to agree.
 */
import type { Deviation } from '../deviation.ts';

export const deviations: readonly Deviation[] = [
  {
    id: 'Arc Message Signature Fields / ams_fields_c_na',
    reason:
      'An absent c= means simple/simple (RFC 6376 section 3.5, which RFC 8617 section 4.1.2 takes over), and under simple the signature does not verify.',
  },
  {
    id: 'Arc Message Signature Fields / ams_fields_h_empty',
    reason: 'An empty h= signs no From, and From MUST be signed (RFC 6376 section 5.4).',
  },
];
