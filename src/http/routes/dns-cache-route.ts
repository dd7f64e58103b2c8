/**
 * GET /v1/dns/cache: what the resolver holds and how it is doing. DELETE /v1/dns/cache: forgets one
 * name or everything, for a key that was withdrawn or a record that was put right. For the operator
 * only.
 */
import type { FastifyInstance } from 'fastify';
import { DnsCacheFlush, DnsCacheFlushQuery, DnsCacheStats } from '../../../schemas/dns.ts';
import { OPERATOR_ONLY, problemResponses } from '../openapi/openapi.ts';
import { readBySchema } from '../validation.ts';

/** The levers of the cache. */
export type DnsCache = {
  cacheStats: () => DnsCacheStats;
  /** @returns the number of answers forgotten */
  flush: (name?: string) => number;
};

/** Mounts both routes. */
export const mountDnsCache = (app: FastifyInstance, cache: DnsCache): void => {
  app.get(
    '/v1/dns/cache',
    {
      schema: {
        operationId: 'dnsCache',
        summary: 'See what the resolver holds',
        description: OPERATOR_ONLY,
        tags: ['service'],
        response: { 200: DnsCacheStats },
      },
    },
    async () => cache.cacheStats(),
  );
  app.delete(
    '/v1/dns/cache',
    {
      schema: {
        operationId: 'flushDnsCache',
        summary: 'Forget a name, or everything',
        description: OPERATOR_ONLY,
        tags: ['service'],
        querystring: DnsCacheFlushQuery,
        response: { 200: DnsCacheFlush, ...problemResponses(400) },
      },
    },
    async (request): Promise<DnsCacheFlush> => {
      const query = readBySchema(DnsCacheFlushQuery, request.query, 'query');
      return { forgotten: cache.flush(query.name) };
    },
  );
};
