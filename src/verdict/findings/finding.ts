/** Makes a finding of a verdict out of its row in the catalogue. */
import type { Finding } from '../../../schemas/finding.ts';
import { makeFinding, type Occurrence } from '../../findings/finding.ts';
import { FINDINGS, type FindingCode } from './catalogue.ts';

/**
 * @param field path of the verdict field it speaks of
 * @param own severity and section of this one, where they are not those of the catalogue, and the
 * limit that it is about
 */
export const finding = (
  code: FindingCode,
  message: string,
  field?: string,
  own: Pick<Occurrence, 'severity' | 'section' | 'limit'> = {},
): Finding => makeFinding(code, FINDINGS[code], { message, field, ...own });
