/**
 * The client of the HTTP API for programs: `import { MailverdictClient } from
 * 'mailverdict/client'`. Needs fetch and nothing else at run time; its types are those of the
 * schemas. Octets of a message travel in base64, so none is changed. Tries nothing twice: whether a
 * second try is wanted is the caller's to say.
 */

import type { Health } from '../../schemas/health.ts';
import type { Posture, PostureLine } from '../../schemas/posture/posture.ts';
import type { BatchLine } from '../../schemas/requests/batch.ts';
import type { PostureRequest, PosturesRequest } from '../../schemas/requests/domain.ts';
import type { ReplayAnswer, ReplayedVerdict, ReplayRequest } from '../../schemas/requests/replay.ts';
import type { VerifyRequest } from '../../schemas/requests/verify.ts';
import type { SmtpFacts } from '../../schemas/smtp.ts';
import type { Verdict } from '../../schemas/verdict.ts';
import { toBase64 } from './base64.ts';
import { type CallOptions, type Connection, exchange, readLines, readText } from './exchange.ts';
import { noAnswer } from './mailverdict-error.ts';

export type { CallOptions } from './exchange.ts';
export { type IsReallyFromOptions, isReallyFrom } from './is-really-from.ts';
export { MailverdictError } from './mailverdict-error.ts';
export type { BatchLine, Health, Posture, PostureLine, ReplayAnswer, ReplayedVerdict, SmtpFacts, Verdict };

/**
 * A message: its octets, or text that is sent as UTF-8. A message with other 8-bit text must come
 * as octets.
 */
export type Message = Uint8Array | string;

/** Where the service is. */
export type ClientOptions = {
  /** Address of the service, as in "http://localhost:8080"; a path is kept. */
  readonly baseUrl: string | URL;
  /** Sent with every request (RFC 6750). */
  readonly apiKey?: string | undefined;
  /** Longest silence of the service in milliseconds, 1 to 2147483647. @default 60000 */
  readonly timeoutMs?: number | undefined;
  /** Bytes of the largest answer, or line of a streamed answer, that is read. @default 67108864 */
  readonly maxAnswerBytes?: number | undefined;
  /** What is called in place of the global fetch. */
  readonly fetch?: typeof fetch | undefined;
};

/** What is asked for beside the verdict itself; the words are explained in the API description. */
export type VerifyOptions = Pick<VerifyRequest, 'include' | 'dns' | 'trustReceived' | 'trustedAuthservIds' | 'require'>;

/** One message of a batch. */
export type BatchItem = VerifyOptions & { readonly message: Message; readonly smtp?: SmtpFacts | undefined };

/**
 * A connection to a service. Holds no socket by itself, so there is nothing to close.
 * @example
 * import { MailverdictClient } from 'mailverdict/client';
 *
 * const client = new MailverdictClient({ baseUrl: 'http://localhost:8080' });
 * console.log((await client.health()).status);
 * // ok
 */
export class MailverdictClient {
  readonly #connection: Connection;

  /**
   * @param address where the service is, alone or with options
   * @throws TypeError when the address is no URL
   * @throws RangeError when a number is out of its range
   */
  constructor(address: ClientOptions | string | URL) {
    const options = typeof address === 'string' || address instanceof URL ? { baseUrl: address } : address;
    const { apiKey, timeoutMs = 60_000, maxAnswerBytes = 67_108_864 } = options;
    for (const [name, value] of Object.entries({ timeoutMs, maxAnswerBytes })) {
      if (!Number.isInteger(value) || value < 1 || value > 2_147_483_647)
        throw new RangeError(`${name} must be a whole number from 1 to 2147483647`);
    }
    const baseUrl = new URL(options.baseUrl);
    if (!baseUrl.pathname.endsWith('/')) baseUrl.pathname += '/';
    this.#connection = { baseUrl, apiKey, timeoutMs, maxAnswerBytes, fetch: options.fetch ?? globalThis.fetch };
  }

  /**
   * Judges a message.
   * @param smtp what the receiving server saw; what is missing is never guessed
   * @throws MailverdictError
   * @example
   * import { readFileSync } from 'node:fs';
   * import { MailverdictClient } from 'mailverdict/client';
   *
   * const client = new MailverdictClient({ baseUrl: 'http://localhost:8080' });
   * const message = readFileSync('examples/spf-fail.eml');
   * const facts = { clientIp: '198.51.100.200', mailFrom: 'alice@brand.example' };
   * const { author } = await client.verify(message, facts);
   * console.log(author.domain, author.level);
   * // brand.example contradicted
   */
  async verify(message: Message, smtp: SmtpFacts = {}, options: VerifyOptions & CallOptions = {}): Promise<Verdict> {
    const { signal, timeoutMs, ...asked } = options;
    return this.#post('v1/verify', toVerifyRequest({ message, smtp, ...asked }), { signal, timeoutMs });
  }

  /**
   * Judges many messages, in order. Messages are taken as the service takes them and verdicts given
   * as they are read, so neither all messages nor all verdicts are in memory at once. A message
   * that cannot be judged is a line with a problem. Leaving the loop ends the request.
   * @throws MailverdictError when the batch as a whole fails; whatever `items` throws
   * @example
   * import { readFileSync } from 'node:fs';
   * import { MailverdictClient } from 'mailverdict/client';
   *
   * const client = new MailverdictClient({ baseUrl: 'http://localhost:8080' });
   * const files = ['examples/aligned.eml', 'examples/unsigned.eml'];
   * const items = files.map((file) => ({ message: readFileSync(file) }));
   * for await (const line of client.verifyBatch(items)) console.log(line.verdict?.dmarc.result);
   * // pass
   * // none
   */
  async *verifyBatch(
    items: Iterable<BatchItem> | AsyncIterable<BatchItem>,
    options: CallOptions = {},
  ): AsyncGenerator<BatchLine> {
    yield* this.#lines<BatchLine>('v1/verify/batch', 'application/x-ndjson', toLines(items), options);
  }

  /**
   * Judges a message again from the evidence of its verdict, which was asked for with `include:
   * ['evidence']`.
   * @throws MailverdictError
   * @example
   * import { readFileSync } from 'node:fs';
   * import { MailverdictClient } from 'mailverdict/client';
   *
   * const client = new MailverdictClient({ baseUrl: 'http://localhost:8080' });
   * const message = readFileSync('examples/aligned.eml');
   * const verdict = await client.verify(message, {}, { include: ['evidence'] });
   * console.log((await client.replay(message, verdict)).same);
   * // true
   */
  async replay(
    message: Message,
    verdict: Verdict | ReplayedVerdict,
    options: Pick<ReplayRequest, 'dns'> & CallOptions = {},
  ): Promise<ReplayAnswer> {
    const { signal, timeoutMs, dns } = options;
    return this.#post('v1/replay', { ...toText(message), verdict, dns }, { signal, timeoutMs });
  }

  /**
   * Assesses a domain; with `dns`, as if those records were published.
   * @param domain A-labels or U-labels
   * @throws MailverdictError
   * @example
   * import { MailverdictClient } from 'mailverdict/client';
   *
   * const client = new MailverdictClient({ baseUrl: 'http://localhost:8080' });
   * const { domain, grade } = await client.domain('brand.example');
   * console.log(domain.ascii, grade.letter);
   * // brand.example B
   */
  async domain(domain: string, options: PostureRequest & CallOptions = {}): Promise<Posture> {
    const { signal, timeoutMs, ...asked } = options;
    return this.#post(`v1/domains/${encodeURIComponent(domain)}`, asked, { signal, timeoutMs });
  }

  /**
   * Assesses up to 100 domains, in order. One that cannot be assessed is a line with a problem.
   * @throws MailverdictError
   * @example
   * import { MailverdictClient } from 'mailverdict/client';
   *
   * const client = new MailverdictClient({ baseUrl: 'http://localhost:8080' });
   * const names = ['brand.example', 'shop.example'];
   * for await (const line of client.domains(names)) console.log(line.domain);
   * // brand.example
   * // shop.example
   */
  async *domains(
    domains: readonly string[],
    options: Pick<PosturesRequest, 'selectors'> & CallOptions = {},
  ): AsyncGenerator<PostureLine> {
    const { signal, timeoutMs, selectors } = options;
    const body = JSON.stringify({ domains, selectors });
    yield* this.#lines<PostureLine>('v1/domains', 'application/json', body, { signal, timeoutMs });
  }

  /**
   * Asks whether the service takes work.
   * @throws MailverdictError with status 503 while it does not
   * @example
   * import { MailverdictClient } from 'mailverdict/client';
   *
   * const client = new MailverdictClient({ baseUrl: 'http://localhost:8080', timeoutMs: 5000 });
   * console.log((await client.health()).status);
   * // ok
   */
  async health(options: CallOptions = {}): Promise<Health> {
    return this.#read(exchange(this.#connection, { method: 'GET', path: 'readyz' }, options));
  }

  #post<Answer>(path: string, body: object, options: CallOptions): Promise<Answer> {
    const request = { method: 'POST', path, contentType: 'application/json', body: JSON.stringify(body) } as const;
    return this.#read(exchange(this.#connection, request, options));
  }

  async #read<Answer>(chunks: AsyncIterable<Uint8Array>): Promise<Answer> {
    return parse(await readText(chunks, this.#connection.maxAnswerBytes));
  }

  async *#lines<Line>(
    path: string,
    contentType: string,
    body: string | AsyncIterable<Uint8Array>,
    options: CallOptions,
  ) {
    const chunks = exchange(this.#connection, { method: 'POST', path, contentType, body }, options);
    for await (const line of readLines(chunks, this.#connection.maxAnswerBytes)) yield parse<Line>(line);
  }
}

async function* toLines(items: Iterable<BatchItem> | AsyncIterable<BatchItem>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  for await (const item of items) yield encoder.encode(`${JSON.stringify(toVerifyRequest(item))}\n`);
}

const toVerifyRequest = ({ message, ...rest }: BatchItem): object => ({ ...toText(message), ...rest });

const toText = (message: Message): { message: string; encoding: 'utf8' | 'base64' } =>
  typeof message === 'string' ? { message, encoding: 'utf8' } : { message: toBase64(message), encoding: 'base64' };

/**
 * The service's answers are tested against the schemas; what is no JSON came from somebody else.
 */
const parse = <Answer>(text: string): Answer => {
  try {
    return JSON.parse(text) as Answer;
  } catch (cause) {
    throw noAnswer('unreadable-answer', 'it is not JSON', cause);
  }
};
