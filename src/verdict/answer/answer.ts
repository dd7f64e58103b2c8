/**
 * The one plain answer of a verdict: did this message really come from the domain in its From
 * field, how do we know, who was it else, and whose move is it. Pure.
 */
import type { AuthorVerdict } from '../../../schemas/author.ts';
import { findActual } from './actual.ts';
import type { AnswerGrounds } from './grounds.ts';
import { nextSteps } from './next-steps.ts';
import { findProofs, levelOf } from './proofs.ts';
import { summarizeAnswer } from './sentence.ts';

/** Answers. */
export const answerAuthor = (grounds: AnswerGrounds): AuthorVerdict => {
  const { address, domain } = grounds.author;
  const by = findProofs(grounds);
  const level = levelOf(by, grounds);
  const actual = findActual(grounds);
  return {
    address,
    domain,
    level,
    authenticated: level === 'proven' ? true : level === 'unknown' ? null : false,
    by,
    actual,
    next: nextSteps(level, actual, grounds),
    summary: summarizeAnswer(level, by, actual, grounds),
  };
};
