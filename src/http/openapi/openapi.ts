/**
 * The OpenAPI description, made from the schemas that the code itself uses. `npm run openapi`
 * writes it to openapi.yaml; a test fails when that file differs.
 */
import fastifySwagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { createJsonSchemaTransformObject, jsonSchemaTransform } from 'fastify-type-provider-zod';
import { stringify } from 'yaml';
import { Problem } from '../../../schemas/problem.ts';
import { version } from '../../version.ts';
import { tidyComponents } from './components.ts';

/** Response entries for problem documents. */
export const problemResponses = (...statuses: number[]) =>
  Object.fromEntries(
    statuses.map((status) => [
      status,
      { description: 'Problem details (RFC 9457)', content: { 'application/problem+json': { schema: Problem } } },
    ]),
  );

/** The two ways to send an API key. */
export const KEY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', description: 'API key as Bearer token (RFC 6750)' },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key', description: 'API key in a header of its own' },
} as const;

/** Who is answered by the operator's routes. */
export const OPERATOR_ONLY =
  "Answers to an operator's key or, where the service has no keys, to a client on the same machine.";

const toSchemas = createJsonSchemaTransformObject({});

/** Registers the description on an app; routes mounted later become part of it. */
export const describeApi = async (app: FastifyInstance): Promise<void> => {
  await app.register(fastifySwagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Mailverdict',
        version,
        description: 'Did this message really come from the domain in its From field, and how do we know?',
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/', description: 'The service that gave this description' }],
      tags: [
        { name: 'verification', description: 'Judge messages' },
        { name: 'domains', description: 'Assess what domains publish' },
        { name: 'mail servers', description: 'Hooks for mail servers that speak HTTP' },
        { name: 'reports', description: 'DMARC reports that this receiver sends' },
        { name: 'service', description: 'The service itself' },
      ],
      components: { securitySchemes: KEY_SCHEMES },
    },
    transform: jsonSchemaTransform,
    transformObject: (document) => tidyComponents(toSchemas(document)),
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  app.get('/openapi.yaml', { schema: { hide: true } }, async (_request, reply) =>
    reply
      .type('application/yaml; charset=utf-8')
      .serializer((text: string) => text)
      .send(apiText(app)),
  );
};

/** The description as YAML. */
export const apiText = (app: FastifyInstance): string =>
  stringify(app.swagger(), { lineWidth: 140, aliasDuplicateObjects: false });
