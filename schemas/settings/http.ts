/**
 * Settings of the HTTP face. Environment names are the keys in upper snake case: `maxMessageBytes`
 * is `MAX_MESSAGE_BYTES`.
 */
import { z } from 'zod';
import { choice, text, wholeNumber } from './setting.ts';

export const HttpSettings = z.object({
  host: text({ default: '127.0.0.1', maxLength: 255, unit: 'address', about: 'address to listen on' }),
  port: wholeNumber({
    default: 8080,
    min: 0,
    max: 65535,
    unit: 'port',
    about: 'TCP port to listen on; 0: any free one',
  }),
  maxMessageBytes: wholeNumber({
    default: 52428800,
    min: 1024,
    max: 1073741824,
    unit: 'bytes',
    about: 'largest message; more is answered with 413, and OVERSIZED_MESSAGES decides for mail servers',
  }),
  maxHeaderBytes: wholeNumber({
    default: 1048576,
    min: 1024,
    max: 67108864,
    unit: 'bytes',
    about: 'largest header block of a message; more counts as a larger message',
  }),
  maxHeaderFields: wholeNumber({
    default: 2000,
    min: 100,
    max: 100000,
    unit: 'fields',
    about: 'header fields of a message; more count as a larger message',
  }),
  maxTotalBytes: wholeNumber({
    default: 402653184,
    min: 1048576,
    max: 68719476736,
    unit: 'bytes',
    about: 'bytes of all messages and request bodies that one worker holds at one time; HTTP answers 503 beyond it',
  }),
  maxCallerBytes: wholeNumber({
    default: 201326592,
    min: 65536,
    max: 68719476736,
    unit: 'bytes',
    about: 'bytes of MAX_TOTAL_BYTES that the HTTP bodies of one address may take, where it sends more than one',
  }),
  maxBatchMessages: wholeNumber({
    default: 10000,
    min: 1,
    max: 1000000,
    unit: 'messages',
    about: 'messages of one batch; the rest of a larger one is not read',
  }),
  batchWidth: wholeNumber({
    default: 4,
    min: 1,
    max: 64,
    unit: 'messages',
    about: 'messages of one batch worked on at once',
  }),
  requestTimeoutMs: wholeNumber({
    default: 60000,
    min: 1000,
    max: 3600000,
    unit: 'ms',
    about:
      'time for a client to send the header block of its request, and again for the body; it runs while we wait for the client only',
  }),
  writeTimeoutMs: wholeNumber({
    default: 30000,
    min: 200,
    max: 3600000,
    unit: 'ms',
    about:
      'time in which a client or a mail server has to read something of an answer that waits for it, or its connection is closed',
  }),
  maxConnections: wholeNumber({
    default: 2048,
    min: 1,
    max: 100000,
    unit: 'connections',
    about: 'connections of the HTTP face at one time',
  }),
  maxPeerConnections: wholeNumber({
    default: 512,
    min: 1,
    max: 100000,
    unit: 'connections',
    about: 'connections of one address at one time; the proxies of TRUST_PROXY are counted in MAX_CONNECTIONS only',
  }),
  maxPipelinedRequests: wholeNumber({
    default: 16,
    min: 1,
    max: 1000,
    unit: 'requests',
    about: 'requests under way on one connection; a client that sends more before it has its answers is disconnected',
  }),
  workers: wholeNumber({
    default: 1,
    min: 1,
    max: 64,
    unit: 'processes',
    about: 'processes that share the listeners, each with a DNS cache and limits of its own; as many as cores at most',
  }),
  verifyGroupSize: wholeNumber({
    default: 16,
    min: 1,
    max: 1024,
    unit: 'messages',
    about:
      'messages that came in at the same moment and are judged step by step as one group, which costs less for each',
  }),
  drainMs: wholeNumber({
    default: 5000,
    min: 0,
    max: 600000,
    unit: 'ms',
    about:
      'time after SIGTERM for which new connections are still taken and answered, while /readyz says 503, so that balancers send work elsewhere first; afterwards a connection on which nothing came for as long is closed',
  }),
  shutdownTimeoutMs: wholeNumber({
    default: 10000,
    min: 0,
    max: 600000,
    unit: 'ms',
    about: 'time for running work to finish after DRAIN_MS',
  }),
  logLevel: choice({
    words: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    default: 'info',
    about: 'least severe log line that is written',
  }),
});
export type HttpSettings = z.infer<typeof HttpSettings>;
