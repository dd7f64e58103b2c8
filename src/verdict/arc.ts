/**
 * ARC of a message (RFC 8617): the state of the chain, and what each sealer claimed. mailauth validates; a key that could not be had makes the chain `temperror` here,
 * because "fail" would blame the sealers for a DNS failure. Claims are told as claims and decide nothing by themselves.
 */
import type { ArcInstance, ArcVerdict } from '../../schemas/arc.ts';
import { type MailauthArcData, type MailauthArcSet, type MailauthResolver, mailauthArc } from './mailauth.ts';

/** What the ARC step needs. */
export type ArcParts = {
  resolver: MailauthResolver;
  strict: boolean;
  minRsaBits: number;
  clientIp: string | undefined;
  /** Sealers whose chain may explain a failure, in lower case. */
  trustedSealers: ReadonlySet<string>;
  /** Reads the results out of the body of an ARC-Authentication-Results field. */
  readClaims: (fieldBody: string) => Pick<ArcInstance, 'authservId' | 'claims'>;
};

/** Codes that mean "not known", as the resolver gives them; see resolver.ts. */
const TEMPORARY =
  /\bE(?:TIMEOUT|SERVFAIL|REFUSED|FORMERR|NOTIMP|RCODE|BADRESP|CONNREFUSED|OVERLOAD|BUDGET|UNRECORDED)\b/i;

/** Validates the chain. */
export const validateArc = async (data: MailauthArcData, parts: ArcParts): Promise<ArcVerdict> => {
  const { status } = await mailauthArc(data, {
    resolver: parts.resolver,
    minBitLength: parts.minRsaBits,
    strict: parts.strict,
    ...(parts.clientIp !== undefined && { ip: parts.clientIp }),
  });
  const instances = (data.chain || []).map((set) => toInstance(set, parts));
  switch (status.result) {
    case 'pass':
      return {
        result: 'pass',
        reason: `every seal of the ${instances.length === 1 ? 'one ARC set' : `${instances.length} ARC sets`} verifies`,
        instances,
      };
    case 'none':
      return { result: 'none', reason: 'the message carries no ARC sets', instances };
    default: {
      const comment = status.comment ?? 'the chain does not verify';
      return { result: TEMPORARY.test(comment) ? 'temperror' : 'fail', reason: comment, instances };
    }
  }
};

const toInstance = (set: MailauthArcSet, parts: ArcParts): ArcInstance => {
  const seal = set['arc-seal']?.parsed;
  const results = set['arc-authentication-results']?.original?.toString('latin1') ?? '';
  const sealer = tag(seal, 'd')?.toLowerCase() ?? null;
  const time = seal?.t?.value;
  return {
    instance: set.i,
    sealer,
    selector: tag(seal, 's'),
    cv: tag(seal, 'cv')?.toLowerCase() ?? null,
    sealedAt: typeof time === 'number' && time >= 0 && time < 8.64e12 ? new Date(time * 1000).toISOString() : null,
    ...parts.readClaims(results.slice(results.indexOf(':') + 1)),
    trusted: sealer !== null && parts.trustedSealers.has(sealer),
  };
};

const tag = (tags: Record<string, { value?: unknown } | undefined> | undefined, name: string): string | null => {
  const value = tags?.[name]?.value;
  return typeof value === 'string' && value !== '' ? value : null;
};
