/**
 * DMARC reports that this receiver makes and sends: how it is, which there are, what became of
 * each, and addresses that get none. For the operator only.
 */
import { Readable } from 'node:stream';
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import {
  BounceAnswer,
  BounceQuery,
  OutgoingReportDetail,
  OutgoingReportPage,
  OutgoingReportParams,
  OutgoingReportsQuery,
  ReportingStatus,
  Suppression,
  SuppressionList,
  SuppressionQuery,
  SuppressionRequest,
} from '../../../schemas/reports/outgoing-report.ts';
import type { Reporting } from '../../reports/reporting.ts';
import { StoreFailure } from '../../store/engine.ts';
import { OPERATOR_ONLY, problemResponses } from '../openapi/openapi.ts';
import { handleError, RequestProblem, sendProblem } from '../problem.ts';
import { readBySchema } from '../validation.ts';

/** What the routes ask. */
export type ReportsRouteDependencies = Pick<
  Reporting,
  'status' | 'list' | 'find' | 'xmlOf' | 'takeBounce' | 'suppressions'
>;

type ById = { Params: { reportId: string } };

const DAY_SECONDS = 86_400;
const common = { tags: ['reports'], description: OPERATOR_ONLY };

/** Mounts the routes. */
export const mountReports = (app: FastifyInstance, reporting: ReportsRouteDependencies): void => {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    if (!(error instanceof StoreFailure)) return handleError(error, request, reply);
    request.log.warn({ err: error }, 'the store did not answer a request');
    return sendProblem(reply, 'store-unavailable');
  });
  app.get(
    '/v1/reports/status',
    {
      schema: {
        ...common,
        operationId: 'reportingStatus',
        summary: 'How counting and sending of reports are',
        response: { 200: ReportingStatus },
      },
    },
    () => reporting.status(),
  );
  app.get(
    '/v1/reports/outgoing',
    {
      schema: {
        ...common,
        operationId: 'outgoingReports',
        summary: 'List the reports that are sent',
        querystring: OutgoingReportsQuery,
        response: { 200: OutgoingReportPage, ...problemResponses(400, 503) },
      },
    },
    async (request): Promise<OutgoingReportPage> => {
      const { domain, ...filter } = readBySchema(OutgoingReportsQuery, request.query, 'query');
      return reporting.list({ ...filter, policyDomain: domain?.toLowerCase() });
    },
  );
  app.get<ById>(
    '/v1/reports/outgoing/:reportId',
    {
      schema: {
        ...common,
        operationId: 'outgoingReport',
        summary: 'See one report, and what became of it',
        params: OutgoingReportParams,
        response: { 200: OutgoingReportDetail, ...problemResponses(404, 503) },
      },
    },
    async (request, reply) => (await reporting.find(request.params.reportId)) ?? notThere(reply),
  );
  app.get<ById>(
    '/v1/reports/outgoing/:reportId/xml',
    {
      schema: {
        ...common,
        operationId: 'outgoingReportXml',
        summary: 'Read one report as it is sent',
        params: OutgoingReportParams,
        produces: ['application/xml'],
        response: {
          200: {
            description: 'Aggregate report (RFC 9990, or RFC 7489 with REPORT_FORMAT=rfc7489)',
            content: { 'application/xml': { schema: z.string() } },
          },
          ...problemResponses(404, 503),
        },
      },
    },
    async (request, reply) => {
      const found = await reporting.find(request.params.reportId);
      if (found === null) return notThere(reply);
      return reply.type('application/xml; charset=utf-8').send(Readable.from(reporting.xmlOf(found.report)));
    },
  );
  mountBounces(app, reporting);
  mountSuppressions(app, reporting);
};

const notThere = (reply: FastifyReply) =>
  sendProblem(reply, 'not-found', { detail: 'there is no report of that Report-ID' });

const mountBounces = (app: FastifyInstance, { takeBounce }: ReportsRouteDependencies): void => {
  app.post(
    '/v1/reports/bounces',
    {
      schema: {
        ...common,
        operationId: 'takeBounce',
        summary: 'Hand in a report that came back',
        consumes: ['message/rfc822', 'application/octet-stream'],
        querystring: BounceQuery,
        response: { 200: BounceAnswer, ...problemResponses(400, 413, 415, 503) },
      },
    },
    async (request): Promise<BounceAnswer> => {
      const { recipient } = readBySchema(BounceQuery, request.query, 'query');
      if (!Buffer.isBuffer(request.body))
        throw new RequestProblem('empty-body', 'the body is the message that came back');
      const outcome = await takeBounce(recipient, request.body);
      return outcome.kind === 'bounced'
        ? {
            outcome: 'bounced',
            reportId: outcome.reportId,
            address: outcome.address,
            isSuppressed: outcome.isSuppressed,
          }
        : { outcome: outcome.kind };
    },
  );
};

const mountSuppressions = (app: FastifyInstance, { suppressions }: ReportsRouteDependencies): void => {
  const nowSeconds = () => Math.floor(Date.now() / 1000);
  app.get(
    '/v1/reports/suppressions',
    {
      schema: {
        ...common,
        operationId: 'suppressions',
        summary: 'List addresses that get no reports',
        response: { 200: SuppressionList, ...problemResponses(503) },
      },
    },
    async (): Promise<SuppressionList> => ({ suppressions: await suppressions.list(nowSeconds()) }),
  );
  app.post(
    '/v1/reports/suppressions',
    {
      schema: {
        ...common,
        operationId: 'suppress',
        summary: 'Send an address no reports',
        body: SuppressionRequest,
        response: { 200: Suppression, ...problemResponses(400, 503) },
      },
    },
    async (request): Promise<Suppression> => {
      const { target, reason, days } = readBySchema(SuppressionRequest, request.body, 'body');
      const suppression = {
        target: target.toLowerCase(),
        reason,
        untilSeconds: days === undefined ? null : nowSeconds() + days * DAY_SECONDS,
      };
      await suppressions.add(suppression);
      return suppression;
    },
  );
  app.delete(
    '/v1/reports/suppressions',
    {
      schema: {
        ...common,
        operationId: 'unsuppress',
        summary: 'Send an address reports again',
        querystring: SuppressionQuery,
        response: { 200: SuppressionList, ...problemResponses(400, 404, 503) },
      },
    },
    async (request, reply) => {
      const { target } = readBySchema(SuppressionQuery, request.query, 'query');
      if (!(await suppressions.remove(target)))
        return sendProblem(reply, 'not-found', { detail: `${target} gets reports already: it is in no list` });
      return { suppressions: await suppressions.list(nowSeconds()) };
    },
  );
};
