/** Makes a finding of a verdict. */
import type { Finding } from '../../../schemas/finding.ts';
import { FINDINGS, type FindingCode } from './catalogue.ts';

/**
 * @param field path of the verdict field it speaks of
 * @param own severity and section of this one, where they are not those of the catalogue
 */
export const finding = (
  code: FindingCode,
  message: string,
  field?: string,
  own: Partial<Pick<Finding, 'severity' | 'section'>> = {},
): Finding => ({
  code,
  severity: own.severity ?? FINDINGS[code].severity,
  message,
  section: own.section ?? FINDINGS[code].section,
  ...(field !== undefined && { field }),
});
