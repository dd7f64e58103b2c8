/**
 * The page: GET / and its files, read into memory once, and GET /examples.json with the samples it
 * offers. Serves only the files that stood in `page/` at start, by their exact name: no path of a
 * request ever reaches the file system. Each answer has an ETag (RFC 9110 section 8.8.3) and a
 * Content-Security-Policy that lets the page load nothing but itself.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, sep } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Samples } from '../../../schemas/samples.ts';
import { sendProblem } from '../problem.ts';

/** A file as it is sent. */
type PageFile = { readonly bytes: Buffer; readonly type: string; readonly etag: string };

const FOLDER = new URL('../../page/', import.meta.url);

/** Kinds of file that are served; what else stands in the folder is not. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing but our own files; no inline script or style, no frame, no form that posts, no base. */
export const PAGE_CONTENT_SECURITY_POLICY = [
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
  // Always asked again, and answered with 304 from memory: a new version shows at once.
  'cache-control': 'no-cache',
} as const;

/**
 * Mounts the page.
 * @param samples what it offers to try
 * @throws Error when its files cannot be read
 */
export const mountPage = (app: FastifyInstance, samples: Samples): void => {
  const files = new Map(
    readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).flatMap((path) => {
      const name = path.split(sep).join('/');
      const type = TYPES[extname(name)];
      return type === undefined ? [] : [[name, toFile(readFileSync(new URL(name, FOLDER)), type)] as const];
    }),
  );
  const examples = toFile(Buffer.from(JSON.stringify(samples)), 'application/json; charset=utf-8');
  const schema = { hide: true };
  app.get('/', { schema }, (request, reply) => sendFile(request, reply, files.get('index.html')));
  app.get<{ Params: { name: string } }>('/page/:name', { schema }, (request, reply) =>
    sendFile(request, reply, files.get(request.params.name)),
  );
  app.get<{ Params: { name: string; file: string } }>('/page/:name/:file', { schema }, (request, reply) =>
    sendFile(request, reply, files.get(`${request.params.name}/${request.params.file}`)),
  );
  app.get('/examples.json', { schema }, (request, reply) => sendFile(request, reply, examples));
};

const toFile = (bytes: Buffer, type: string): PageFile => ({
  bytes,
  type,
  etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"`,
});

const sendFile = (request: FastifyRequest, reply: FastifyReply, file: PageFile | undefined): FastifyReply => {
  if (file === undefined) return sendProblem(reply, 'not-found', { detail: 'the page has no such file' });
  reply.headers(HEADERS).header('etag', file.etag);
  if (hasTag(request.headers['if-none-match'], file.etag)) return reply.code(304).send();
  return reply.type(file.type).send(file.bytes);
};

/** If-None-Match: a list of tags, compared weakly, or `*` (RFC 9110 section 13.1.2). */
const hasTag = (given: string | undefined, etag: string): boolean =>
  (given ?? '').split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
