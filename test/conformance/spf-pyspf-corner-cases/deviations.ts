/**
 * Cases of this suite whose outcome differs from what the suite expects, each with the reason. The
 * runner fails when one of them starts to agree.
 */
import type { Deviation } from '../deviation.ts';

export const deviations: readonly Deviation[] = [
  {
    id: 'corner cases / default-modifier',
    reason:
      'The modifier "default=" is an extension of that implementation; RFC 7208 section 6 lets a verifier ignore unknown modifiers, and section 4.7 makes the result neutral.',
  },
  {
    id: 'corner cases / default-modifier-harsh',
    reason: 'The same modifier in a mode of that implementation; "ambiguous" is no result of RFC 7208 section 2.6.',
  },
];
