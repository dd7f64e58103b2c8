/**
 * The kinds of problem with which the service answers (RFC 9457): the last part of the `type` URN,
 * the status, the title, what it means and what the caller can do. docs/problems.md is written from
 * this table. Kinds are never renamed: programs rely on them.
 */

/** What is known of a kind beforehand. */
type ProblemFacts = {
  readonly status: number;
  readonly title: string;
  /** One sentence without a full stop. */
  readonly meaning: string;
  /** What the caller can do: one sentence without a full stop. */
  readonly remedy: string;
};

export const PROBLEMS = {
  'invalid-request': {
    status: 400,
    title: 'The request is not valid',
    meaning: 'a query parameter or a field of the body has a wrong value, is missing, or has an unknown name',
    remedy: 'change what `errors` lists: each entry has the path of the field and what is right there',
  },
  'empty-body': {
    status: 400,
    title: 'The request has no message',
    meaning: 'the body, or the message inside it, has no octets',
    remedy: 'send the message as the body, or JSON with a "message"',
  },
  'invalid-json': {
    status: 400,
    title: 'The body is not JSON',
    meaning: 'the body, or one line of a batch, says that it is JSON and cannot be read as such',
    remedy:
      'correct the text at the position that `detail` names; send a message by itself with another content type, such as message/rfc822',
  },
  'invalid-base64': {
    status: 400,
    title: 'The message is not base64',
    meaning: '"encoding" says base64 and "message" is something else',
    remedy: 'encode the message, or leave "encoding" out where the text is the message itself',
  },
  unauthorized: {
    status: 401,
    title: 'A key is needed here',
    meaning: 'the service has API keys, and the request has none or an unknown one',
    remedy:
      'send a key as "Authorization: Bearer …" or "X-API-Key: …"; the operator makes one with `mailverdict keys create`',
  },
  forbidden: {
    status: 403,
    title: 'This is not allowed from here',
    meaning: 'the address is for operators, or a page of another site sent the request',
    remedy:
      'use a key of the role operator, or ask from the machine of the service where it has no keys; a page that may ask belongs into ALLOWED_HOSTS',
  },
  'method-not-allowed': {
    status: 405,
    title: 'This method is not answered here',
    meaning: 'the path is known, and takes other methods',
    remedy: 'use one of the methods that the Allow field names',
  },
  'not-found': {
    status: 404,
    title: 'There is nothing here',
    meaning: 'nothing is answered at this path',
    remedy: 'compare path and method with the API reference at /docs',
  },
  'request-timeout': {
    status: 408,
    title: 'The request took too long to come',
    meaning: 'the header fields or the body of the request did not arrive within REQUEST_TIMEOUT_MS',
    remedy: 'send the request again, over a faster connection',
  },
  'expectation-failed': {
    status: 417,
    title: 'What the request expects cannot be met',
    meaning: 'the request has an Expect field other than 100-continue',
    remedy: 'leave the field out',
  },
  'header-fields-too-large': {
    status: 431,
    title: 'The header fields of the request are too large',
    meaning: 'the HTTP header fields of the request have more octets than are read',
    remedy: 'send fewer or shorter ones; transport facts can stand in a JSON body',
  },
  'uri-too-long': {
    status: 414,
    title: 'The address is too long',
    meaning: 'a part of the path is longer than any domain name',
    remedy: 'correct the path',
  },
  'not-implemented': {
    status: 501,
    title: 'This method is not implemented',
    meaning: 'the request is a CONNECT, and this service is no proxy',
    remedy: 'take the service out of the proxy settings of the client',
  },
  'body-too-large': {
    status: 413,
    title: 'The message is too large',
    meaning:
      'a message, a body, a batch or the structure of its JSON is larger than is read, or comes in too small pieces',
    remedy: 'send less; the operator can raise MAX_MESSAGE_BYTES and MAX_BATCH_MESSAGES',
  },
  'header-too-large': {
    status: 413,
    title: 'The header block of the message is too large',
    meaning: 'the header block of the message has more octets, lines or fields than are read',
    remedy: 'do not send it again: no ordinary message has as many; the operator can raise the limit',
  },
  'unsupported-media-type': {
    status: 415,
    title: 'This content type is not taken here',
    meaning: 'the Content-Type of the body is none that this address takes',
    remedy: 'send the content type that `detail` names',
  },
  'unsupported-encoding': {
    status: 415,
    title: 'The content encoding is not supported',
    meaning: 'the body has a Content-Encoding, such as gzip',
    remedy: 'send the body as it is',
  },
  'misdirected-request': {
    status: 421,
    title: 'This service has another name',
    meaning: 'the Host of the request is no name of this service, which guards it against DNS rebinding',
    remedy: 'ask for a name that it has; the operator adds names with ALLOWED_HOSTS',
  },
  'store-unavailable': {
    status: 503,
    title: 'The store does not answer',
    meaning: 'the database that STORE names does not answer, or has no room',
    remedy: 'ask again later; the operator finds the reason in the log. Mail is judged all the same',
  },
  'too-many-requests': {
    status: 429,
    title: 'Too many requests',
    meaning: 'the key, or the address without a key, has used up its requests of this time',
    remedy: 'wait for as long as `Retry-After` says',
  },
  'client-gone': {
    status: 499,
    title: 'The client closed the connection',
    meaning: 'the connection ended before the answer; it is seen in logs and gauges alone',
    remedy: 'keep the connection open until the answer is there',
  },
  'bad-request': {
    status: 400,
    title: 'The request cannot be read',
    meaning: 'the request does not follow HTTP, or its body ended early',
    remedy: 'look at `detail`, and at the proxies between client and service',
  },
  'internal-error': {
    status: 500,
    title: 'Something went wrong here',
    meaning: 'a fault of the service',
    remedy: 'give `requestId` to the operator: the log of the service has the fault under it',
  },
  'service-full': {
    status: 503,
    title: 'The service has no memory for this now',
    meaning: 'the octets of all messages under way reach MAX_TOTAL_BYTES, or those of one address MAX_CALLER_BYTES',
    remedy: 'send the request again after as long as `Retry-After` says',
  },
  'not-ready': {
    status: 503,
    title: 'The service is not ready',
    meaning: 'the service starts, or was asked to end; only /readyz answers so',
    remedy: 'send new work to another replica, or wait',
  },
} as const satisfies Readonly<Record<string, ProblemFacts>>;
export type ProblemKind = keyof typeof PROBLEMS;
