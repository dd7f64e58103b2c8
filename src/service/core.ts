/**
 * What every face shares, made from the settings: the resolver, with the local zone
 * before it, and the function that judges messages. Makes no socket until a question is asked.
 */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Config } from '../../schemas/settings/settings.ts';
import type { VerdictSettings } from '../../schemas/verdict.ts';
import { withBudget } from '../dns/budget/budget.ts';
import { budgetLimits } from '../dns/budget/limits.ts';
import type { Lookup } from '../dns/lookup.ts';
import { createResolver, type Resolver } from '../dns/resolver.ts';
import { parseZone, withZone } from '../dns/zone/zone.ts';
import { isPublicAddress } from '../ip/public-address.ts';
import { createMemory, type Memory } from '../message/memory.ts';
import { messageLimits } from '../message/message.ts';
import type { CheckSpf } from '../pipeline/dependencies.ts';
import { type Observer, UNOBSERVED } from '../pipeline/observer.ts';
import { createPipeline, type Pipeline } from '../pipeline/pipeline.ts';
import { type Assess, createAssessor } from '../posture/assess.ts';
import { createHttpsFetch } from '../posture/reach/https-fetch.ts';
import { createSmtpProbe } from '../posture/reach/smtp-probe.ts';
import { SettingMistake } from '../settings/setting-mistake.ts';
import { readFailure } from '../settings/system-failure.ts';
import type { Log } from '../telemetry/log.ts';
import { inGroups } from '../verdict/in-groups.ts';
import { observed, UNWATCHED, type Watcher } from '../verdict/observed.ts';
import { createReplayer, type ReplayVerdict } from '../verdict/replay.ts';
import { checkSpf } from '../verdict/spf/spf.ts';
import { createVerifier, type Verify } from '../verdict/verify.ts';
import { version } from '../version.ts';

/** What the faces are handed. */
export type Mailverdict = {
  lookup: Lookup;
  resolver: Resolver;
  verify: Verify;
  replay: ReplayVerdict;
  assess: Assess;
  relist: Relist;
};

/**
 * Takes over the lists of other settings (RELOADED_SETTINGS); verifications that run keep what they
 * began with.
 */
type Relist = (config: Config) => void;

/**
 * Makes a verifier, a replayer and an assessor over one resolver. They share its cache, so make
 * them once, and close the resolver at the end.
 * @param config settings, as in `Config.parse({})`, which gives every default
 * @param log receives slow DNS questions
 * @throws SettingMistake when the zone file cannot be read or is wrong
 * @example
 * import { readFileSync } from 'node:fs';
 * import { Config, createLog, createMailverdict } from 'mailverdict';
 *
 * const config = Config.parse({ dnsServers: '127.0.0.1', authservId: 'mx.receiver.example' });
 * const { verify, assess, resolver } = createMailverdict(config, createLog('warn'));
 *
 * const facts = { clientIp: '192.0.2.10', mailFrom: 'alice@brand.example' };
 * const { author, disposition } = await verify(readFileSync('examples/aligned.eml'), facts);
 * console.log(author.domain, author.level, disposition.action);
 * // brand.example proven accept
 *
 * const outcome = await assess('brand.example');
 * console.log(outcome.kind);
 * // posture
 * resolver.close();
 */
export const createMailverdict = (config: Config, log: Log, watcher: Watcher = UNWATCHED): Mailverdict => {
  const monotonicMs = () => performance.now();
  const resolver = createResolver(config, {
    clock: monotonicMs,
    onQuestion: (event) => {
      watcher.onQuestion(event);
      if (event.elapsedMs >= config.dnsSlowQuestionMs) log.debug(event, 'slow DNS question');
    },
  });
  const lookup = config.dnsZone === '' ? resolver.lookup : withZone(readZone(config.dnsZone), resolver.lookup);
  const evaluation = {
    messageLimits: messageLimits(config),
    dnsLimits: budgetLimits(config),
    clock: { nowMs: Date.now, monotonicMs },
    newId: randomUUID,
    version,
  };
  let settings = verdictSettings(config);
  const alone = createVerifier({
    ...evaluation,
    lookup,
    get settings() {
      return settings;
    },
    mode: 'enforce',
    onStep: watcher.onStep,
    onProgress: watcher.onProgress,
  });
  return {
    lookup,
    resolver,
    verify: observed(inGroups(alone, config), watcher.verify),
    replay: createReplayer(evaluation),
    assess: createAssessor({
      lookup,
      settings: config,
      answerLimits: evaluation.dnsLimits,
      fetch: config.domainFetch ? createHttpsFetch({ isAllowed: isPublicAddress, nowMs: Date.now }) : null,
      probe: config.domainProbe
        ? createSmtpProbe({ isAllowed: isPublicAddress, helo: config.authservId, nowMs: Date.now })
        : null,
      clock: evaluation.clock,
    }),
    relist: (next) => {
      settings = { ...settings, ...listsOf(next) };
    },
  };
};

/**
 * Makes the mail servers' faces on top of the core: milter, policy service and hooks. Makes no
 * socket until it is asked to listen.
 */
export const createMailFaces = (
  config: Config,
  core: Mailverdict,
  log: Log,
  {
    observer = UNOBSERVED,
    memory = createMemory(Number.POSITIVE_INFINITY),
  }: { observer?: Observer; memory?: Memory } = {},
): Pipeline => {
  const clock = () => performance.now();
  const limits = budgetLimits(config);
  const check: CheckSpf = (facts) => {
    const { lookup } = withBudget(core.lookup, limits, clock, 'enforce');
    return checkSpf(facts, {
      lookup,
      deadlineMs: clock() + limits.maxElapsedMs,
      clock: { nowMs: Date.now, monotonicMs: clock },
      strict: config.strict,
      receiver: facts.receiver ?? config.authservId,
    });
  };
  return createPipeline(config, {
    verify: core.verify,
    checkSpf: check,
    log,
    clock,
    observer,
    memory,
  });
};

/** The settings of a verdict that are read again. */
const listsOf = ({
  arcTrustedSealers,
  trustedForwarders,
  allowDomains,
  allowNetworks,
  localDomains,
  localNetworks,
  protectedNames,
}: Config) => ({
  arcTrustedSealers,
  trustedForwarders,
  allowDomains,
  allowNetworks,
  localDomains,
  localNetworks,
  protectedNames,
});

/** The settings a verdict depends on, as the verdict can tell them. */
const verdictSettings = (config: Config): VerdictSettings => ({
  strict: config.strict,
  underscoreSelectors: config.underscoreSelectors,
  maxSignatures: config.maxSignatures,
  minRsaBits: config.minRsaBits,
  bodyLength: config.dkimBodyLength,
  clockSkewSeconds: config.clockSkewSeconds,
  enforce: config.enforce,
  unreadableFrom: config.unreadableFrom,
  authservId: config.authservId,
  arcTrustedSealers: config.arcTrustedSealers,
  trustedForwarders: config.trustedForwarders,
  allowDomains: config.allowDomains,
  allowNetworks: config.allowNetworks,
  localDomains: config.localDomains,
  localNetworks: config.localNetworks,
  protectedNames: config.protectedNames,
  relay: config.relay,
});

const readZone = (file: string) => {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new SettingMistake(`DNS_ZONE: the zone file ${readFailure(file, cause)}`, { cause });
  }
  const parsed = parseZone(text, file);
  if (!parsed.ok) throw new SettingMistake(`DNS_ZONE: ${parsed.errors.map(({ message }) => message).join('; ')}`);
  return parsed.zone;
};
