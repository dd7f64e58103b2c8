/**
 * The page: GET / and its files, and GET /examples.json with the samples it offers, under a
 * Content-Security-Policy that lets the page load nothing but itself.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Samples } from '../../../schemas/samples.ts';
import { findingsCatalogue, problemsCatalogue } from '../catalogue/catalogue.ts';
import { toHtml } from '../catalogue/html.ts';
import { type KeptFile, readFiles, sendFile, toFile } from './kept-files.ts';

const FOLDER = new URL('../../page/', import.meta.url);

/** Nothing but our own files; no inline script or style, no frame, no form that posts, no base. */
const PAGE_CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = {
  'content-security-policy': PAGE_CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/**
 * Mounts the page.
 * @param samples what it offers to try
 * @throws Error when its files cannot be read
 */
export const mountPage = (app: FastifyInstance, samples: Samples): void => {
  const files = readFiles(FOLDER);
  const send = (request: FastifyRequest, reply: FastifyReply, file: KeptFile | undefined) =>
    sendFile(request, reply, file, HEADERS);
  const examples = toFile(Buffer.from(JSON.stringify(samples)), 'application/json; charset=utf-8');
  const schema = { hide: true };
  app.get('/', { schema }, (request, reply) => send(request, reply, files.get('index.html')));
  app.get<{ Params: { name: string } }>('/page/:name', { schema }, (request, reply) =>
    send(request, reply, files.get(request.params.name)),
  );
  app.get<{ Params: { name: string; file: string } }>('/page/:name/:file', { schema }, (request, reply) =>
    send(request, reply, files.get(`${request.params.name}/${request.params.file}`)),
  );
  app.get('/examples.json', { schema }, (request, reply) => send(request, reply, examples));
  for (const [path, catalogue] of [
    ['/findings', findingsCatalogue()],
    ['/problems', problemsCatalogue()],
  ] as const) {
    const file = toFile(Buffer.from(toHtml(catalogue)), 'text/html; charset=utf-8');
    app.get(path, { schema }, (request, reply) => send(request, reply, file));
  }
};
