/**
 * Cases of this suite whose outcome differs from what the suite expects, each with the reason. The
 * runner fails when one of them starts to agree.
 */
import type { Deviation } from '../deviation.ts';

export const deviations: readonly Deviation[] = [];
