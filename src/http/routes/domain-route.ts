/**
 * GET and POST /v1/domains/{domain}: a domain in, its posture out; with POST, unpublished records
 * replace those of DNS. POST /v1/domains: several domains, streamed as NDJSON in order. One
 * wrong name is one bad line, never the end of the stream; a slow reader slows the work.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import { DomainName } from '../../../schemas/domain-name.ts';
import { Posture, PostureLine } from '../../../schemas/posture/posture.ts';
import { PostureQuery, PostureRequest, PosturesRequest } from '../../../schemas/requests/domain.ts';
import type { Assess, AssessOutcome } from '../../posture/assess.ts';
import { problemResponses } from '../openapi/openapi.ts';
import { problemOf, RequestProblem } from '../problem.ts';
import { readBySchema } from '../validation.ts';
import { inOrder } from './ordered.ts';
import { abortOnHangUp } from './verify-route.ts';

/** What the routes depend on. */
export type DomainRouteDependencies = {
  assess: Assess;
  /** Domains of one request that are assessed at once. */
  width: number;
};

/** Names and some records; no request needs more. */
const MAX_BODY_BYTES = 262_144;

const DomainParameter = z.object({ domain: DomainName });

/** Mounts the three routes. */
export const mountDomains = (app: FastifyInstance, { assess, width }: DomainRouteDependencies): void => {
  app.get(
    '/v1/domains/:domain',
    {
      schema: {
        operationId: 'assessDomain',
        summary: 'Assess a domain',
        description:
          'What the domain publishes for mail authentication, whether receivers will accept it, and what to mend, what matters most first. A DNS failure is reported as such and never as a missing record.',
        tags: ['domains'],
        params: DomainParameter,
        querystring: PostureQuery,
        response: { 200: Posture, ...problemResponses(400, 500) },
      },
    },
    async (request, reply) => {
      const query = readBySchema(PostureQuery, request.query, 'query');
      return answer(await assess(nameOf(request.params), query), reply, 'query.');
    },
  );
  app.post(
    '/v1/domains/:domain',
    {
      bodyLimit: MAX_BODY_BYTES,
      schema: {
        operationId: 'assessDomainWith',
        summary: 'Judge records before they are published',
        description:
          'The records in "dns" replace those of DNS for this assessment only; "changes" tells what they would change against today.',
        tags: ['domains'],
        params: DomainParameter,
        body: PostureRequest,
        response: { 200: Posture, ...problemResponses(400, 408, 413, 415, 500, 503) },
      },
    },
    async (request, reply) => {
      const body = readBySchema(PostureRequest, jsonOf(request.body), '');
      const { dns, ...options } = body;
      return answer(await assess(nameOf(request.params), { ...options, overlay: dns }), reply, '');
    },
  );
  app.post(
    '/v1/domains',
    {
      bodyLimit: MAX_BODY_BYTES,
      schema: {
        operationId: 'assessDomains',
        summary: 'Assess several domains',
        description: 'Answers stream as NDJSON, a line for each domain in the order of the request.',
        tags: ['domains'],
        body: PosturesRequest,
        response: {
          200: { description: 'A PostureLine a line', content: { 'application/x-ndjson': { schema: PostureLine } } },
          ...problemResponses(400, 408, 413, 415, 500, 503),
        },
      },
    },
    async (request, reply) => {
      const body = readBySchema(PosturesRequest, jsonOf(request.body), '');
      const { domains, selectors } = body;
      const hangUp = abortOnHangUp(reply);
      const lines = inOrder(each(domains, hangUp), width, (domain, index) =>
        lineOf(domain, index, () => assess(domain, { selectors }), request.log),
      );
      return reply
        .type('application/x-ndjson; charset=utf-8')
        .serializer((payload: unknown) => payload as string)
        .send(Readable.from(asText(lines)));
    },
  );
};

/** The name in the path, with its percent-encoding taken off by the router. */
const nameOf = (params: unknown): string => String((params as { domain?: unknown }).domain ?? '');

const jsonOf = (body: unknown): unknown => {
  if (body === undefined || body === null) throw new RequestProblem('empty-body', 'send a JSON object');
  if (Buffer.isBuffer(body)) throw new RequestProblem('unsupported-media-type', 'send application/json');
  return body;
};

/** Once the client is gone no further domain is begun. */
async function* each(domains: readonly string[], signal: AbortSignal): AsyncGenerator<string> {
  for (const domain of domains) {
    if (signal.aborted) return;
    yield domain;
  }
}

async function* asText(lines: AsyncIterable<PostureLine>): AsyncGenerator<string> {
  for await (const line of lines) yield `${JSON.stringify(line)}\n`;
}

/** @param assess begins the assessment @param log for a fault of ours */
const lineOf = async (
  domain: string,
  index: number,
  assess: () => Promise<AssessOutcome>,
  log: { error: (facts: object, text: string) => void },
): Promise<PostureLine> => {
  try {
    const outcome = await assess();
    return outcome.kind === 'posture'
      ? { index, domain, posture: outcome.posture }
      : { index, domain, problem: problemOf(refusal(outcome, `domains[${index}]`)) };
  } catch (cause) {
    // A fault of ours in one domain must not cut the others off; the line shows a title only.
    log.error({ err: cause }, 'an assessment failed');
    return { index, domain, problem: problemOf(cause) };
  }
};

const answer = (outcome: AssessOutcome, reply: FastifyReply, prefix: string): Posture => {
  if (outcome.kind === 'refused') throw refusal(outcome, 'domain', prefix);
  const { posture } = outcome;
  // What a cache between us and the client may hold is what we may hold ourselves.
  reply.header(
    'cache-control',
    posture.changes === undefined && posture.ttlSeconds > 0 ? `private, max-age=${posture.ttlSeconds}` : 'no-store',
  );
  return posture;
};

/**
 * @param place path of the domain in the request
 * @param prefix of options, "query." where they stand there
 */
const refusal = (outcome: Extract<AssessOutcome, { kind: 'refused' }>, place: string, prefix = ''): RequestProblem => {
  const errors = outcome.errors.map(({ path, message }) => ({
    path: path === 'domain' ? place : `${path === 'probe' ? prefix : ''}${path}`,
    message,
  }));
  return new RequestProblem(
    'invalid-request',
    errors.map(({ path, message }) => `${path} ${message}`).join('; '),
    errors,
  );
};
