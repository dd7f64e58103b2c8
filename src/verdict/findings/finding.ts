/** Makes a finding of a verdict. */
import type { Finding } from '../../../schemas/finding.ts';

/** @param field path of the verdict field it speaks of */
export const finding = (
  code: string,
  severity: Finding['severity'],
  message: string,
  section: string,
  field?: string,
): Finding => ({
  code,
  severity,
  message,
  section,
  ...(field !== undefined && { field }),
});
