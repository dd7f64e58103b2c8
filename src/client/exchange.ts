/**
 * One HTTP exchange: a request out, the octets of its answer in, as they come. Everything that can
 * go wrong becomes a MailverdictError, except the caller's own abort, which comes back as its
 * reason. Follows no redirect, so that a key is never sent elsewhere. An answer that nobody reads
 * on is cut off.
 */
import { noAnswer, refused } from './mailverdict-error.ts';

/** Where the service is and how to speak to it. */
export type Connection = {
  readonly baseUrl: URL;
  readonly apiKey: string | undefined;
  /** Longest silence of the service in milliseconds. */
  readonly timeoutMs: number;
  /** Bytes of one answer, or of one line of a streamed one. */
  readonly maxAnswerBytes: number;
  readonly fetch: typeof fetch;
};

/** What a caller may say of one call. */
export type CallOptions = {
  /** Ends the call; it then rejects with the reason of the signal. */
  signal?: AbortSignal | undefined;
  /** Longest silence of the service in milliseconds, in place of the client's. */
  timeoutMs?: number | undefined;
};

/**
 * A request. `path` is relative to the base address; a body that is iterated is taken as fast as
 * the service takes it.
 */
type Request = {
  method: 'GET' | 'POST';
  path: string;
  contentType?: string;
  body?: string | AsyncIterable<Uint8Array>;
};

/** A refusal is short; what is longer is no problem document. */
const MAX_PROBLEM_BYTES = 65_536;

/**
 * Chunks of a successful answer.
 * @throws MailverdictError; the reason of the caller's signal; whatever the iteration of the body
 * throws
 */
export async function* exchange(
  connection: Connection,
  request: Request,
  options: CallOptions = {},
): AsyncGenerator<Uint8Array> {
  const left = new AbortController();
  const silence = createSilence(options.timeoutMs ?? connection.timeoutMs);
  const signals = [left.signal, silence.signal, ...(options.signal === undefined ? [] : [options.signal])];
  const signal = AbortSignal.any(signals);
  const source = request.body === undefined ? null : createSource(request.body, silence, signal);
  try {
    const response = await silence.ofService(
      connection.fetch(new URL(request.path, connection.baseUrl), {
        method: request.method,
        headers: {
          accept: 'application/json, application/x-ndjson, application/problem+json',
          ...(connection.apiKey !== undefined && { authorization: `Bearer ${connection.apiKey}` }),
          ...(request.contentType !== undefined && { 'content-type': request.contentType }),
        },
        redirect: 'error',
        signal,
        ...source?.init,
      }),
    );
    const chunks = chunksOf(response.body, silence);
    if (!response.ok) {
      const body = await readText(chunks, MAX_PROBLEM_BYTES).catch(() => '');
      throw refused(response.status, body, response.headers.get('retry-after'));
    }
    yield* chunks;
  } catch (cause) {
    if (options.signal?.aborted === true) throw options.signal.reason;
    if (source?.fault !== undefined) throw source.fault.cause;
    if (silence.signal.aborted) throw noAnswer('timeout', `no sign of it for ${silence.timeoutMs} ms`);
    if (cause instanceof TypeError) throw noAnswer('unreachable', reasonOf(cause), cause);
    throw cause;
  } finally {
    silence.end();
    left.abort();
  }
}

/** The whole of an answer as text. @throws MailverdictError when it is larger than `maxBytes` */
export const readText = async (chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> => {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw noAnswer('unreadable-answer', `it has more than ${maxBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
};

/** A line feed never is an octet of another character in UTF-8. */
const LINE_FEED = 0x0a;

/**
 * Lines of a streamed answer, empty ones left out. Each octet is read once, however many chunks a
 * line comes in.
 * @throws MailverdictError when one is larger than `maxBytes`
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let line = '';
  let bytes = 0;
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.length; ) {
      const feed = chunk.indexOf(LINE_FEED, start);
      const isWhole = feed !== -1;
      const piece = chunk.subarray(start, isWhole ? feed : chunk.length);
      bytes += piece.length;
      if (bytes > maxBytes) throw noAnswer('unreadable-answer', `a line of it has more than ${maxBytes} bytes`);
      line += decoder.decode(piece, { stream: !isWhole });
      start += piece.length + 1;
      if (!isWhole) continue;
      if (line !== '') yield line;
      line = '';
      bytes = 0;
    }
  }
  // Each line ends with a line feed; an answer that ends elsewhere was cut off.
  if (bytes > 0) throw noAnswer('unreadable-answer', 'it ends in the middle of a line');
}

async function* chunksOf(body: Response['body'], silence: Silence): AsyncGenerator<Uint8Array> {
  const reader = body?.getReader();
  for (;;) {
    const read = await silence.ofService(reader?.read() ?? Promise.resolve(null));
    if (read === null || read.done) return;
    yield read.value;
  }
}

/**
 * A request body for fetch. Keeps what the caller's own iteration throws, which fetch would hide.
 */
const createSource = (body: string | AsyncIterable<Uint8Array>, silence: Silence, signal: AbortSignal) => {
  const source: { fault?: { cause: unknown }; init: RequestInit } = { init: {} };
  async function* watched(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const iterator = chunks[Symbol.asyncIterator]();
    try {
      for (;;) {
        const { done, value } = await silence.ofCaller(iterator.next());
        // The fetch of Node reads the body of a request on to its end after the request was given
        // up.
        if (done || signal.aborted) return;
        yield value;
      }
    } catch (cause) {
      source.fault = { cause };
      throw cause;
    } finally {
      await iterator.return?.();
    }
  }
  // A streamed body must be announced (Fetch standard, "half").
  source.init = typeof body === 'string' ? { body } : { body: ReadableStream.from(watched(body)), duplex: 'half' };
  return source;
};

/**
 * Measures how long the service is waited for without a break: time that the caller takes, to give
 * a message or to read an answer, is not the service's.
 */
const createSilence = (timeoutMs: number) => {
  const controller = new AbortController();
  const waits = { service: 0, caller: 0 };
  let ended = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const during = async <Value>(whose: keyof typeof waits, work: Promise<Value>): Promise<Value> => {
    waits[whose] += 1;
    measure();
    try {
      return await work;
    } finally {
      waits[whose] -= 1;
      measure();
    }
  };
  const measure = (): void => {
    clearTimeout(timer);
    if (!ended && waits.service > 0 && waits.caller === 0) timer = setTimeout(() => controller.abort(), timeoutMs);
  };
  return {
    timeoutMs,
    signal: controller.signal,
    ofService: <Value>(work: Promise<Value>): Promise<Value> => during('service', work),
    ofCaller: <Value>(work: Promise<Value>): Promise<Value> => during('caller', work),
    end: (): void => {
      ended = true;
      measure();
    },
  };
};

type Silence = ReturnType<typeof createSilence>;

/** fetch tells the reason in the cause of its error. */
const reasonOf = ({ message, cause }: TypeError): string =>
  cause instanceof Error && cause.message !== '' ? cause.message : message;
