/**
 * What a client throws: one class that always carries a problem document (RFC 9457), be it the
 * service's own or one that tells why no answer could be had. Never holds the API key or anything
 * of the message.
 */
import type { Problem } from '../../schemas/problem.ts';

/**
 * Why there is no answer of the service. The last part of the `type` of the problem; the service's
 * own problems begin with `urn:mailverdict:problem:`.
 */
type NoAnswer = 'unreachable' | 'timeout' | 'unreadable-answer';

const TITLES = {
  unreachable: 'The service cannot be reached',
  timeout: 'The service was silent for too long',
  'unreadable-answer': 'The answer is not one of this service',
} as const satisfies Record<NoAnswer, string>;

/**
 * A call that failed.
 * @example
 * import { MailverdictClient, MailverdictError } from 'mailverdict/client';
 *
 * const client = new MailverdictClient({ baseUrl: 'http://localhost:8080' });
 * try {
 *   await client.domain('no domain');
 * } catch (cause) {
 *   if (!(cause instanceof MailverdictError)) throw cause;
 *   console.log(cause.status, cause.problem.type);
 * }
 * // 400 urn:mailverdict:problem:invalid-request
 */
export class MailverdictError extends Error {
  /** What the service said, or a document of the same shape with status 0. */
  readonly problem: Problem;
  /** HTTP status; 0 without an answer. */
  readonly status: number;
  /**
   * Seconds after which the service asks to be tried again (RFC 9110 section 10.2.3); null when it
   * does not say.
   */
  readonly retryAfterSeconds: number | null;

  constructor(problem: Problem, options: { retryAfterSeconds?: number | null; cause?: unknown } = {}) {
    super(problem.detail === undefined ? problem.title : `${problem.title}: ${problem.detail}`, {
      ...(options.cause !== undefined && { cause: options.cause }),
    });
    this.name = 'MailverdictError';
    this.problem = problem;
    this.status = problem.status;
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }
}

/** Makes the error of a call that got no answer. */
export const noAnswer = (kind: NoAnswer, detail: string, cause?: unknown): MailverdictError =>
  new MailverdictError({ type: `urn:mailverdict:client:${kind}`, title: TITLES[kind], status: 0, detail }, { cause });

/**
 * Makes the error of an answer that is a refusal; one that is no problem document (a proxy's page)
 * is known by its status.
 */
export const refused = (status: number, body: string, retryAfter: string | null): MailverdictError => {
  const retryAfterSeconds = /^\d{1,9}$/.test(retryAfter ?? '') ? Number(retryAfter) : null;
  const problem = readProblem(body);
  return new MailverdictError(
    problem === null ? { type: 'about:blank', title: `HTTP status ${status}`, status } : { ...problem, status },
    { retryAfterSeconds },
  );
};

const readProblem = (body: string): Problem | null => {
  try {
    const value: unknown = JSON.parse(body);
    const isProblem =
      typeof value === 'object' &&
      value !== null &&
      'type' in value &&
      typeof value.type === 'string' &&
      'title' in value &&
      typeof value.title === 'string';
    return isProblem ? (value as Problem) : null;
  } catch {
    return null;
  }
};
