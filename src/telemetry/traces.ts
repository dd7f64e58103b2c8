/**
 * OpenTelemetry: a span for each verification and one for each of its steps, sent where the
 * standard OTEL_* variables say. Those the SDK reads itself; it and its API are installed beside
 * Mailverdict, and this file is loaded only where they are asked for. A span holds result words,
 * counts and ids, never an address, a domain of a message, or message content. W3C Trace Context.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { IncomingHttpHeaders } from 'node:http';
import {
  type Attributes,
  type Context,
  DiagLogLevel,
  diag,
  propagation,
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { Verdict } from '../../schemas/verdict.ts';
import { Fault } from '../verdict/fault.ts';
import type { Watcher } from '../verdict/observed.ts';
import { summarize } from '../verdict/summary.ts';
import type { Verify } from '../verdict/verify.ts';
import { version } from '../version.ts';
import type { Log } from './log.ts';

/** What tells of verifications as they run. */
export type Traces = {
  /** Wraps each verification in a span; changes neither outcome nor error. */
  traced(verify: Verify): Verify;
  /** Makes a span of a step that has just ended, under the verification that it ran in. */
  readonly onStep: Watcher['onStep'];
  /**
   * What the current request leads to becomes part of the trace that its traceparent names; without
   * one each verification begins its own.
   */
  enterRequest(headers: IncomingHttpHeaders): void;
  /** Sends what is left. Never rejects. */
  close(): Promise<void>;
};

/**
 * Starts the SDK with what its variables say.
 * @param defaultName service.name where OTEL_SERVICE_NAME is not set; undefined: it is
 */
export const startTraces = (log: Log, defaultName: string | undefined): Traces => {
  const tell = (sentence: string): void => log.warn({ reason: sentence }, 'traces');
  diag.setLogger(
    { error: tell, warn: tell, info: () => undefined, debug: () => undefined, verbose: () => undefined },
    { logLevel: DiagLogLevel.WARN },
  );
  const sdk = new NodeSDK({
    ...(defaultName !== undefined && { serviceName: defaultName }),
    // Gauges and the log have faces of their own.
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  const tracer = trace.getTracer('mailverdict', version);
  // Of the request first, then of the verification: the steps come without saying whose they
  // are.
  const current = new AsyncLocalStorage<Context>();

  return {
    traced: (verify) => async (message, facts, options) => {
      const parent = current.getStore() ?? ROOT_CONTEXT;
      const span = tracer.startSpan('verify message', {}, parent);
      try {
        const verdict = await current.run(trace.setSpan(parent, span), () => verify(message, facts, options));
        if (span.isRecording()) span.setAttributes(attributesOf(verdict));
        return verdict;
      } catch (cause) {
        span.setAttribute('error.type', cause instanceof Fault ? cause.code : 'internal');
        // What a caller sent wrong, or did not wait for, is no error of ours.
        if (!(cause instanceof Fault)) span.setStatus({ code: SpanStatusCode.ERROR });
        throw cause;
      } finally {
        span.end();
      }
    },
    onStep: (step, elapsedMs) => {
      const context = current.getStore();
      if (context === undefined || trace.getSpan(context)?.isRecording() !== true) return;
      const endMs = performance.timeOrigin + performance.now();
      tracer.startSpan(step, { startTime: endMs - elapsedMs }, context).end(endMs);
    },
    enterRequest: (headers) => current.enterWith(propagation.extract(ROOT_CONTEXT, headers)),
    close: () => sdk.shutdown().catch((cause: unknown) => log.warn({ err: cause }, 'traces')),
  };
};

/** Result words, counts and ids of the summary, and nothing else of it. */
const attributesOf = (verdict: Verdict): Attributes => {
  const summary = summarize(verdict);
  return {
    'mailverdict.verdict_id': summary.verdictId,
    ...(summary.queueId !== undefined && { 'mailverdict.queue_id': summary.queueId }),
    'mailverdict.message_bytes': summary.size,
    'mailverdict.spf': summary.spf,
    'mailverdict.dkim': summary.dkim.map(({ result }) => result),
    'mailverdict.arc': summary.arc,
    'mailverdict.dmarc': summary.dmarc,
    ...(summary.bimi !== undefined && { 'mailverdict.bimi': summary.bimi }),
    'mailverdict.iprev': summary.iprev,
    'mailverdict.action': summary.action,
    'mailverdict.would_be': summary.wouldBe,
    'mailverdict.dns_questions': summary.dnsQuestions,
  };
};
