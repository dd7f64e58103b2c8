/**
 * MTA-STS of a domain: the TXT record, the policy at its HTTPS address, and whether the policy
 * covers every mail host. RFC 8461. A policy that cannot be fetched is reported as such; DNS
 * failures on the way are reported as DNS failures.
 */
import type { MailPosture, MtaStsPosture } from '../../schemas/posture/mail.ts';
import { mxMatches, parseMtaSts, parseMtaStsPolicy, selectMtaSts } from '../records/mta-sts.ts';
import { type Ask, askTexts, type Found } from './ask.ts';
import type { Fetched, FetchLimits, HttpsFetch } from './reach/https-fetch.ts';

/** Media type of a policy (RFC 8461 section 3.2). */
const POLICY_TYPES = ['text/plain'] as const;

/** What the check works with. */
type MtaStsDependencies = {
  readonly ask: Ask;
  /** null: nothing is fetched. */
  readonly fetch: HttpsFetch | null;
  readonly limits: Pick<FetchLimits, 'maxBytes' | 'timeoutMs'>;
};

/** The address of a domain's policy (RFC 8461 section 3.3). */
const policyUrl = (domain: string): string => `https://mta-sts.${domain}/.well-known/mta-sts.txt`;

/**
 * Looks at MTA-STS.
 * @param mail the mail hosts, which the policy must cover
 * @returns never rejects
 */
export const assessMtaSts = async (
  domain: string,
  mail: Promise<MailPosture>,
  dependencies: MtaStsDependencies,
): Promise<MtaStsPosture> => {
  const { ask, fetch } = dependencies;
  const record = readRecord(await askTexts(ask, `_mta-sts.${domain}`));
  // Without a record no sender looks for a policy.
  if (record.state !== 'valid' || fetch === null) return { ...record, policy: noPolicy(domain), unmatched: [] };
  const limits = { ...dependencies.limits, maxRedirects: 0, types: POLICY_TYPES };
  const policy = readPolicy(domain, await fetch(policyUrl(domain), ask, limits));
  const { hosts } = await mail;
  const unmatched =
    policy.state === 'valid' && policy.mode !== 'none'
      ? hosts.map(({ exchange }) => exchange).filter((host) => !policy.mx.some((pattern) => mxMatches(pattern, host)))
      : [];
  return { ...record, policy, unmatched };
};

const readRecord = (found: Found<string>): Omit<MtaStsPosture, 'policy' | 'unmatched'> => {
  const nothing = { record: null, id: null };
  if (found.kind === 'dns-failure') return { state: 'dns-failure', failure: found.failure, ...nothing };
  const selection = selectMtaSts(found.kind === 'found' ? found.values : []);
  if (selection.kind === 'none') return { state: 'absent', ...nothing };
  if (selection.kind === 'several')
    return {
      state: 'invalid',
      record: selection.texts[0] ?? null,
      id: null,
      reason: `${selection.texts.length} MTA-STS records count as none`,
    };
  const parsed = parseMtaSts(selection.text);
  return parsed.kind === 'record'
    ? { state: 'valid', record: parsed.text, id: parsed.id }
    : { state: 'invalid', record: parsed.text, id: null, reason: parsed.fault.reason };
};

const noPolicy = (domain: string): MtaStsPosture['policy'] => ({
  state: 'not-fetched',
  url: policyUrl(domain),
  mode: null,
  maxAgeSeconds: null,
  mx: [],
  certificate: null,
});

const readPolicy = (domain: string, fetched: Fetched): MtaStsPosture['policy'] => {
  const nothing = noPolicy(domain);
  if (fetched.kind === 'dns-failure') return { ...nothing, state: 'dns-failure', reason: fetched.reason };
  if (fetched.kind === 'failed') return { ...nothing, state: 'unreachable', reason: fetched.reason };
  const { certificate } = fetched;
  const parsed = parseMtaStsPolicy(fetched.body.toString('latin1'));
  if (parsed.kind === 'fault')
    return {
      ...nothing,
      state: 'invalid',
      certificate,
      reason: `${parsed.fault.reason} (character ${parsed.fault.offset + 1})`,
    };
  return {
    ...nothing,
    state: 'valid',
    mode: parsed.mode,
    maxAgeSeconds: parsed.maxAgeSeconds,
    mx: [...parsed.mx],
    certificate,
  };
};
