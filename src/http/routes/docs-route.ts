/**
 * The reference of the API, GET /docs/. Its program is a megabyte and a half: read from the disk
 * for each answer, a hundred clients that ask for it at once hold up everybody else for a second.
 */
import fastifySwaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { readFiles, sendFile } from './kept-files.ts';

const PREFIX = '/docs';

/**
 * Mounts the reference.
 * @throws Error when its files cannot be read
 */
export const mountDocs = async (app: FastifyInstance): Promise<void> => {
  const files = readFiles(new URL('static/', import.meta.resolve('@fastify/swagger-ui')));
  app.addHook('onRequest', async (request, reply) => {
    // As the router decodes it: a query or another spelling must not lead back to the disk.
    const { '*': name = '' } = request.params as { readonly '*'?: string };
    const file = files.get(name);
    return file === undefined ? undefined : sendFile(request, reply, file, {});
  });
  await app.register(fastifySwaggerUi, { routePrefix: PREFIX, staticCSP: true });
};
