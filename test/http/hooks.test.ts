/**
 * The hooks over HTTP, with the pipeline that the milter uses: what to do with a message, and bad
 * input that names its field.
 */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Problem } from '../../schemas/problem.ts';
import { MtaHooksResponse, RawHookResponse } from '../../schemas/requests/hooks.ts';
import { Config } from '../../schemas/settings/settings.ts';
import { createMailFaces, createMailverdict } from '../../src/service/core.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { example, exampleLookup, makeVerifier } from '../verdict/make-verifier.ts';
import { makeApp } from './make-app.ts';

const config = { ...Config.parse({ enforce: 'yes', dnsServers: '127.0.0.1:9' }), authservId: 'mx.receiver.example' };
const log = createLog('silent');
const parts = { ...createMailverdict(config, log), lookup: exampleLookup, verify: makeVerifier({ enforce: true }) };
const app = await makeApp({ hooks: createMailFaces(config, parts, log) });
after(() => app.close());
const STRANGER = 'clientIp=198.51.100.200&helo=host.stranger.example&mailFrom=alice@brand.example';
const FORGED = Buffer.from(
  'Authentication-Results: mx.receiver.example; dkim=pass\r\nAuthentication-Results: other.example; dkim=pass\r\n',
);

test('POST /v1/hooks/raw refuses a forgery with its reply, and accepts the genuine message with our field on top and forged ones named', async () => {
  const refused = await app.inject({
    method: 'POST',
    url: `/v1/hooks/raw?${STRANGER}`,
    payload: example('spf-fail.eml'),
    headers: { 'content-type': 'message/rfc822' },
  });
  const no = RawHookResponse.parse(refused.json());
  assert.equal(no.action, 'reject');
  assert.equal(no.smtpReply?.code, 550);
  const genuine = await app.inject({
    method: 'POST',
    url: '/v1/hooks/raw',
    payload: {
      message: Buffer.concat([FORGED, example('aligned.eml')]).toString('base64'),
      encoding: 'base64',
      smtp: { clientIp: '192.0.2.10', helo: 'mail.brand.example', mailFrom: 'alice@brand.example' },
    },
  });
  const yes = RawHookResponse.parse(genuine.json());
  assert.equal(yes.action, 'accept');
  assert.equal(yes.addHeaders[0]?.name, 'Authentication-Results');
  assert.deepEqual(
    yes.removeHeaders.map(({ name, occurrence }) => [name, occurrence]),
    [['Authentication-Results', 1]],
  );
  assert.equal(yes.verdict?.dmarc.result, 'pass');
});

test('POST /v1/hooks/mta answers Stalwart at the data stage, and accepts at every other one', async () => {
  const text = example('spf-fail.eml').toString('latin1');
  const end = text.indexOf('\r\n\r\n') + 2;
  const headers = text
    .slice(0, end)
    .split(/\r\n(?![ \t])/)
    .filter((line) => line !== '')
    .map((line) => [line.slice(0, line.indexOf(':')), `${line.slice(line.indexOf(':') + 1)}\r\n`]);
  const request = {
    context: { stage: 'DATA', client: { ip: '198.51.100.200', helo: 'host.stranger.example' } },
    envelope: { from: { address: 'alice@brand.example' }, to: [{ address: 'bob@receiver.example' }] },
    message: { headers, contents: text.slice(end + 2), size: text.length },
  };
  const refused = MtaHooksResponse.parse(
    (await app.inject({ method: 'POST', url: '/v1/hooks/mta', payload: request })).json(),
  );
  assert.equal(refused.action, 'reject');
  const early = await app.inject({ method: 'POST', url: '/v1/hooks/mta', payload: { context: { stage: 'RCPT' } } });
  assert.deepEqual(early.json(), { action: 'accept', modifications: [] });
});

test('the hooks name the field that is wrong', async () => {
  const cases: [url: string, payload: object, path: string][] = [
    ['/v1/hooks/mta', { context: {} }, 'context.stage'],
    ['/v1/hooks/raw', { message: 'x', smtp: { clientIp: 'x' } }, 'smtp.clientIp'],
  ];
  for (const [url, payload, path] of cases) {
    const response = await app.inject({ method: 'POST', url, payload });
    assert.equal(response.statusCode, 400, response.body);
    assert.equal(Problem.parse(response.json()).errors?.[0]?.path, path);
  }
});
