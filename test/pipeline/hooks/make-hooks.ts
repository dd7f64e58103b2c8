/** A request of MTA Hooks and both hooks over a fake verification, for their tests. */
import { MtaHooksRequest } from '../../../schemas/requests/hooks.ts';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import type { Verdict } from '../../../schemas/verdict.ts';
import type { FaceSettings } from '../../../src/pipeline/face-settings.ts';
import { createMtaHooks } from '../../../src/pipeline/hooks/mta-hooks.ts';
import { createRawHook } from '../../../src/pipeline/hooks/raw-hook.ts';
import { makeEvaluation } from '../make-evaluation.ts';
import { makeVerdict } from '../make-verdict.ts';

const HEADERS: [string, string][] = [
  ['Authentication-Results', ' mx.rcpt.example; dkim=pass\r\n'],
  ['From', ' Alice <a@sender.example>\r\n'],
  ['Subject', ' two\r\n lines\r\n'],
];
/** The octets of the message in {@link makeRequest}. */
export const OCTETS =
  'Authentication-Results: mx.rcpt.example; dkim=pass\r\nFrom: Alice <a@sender.example>\r\nSubject: two\r\n lines\r\n\r\nHello\r\n';

/** A request as Stalwart 0.16 sends it. */
export const makeRequest = (
  over: { stage?: string; contents?: string; size?: number; sasl?: object; headers?: [string, string][] } = {},
) =>
  MtaHooksRequest.parse({
    context: {
      stage: over.stage ?? 'data',
      client: {
        ip: '192.0.2.10',
        port: 40001,
        ptr: 'mail.sender.example.',
        helo: 'mail.sender.example',
        activeConnections: 1,
      },
      ...(over.sasl && { sasl: over.sasl }),
      tls: { version: 'TLSv1.3', cipher: 'TLS13_AES_256_GCM_SHA384' },
      server: { name: 'Stalwart v0.16.18', port: 25, ip: '198.51.100.5' },
      queue: { id: '3a5f0c' },
      protocol: { version: 1 },
    },
    envelope: { from: { address: 'alice@sender.example' }, to: [{ address: 'bob@rcpt.example' }] },
    message: {
      headers: over.headers ?? HEADERS,
      contents: over.contents ?? 'Hello\r\n',
      size: over.size ?? OCTETS.length,
    },
  });

/** Both hooks over a fake verification, and what it was asked to judge. */
export const makeHooks = (over: Partial<FaceSettings> = {}, verdict: Verdict = makeVerdict()) => {
  const judged: { octets: string; facts: SmtpFacts }[] = [];
  const { evaluation, settings } = makeEvaluation(over, async (octets, facts) => {
    judged.push({ octets: octets.toString('latin1'), facts });
    return verdict;
  });
  return { mta: createMtaHooks(settings, evaluation), raw: createRawHook(settings, evaluation), judged };
};
