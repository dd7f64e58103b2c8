/**
 * An app that takes mail in over HTTP, POST /messages with the octets as body, and refuses what is
 * not proven to come from the domain in its From field. Answers 200 with that domain, 403 with the
 * reasons, 422 for what cannot be judged, and 503 while nobody knows: the sender tries again.
 *
 *   MAILVERDICT_URL=http://localhost:8080 PORT=3000 node receive-mail.mjs
 */
import { createServer } from 'node:http';
import { isReallyFrom, MailverdictClient, MailverdictError } from 'mailverdict/client';

const { env } = process;
const list = (text) => (text === undefined || text === '' ? undefined : text.split(','));
const options = {
  require: env.REQUIRE ?? 'proven',
  trustReceived: list(env.TRUST_RECEIVED),
  trustedAuthservIds: list(env.TRUSTED_AUTHSERV_IDS),
};
/** Addresses and domains whose mail is taken; empty: of everybody who is proven. */
const SENDERS = list(env.SENDERS) ?? [];
const MAX_BYTES = 26_214_400;
const client = new MailverdictClient({ baseUrl: env.MAILVERDICT_URL ?? 'http://localhost:8080' });

const decide = async (message) => {
  const verdict = await client.verify(message, {}, options);
  if (verdict.author.level === 'unknown') return [503, { reasons: verdict.decision.reasons }];
  if (!verdict.decision.satisfied) return [403, { reasons: verdict.decision.reasons }];
  const isKnown = SENDERS.some((sender) => isReallyFrom(verdict, sender, { level: options.require }));
  if (SENDERS.length > 0 && !isKnown) return [403, { reasons: [`${verdict.author.address} is not on the list.`] }];
  return [200, { from: verdict.author.domain }];
};

/** The octets of a body; null: there are too many. */
const readBody = async (request) => {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

const answer = async (request) => {
  if (request.method !== 'POST' || request.url !== '/messages') return [404, { reasons: ['POST /messages'] }];
  const message = await readBody(request);
  if (message === null) return [413, { reasons: [`A message has at most ${MAX_BYTES} octets.`] }];
  try {
    return await decide(message);
  } catch (error) {
    if (!(error instanceof MailverdictError)) throw error;
    // Without a verdict nothing is taken: a request that is wrong stays wrong, the rest may end.
    return [[400, 413, 415].includes(error.status) ? 422 : 503, { reasons: [error.message] }];
  }
};

const server = createServer(async (request, response) => {
  const [status, body] = await answer(request).catch(() => [500, { reasons: ['The app has a fault.'] }]);
  response.writeHead(status, { 'content-type': 'application/json', ...(status === 503 && { 'retry-after': '60' }) });
  response.end(JSON.stringify(body));
});
server.listen(Number(env.PORT ?? 3000), '127.0.0.1', () => console.log(`listening on port ${server.address().port}`));
