/**
 * Traces: a collector on loopback gets the spans of a verification; without the variables of
 * OpenTelemetry nothing of it is loaded.
 */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { json, text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readTracesWanted } from '../../src/settings/read-settings.ts';
import { example } from '../verdict/make-verifier.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const QUERY = 'clientIp=192.0.2.10&helo=mail.brand.example&mailFrom=alice@brand.example&queueId=q1';
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

/** What is read of OTLP in JSON. */
type Span = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: object }[];
  status: { code?: number };
};
type Resource = { attributes: { key: string; value: { stringValue?: string } }[] };
type Export = { resourceSpans: { resource: Resource; scopeSpans: { spans: Span[] }[] }[] };

/** Takes what is sent to it. */
const collect = async (t: TestContext) => {
  const paths: string[] = [];
  const exports: Export[] = [];
  const server = createServer(async (request, response) => {
    paths.push(request.url ?? '');
    exports.push((await json(request)) as Export);
    response.setHeader('content-type', 'application/json').end('{}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    paths,
    spans: () =>
      exports.flatMap(({ resourceSpans }) =>
        resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
      ),
    resources: () => exports.flatMap(({ resourceSpans }) => resourceSpans.map(({ resource }) => resource)),
  };
};

/** Tells on standard error what is loaded of OpenTelemetry's SDK. */
const TELL_LOADED = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve(specifier, context, next) {
      const found = next(specifier, context);
      if (/telemetry.traces|@opentelemetry.(?!api)/.test(found.url)) process.stderr.write('loaded ' + found.url + '\\n');
      return found;
    },
  });`)}`;

/** As if the SDK were not installed. */
const WITHOUT_SDK = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({
    resolve(specifier, context, next) {
      if (specifier.startsWith('@opentelemetry/sdk')) throw new Error('not found: ' + specifier);
      return next(specifier, context);
    },
  });`)}`;

const start = (environment: Record<string, string>): ChildProcessWithoutNullStreams =>
  spawn(process.execPath, ['--import', TELL_LOADED, 'src/server.ts'], {
    cwd: ROOT,
    env: { PATH: process.env.PATH ?? '', PORT: '0', DRAIN_MS: '0', DNS_SERVERS: '127.0.0.1:9', ...environment },
    stdio: 'pipe',
  });

/**
 * Runs the service for one request.
 * @param lines gets those of its log
 * @returns what it says on standard error until it has ended
 */
const runFor = async (
  environment: Record<string, string>,
  ask: (address: string) => Promise<unknown>,
  lines: Record<string, unknown>[] = [],
): Promise<string> => {
  const child = start(environment);
  const errors = text(child.stderr);
  const exited = once(child, 'exit');
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const said = JSON.parse(line) as { msg: string; addresses?: string[] };
      const { msg, addresses } = said;
      lines.push(said);
      if (msg === 'listening') {
        await ask(addresses?.[0] ?? '');
        child.kill('SIGTERM');
      }
    }
    assert.deepEqual(await exited, [0, null]);
  } finally {
    child.kill('SIGKILL');
  }
  return errors;
};

const verify = (file: string, traceparent?: string) => async (address: string) => {
  const answer = await fetch(`${address}/v1/verify?${QUERY}`, {
    method: 'POST',
    body: new Uint8Array(example(file)),
    headers: traceparent === undefined ? {} : { traceparent },
  });
  assert.equal(answer.status, 200);
};

const attributesOf = ({ attributes }: Pick<Span, 'attributes'>): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

test('serve sends a span for the verification and one for each step, in the trace that the request names', async (t) => {
  const { endpoint, paths, spans, resources } = await collect(t);
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
  const said = await runFor(environment, verify('aligned.eml', `00-${TRACE}-${PARENT}-01`));
  assert.match(said, /loaded .*traces\.ts/);
  assert.deepEqual([...new Set(paths)], ['/v1/traces']);
  assert.deepEqual(
    resources()[0]?.attributes.find(({ key }) => key === 'service.name'),
    { key: 'service.name', value: { stringValue: 'mailverdict' } },
  );
  const whole = spans().find(({ name }) => name === 'verify message');
  assert.ok(whole !== undefined);
  assert.deepEqual([whole.traceId, whole.parentSpanId], [TRACE, PARENT]);
  const attributes = attributesOf(whole);
  assert.equal(attributes['mailverdict.dmarc'], 'pass');
  assert.equal(attributes['mailverdict.action'], 'accept');
  assert.equal(attributes['mailverdict.queue_id'], 'q1');
  const steps = spans().filter((span) => span !== whole);
  assert.deepEqual(steps.map(({ name }) => name).sort(), ['bimi', 'dmarc', 'iprev', 'signatures', 'spf']);
  for (const { name, traceId, parentSpanId, startTimeUnixNano, endTimeUnixNano } of steps) {
    assert.deepEqual([traceId, parentSpanId], [TRACE, whole.spanId], name);
    assert.ok(BigInt(startTimeUnixNano) <= BigInt(endTimeUnixNano), name);
  }
  // Neither people nor machines, nor anything of the message.
  assert.doesNotMatch(JSON.stringify(spans()), /alice|brand|192\.0\.2\.10|Invoice/);
});

test('serve begins a trace of its own without a traceparent, under the name that OTEL_SERVICE_NAME gives', async (t) => {
  const { endpoint, spans, resources } = await collect(t);
  await runFor(
    {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${endpoint}/own/path`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_SERVICE_NAME: 'mx',
    },
    verify('spf-fail.eml'),
  );
  const whole = spans().find(({ name }) => name === 'verify message');
  assert.ok(whole !== undefined);
  assert.notEqual(whole.traceId, TRACE);
  assert.equal(whole.parentSpanId ?? '', '');
  assert.deepEqual(resources()[0]?.attributes.find(({ key }) => key === 'service.name')?.value, { stringValue: 'mx' });
});

test('serve tells in a span why a verification ended without a verdict', async (t) => {
  const { endpoint, spans } = await collect(t);
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' };
  await runFor({ ...environment, MAX_HEADER_BYTES: '1024' }, async (address) => {
    const body = `Subject: ${'x'.repeat(2000)}\r\n\r\n`;
    assert.equal((await fetch(`${address}/v1/verify`, { method: 'POST', body })).status, 413);
  });
  const [span] = spans();
  assert.deepEqual(span === undefined ? null : attributesOf(span), { 'error.type': 'header-too-large' });
  assert.equal(span?.status.code ?? 0, 0, "the caller's mistake is no error of the service");
});

test('serve judges mail without traces where the SDK is not installed, and tells so', async () => {
  const lines: Record<string, unknown>[] = [];
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', NODE_OPTIONS: `--import=${WITHOUT_SDK}` };
  await runFor(environment, verify('aligned.eml'), lines);
  assert.match(String(lines.find(({ level }) => level === 'error')?.msg), /^no traces: .*@opentelemetry\/sdk-node/);
});

test('serve judges mail when the collector cannot be reached, and ends in time', async () => {
  await runFor(
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', SHUTDOWN_TIMEOUT_MS: '500' },
    verify('aligned.eml'),
  );
});

test('serve loads nothing of the SDK of OpenTelemetry when nobody asks for traces', async () => {
  for (const environment of [{}, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_SDK_DISABLED: 'true' }])
    assert.equal(await runFor(environment as Record<string, string>, verify('aligned.eml')), '');
});

for (const [environment, wanted, hasName] of [
  [{}, false, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }, false, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' }, true, false],
  [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c', OTEL_SERVICE_NAME: 'mx' }, true, true],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_RESOURCE_ATTRIBUTES: 'a=b,service.name=mx' }, true, true],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_SDK_DISABLED: 'TRUE' }, false, false],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_TRACES_EXPORTER: 'none' }, false, false],
] as const) {
  test(`readTracesWanted reads ${JSON.stringify(environment)}`, () => {
    assert.deepEqual(readTracesWanted(environment), { wanted, hasName });
  });
}
