/**
 * What is answered where no route is: 405 with the methods that a known path takes (RFC 9110
 * section 15.5.6), a word on how to write a domain where a whole URL was sent, else 404.
 */
import type { FastifyInstance } from 'fastify';
import { sendProblem } from './problem.ts';

const DOMAINS = '/v1/domains/';

/** Installs the answer; to be called before any route is mounted. */
export const answerUnknownPaths = (app: FastifyInstance): void => {
  const routes: { readonly parts: readonly string[]; readonly methods: readonly string[] }[] = [];
  app.addHook('onRoute', ({ url, method }) => {
    routes.push({ parts: partsOf(url), methods: [method].flat() });
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const parts = partsOf(path);
    const methods = new Set(routes.filter((route) => fits(route.parts, parts)).flatMap((route) => route.methods));
    if (methods.size > 0 && !methods.has(request.method)) {
      const allowed = [...methods].sort().join(', ');
      const detail = `${request.method} is not answered at this address; send ${allowed}`;
      return sendProblem(reply.header('allow', allowed), 'method-not-allowed', { detail });
    }
    if (path.startsWith(DOMAINS))
      return sendProblem(reply, 'invalid-request', {
        detail: 'after /v1/domains/ send the name alone, as in /v1/domains/brand.example',
        errors: [{ path: 'domain', message: 'must be a domain name such as brand.example, not a URL' }],
      });
    return sendProblem(reply, 'not-found', { detail: 'nothing is answered at this address' });
  });
};

const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '');

/** True when a path is one of a route's: `:name` stands for one part, `*` for all that follow. */
const fits = (route: readonly string[], path: readonly string[]): boolean => {
  const star = route.indexOf('*');
  if (star === -1 ? route.length !== path.length : path.length < star) return false;
  return route.every((part, at) => (star !== -1 && at >= star) || part.startsWith(':') || part === path[at]);
};
