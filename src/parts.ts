/**
 * The parts that every face shares, made from the settings: the resolver, with the local zone before it, and the function that judges messages. Makes no socket
 * until a question is asked.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Config } from '../schemas/config.ts';
import type { VerdictSettings } from '../schemas/verdict.ts';
import { budgetLimits } from './dns/budget.ts';
import type { Lookup } from './dns/lookup.ts';
import { createResolver, type Resolver } from './dns/resolver.ts';
import { parseZone, withZone } from './dns/zone.ts';
import type { Log } from './log.ts';
import { DEFAULT_MESSAGE_LIMITS } from './message/message.ts';
import { createReplayer, type ReplayVerdict } from './verdict/replay.ts';
import { createVerifier, type Verify } from './verdict/verify.ts';
import { version } from './version.ts';

/** What the faces are handed. */
export type Parts = { lookup: Lookup; resolver: Resolver; verify: Verify; replay: ReplayVerdict };

/** A settings mistake that shows only when a file is read. */
export class SettingMistake extends Error {}

/** Makes the parts. @throws SettingMistake when the zone file cannot be read or is wrong */
export const createParts = (config: Config, log: Log): Parts => {
  const monotonicMs = () => performance.now();
  const resolver = createResolver(config, {
    clock: monotonicMs,
    onQuestion: (event) => {
      if (event.elapsedMs >= config.dnsSlowQuestionMs) log.debug(event, 'slow DNS question');
    },
  });
  const lookup = config.dnsZone === '' ? resolver.lookup : withZone(readZone(config.dnsZone), resolver.lookup);
  const evaluation = {
    messageLimits: { ...DEFAULT_MESSAGE_LIMITS, maxHeaderBytes: config.maxHeaderBytes },
    dnsLimits: budgetLimits(config),
    clock: { nowMs: Date.now, monotonicMs },
    newId: randomUUID,
    version,
  };
  const verify = createVerifier({ ...evaluation, lookup, settings: verdictSettings(config), mode: 'enforce' });
  return { lookup, resolver, verify, replay: createReplayer(evaluation) };
};

/** The settings a verdict depends on, as the verdict can tell them. */
export const verdictSettings = (config: Config): VerdictSettings => ({
  strict: config.strict,
  maxSignatures: config.maxSignatures,
  minRsaBits: config.minRsaBits,
  bodyLength: config.dkimBodyLength,
  clockSkewSeconds: config.clockSkewSeconds,
  enforce: config.enforce,
  authservId: config.authservId,
  arcTrustedSealers: config.arcTrustedSealers,
  allowDomains: config.allowDomains,
  allowNetworks: config.allowNetworks,
  localDomains: config.localDomains,
});

const readZone = (file: string) => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new SettingMistake(`DNS_ZONE: the zone file ${file} cannot be read`, { cause });
  }
  const parsed = parseZone(text, file);
  if (!parsed.ok) throw new SettingMistake(`DNS_ZONE: ${parsed.errors.map(({ message }) => message).join('; ')}`);
  return parsed.zone;
};
