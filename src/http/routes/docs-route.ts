/**
 * The reference of the API, GET /docs/. Its program is a megabyte and a half: read from the disk
 * for each answer, a hundred clients that ask for it at once hold up everybody else for a second.
 */
import { createHash } from 'node:crypto';
import fastifySwaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { readFiles, sendFile } from './kept-files.ts';

const PREFIX = '/docs';

/** The style element inside of the program's own logo, the one inline style that it makes. */
const LOGO_STYLE = '.logo_small_svg__cls-2{fill:#fff}.logo_small_svg__cls-3{fill:#85ea2d}';

/** Nothing but our own files, and that one style by its hash. */
const DOCS_CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  `style-src 'self' 'sha256-${createHash('sha256').update(LOGO_STYLE).digest('base64')}'`,
  "img-src 'self' data:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

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
  await app.register(fastifySwaggerUi, { routePrefix: PREFIX, staticCSP: DOCS_CONTENT_SECURITY_POLICY });
};
