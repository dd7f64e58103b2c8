/**
 * Files that are read into memory once and served from there, by their exact name: no path of a
 * request ever reaches the file system, and no answer waits for a disk. Each has an ETag (RFC 9110
 * section 8.8.3).
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname, sep } from 'node:path';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { sendProblem } from '../problem.ts';

/** A file as it is sent. */
export type KeptFile = { readonly bytes: Buffer; readonly type: string; readonly etag: string };

/** Kinds of file that are served; other files are not. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

/**
 * Reads a folder with what is below it.
 * @param folder ends in a slash
 * @returns the files by their path from there, with slashes
 * @throws Error when a file cannot be read
 */
export const readFiles = (folder: URL): ReadonlyMap<string, KeptFile> =>
  new Map(
    readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((path) => {
      const name = path.split(sep).join('/');
      const type = TYPES[extname(name)];
      return type === undefined ? [] : [[name, toFile(readFileSync(new URL(name, folder)), type)] as const];
    }),
  );

/** Octets as a file. @param type Content-Type */
export const toFile = (bytes: Buffer, type: string): KeptFile => ({
  bytes,
  type,
  etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"`,
});

/** Sends a file, 304 to a client that has it, 404 where there is none. */
export const sendFile = (
  request: FastifyRequest,
  reply: FastifyReply,
  file: KeptFile | undefined,
  headers: Readonly<Record<string, string>>,
): FastifyReply => {
  if (file === undefined) return sendProblem(reply, 'not-found', { detail: 'there is no such file' });
  // Always asked again, and answered with 304 from memory: a new version shows at once.
  reply.headers({ ...headers, 'cache-control': 'no-cache', etag: file.etag });
  if (hasTag(request.headers['if-none-match'], file.etag)) return reply.code(304).send();
  return reply.type(file.type).send(file.bytes);
};

/** If-None-Match: a list of tags, compared weakly, or `*` (RFC 9110 section 13.1.2). */
const hasTag = (given: string | undefined, etag: string): boolean =>
  (given ?? '').split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
