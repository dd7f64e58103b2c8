/** The log of a service: one line for each message, whichever way it came. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SINGLE_PROCESS } from '../../src/cluster/single-process.ts';
import { createService } from '../../src/service/service.ts';
import { readConfig } from '../../src/settings/read-settings.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { NO_TRACES } from '../../src/telemetry/no-traces.ts';
import { example } from '../verdict/make-verifier.ts';

const QUERY = 'clientIp=192.0.2.10&helo=mail.brand.example&mailFrom=alice@brand.example&queueId=q1';

test('createService logs each message once: of a mail server with the decision, of others with the verdict', async (t) => {
  const outcome = readConfig({ PORT: '0', DNS_SERVERS: '127.0.0.1:9' });
  assert.equal(outcome.kind, 'config');
  const lines: Record<string, unknown>[] = [];
  const log = createLog(
    'info',
    { logAddresses: 'full', logHashKey: '' },
    {
      write: (line) => void lines.push(JSON.parse(line)),
    },
  );
  const service = await createService({ config: outcome.config, log, group: SINGLE_PROCESS, traces: NO_TRACES });
  t.after(() => service.close({ drainMs: 0, graceMs: 1000 }));
  const [address] = await service.listen();
  for (const [path, sentence] of [
    ['/v1/verify', 'verdict'],
    ['/v1/hooks/raw', 'message decided'],
  ]) {
    lines.length = 0;
    const body = new Uint8Array(example('aligned.eml'));
    const response = await fetch(`${address}${path}?${QUERY}`, { method: 'POST', body });
    assert.equal(response.status, 200, path);
    const [line, ...more] = lines.filter((one) => one.verdictId !== undefined);
    assert.deepEqual(more, [], path);
    assert.deepEqual(
      [line?.msg, line?.queueId, line?.clientIp, line?.authorDomain, line?.action],
      [sentence, 'q1', '192.0.2.10', 'brand.example', 'accept'],
    );
  }
});
