/**
 * Why a DMARC failure does not count for a message (RFC 9989 section 5.4; reasons of RFC 9990
 * section 3.1.6). Pure and narrow: an ARC chain counts only when it passes, and a trusted sealer,
 * all after it trusted too, says it saw DMARC pass for this Author Domain, so that the failure is
 * one that forwarding explains.
 */
import type { ArcInstance, ArcVerdict } from '../../../schemas/arc.ts';
import type { DkimSignature } from '../../../schemas/dkim.ts';
import type { DmarcVerdict } from '../../../schemas/dmarc.ts';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import type { SpfVerdict } from '../../../schemas/spf.ts';
import type { Iprev, Override, VerdictSettings } from '../../../schemas/verdict.ts';
import { isInNetwork } from '../../ip/networks.ts';
import type { Message } from '../../message/message.ts';
import { MAX_CLAIMS } from '../methods/claims.ts';
import { comparable, domainOf } from '../methods/identifiers.ts';
import { findForwarder, mayBeForwarder } from './forwarder.ts';

type Grounds = {
  dmarc: DmarcVerdict;
  spf: SpfVerdict;
  dkim: readonly DkimSignature[];
  arc: ArcVerdict;
  iprev: Iprev;
  facts: SmtpFacts;
  settings: VerdictSettings;
  message: Message;
};

/** The first override that applies, or null. Only a DMARC failure can be overridden. */
export const findOverride = (grounds: Grounds): Override | null => {
  if (grounds.dmarc.result !== 'fail') return null;
  return byArc(grounds) ?? byForwarder(grounds) ?? byNetwork(grounds) ?? byDomain(grounds);
};

/**
 * What may still override a DMARC failure once a temporary failure has ended, in words, or null. As
 * long as there is one, refusing for good would lose a message that is to be accepted.
 */
export const findOpenOverride = (grounds: Grounds): string | null => {
  if (grounds.dmarc.result !== 'fail') return null;
  const { arc, spf, dkim, settings } = grounds;
  const vouching = arc.result === 'temperror' ? findVouching(grounds) : undefined;
  if (vouching !== undefined) return `the ARC chain that ${vouching.sealer} vouches in`;
  if (mayBeForwarder(grounds)) return 'the name of a client that may be a trusted forwarder';
  const allowed = new Set(settings.allowDomains);
  const signed = dkim.find(
    ({ result, sdid }) => result === 'temperror' && sdid !== null && allowed.has(comparable(sdid)),
  );
  if (signed !== undefined) return `the signature of the allowed domain ${signed.sdid}`;
  if (spf.result === 'temperror' && spf.domain !== null && allowed.has(comparable(spf.domain)))
    return `SPF of the allowed domain ${spf.domain}`;
  return null;
};

/**
 * True when a sealer claims, once and whole, that DMARC passed for this very Author Domain;
 * anything else is no claim.
 */
export const claimsDmarcPass = ({ claims }: ArcInstance, authorDomain: string | null): boolean => {
  // Another version of the method may say the opposite.
  const dmarcClaims = claims.filter(({ method }) => method === 'dmarc' || method.startsWith('dmarc/'));
  const [only] = dmarcClaims;
  if (dmarcClaims.length !== 1 || only?.method !== 'dmarc' || claims.length >= MAX_CLAIMS) return false;
  if (only.result !== 'pass' || only.identity === null) return false;
  return comparable(domainOf(only.identity)) === authorDomain;
};

/**
 * The first sealer that says DMARC passed vouches for the author; every later one must be trusted
 * to have kept that true.
 */
const findVouching = ({ arc, dmarc }: Pick<Grounds, 'arc' | 'dmarc'>): ArcInstance | undefined => {
  const vouching = arc.instances.find((instance) => claimsDmarcPass(instance, dmarc.authorDomain));
  if (vouching === undefined || arc.instances.slice(vouching.instance - 1).some(({ trusted }) => !trusted))
    return undefined;
  return vouching;
};

/** The trusted sealer that saw DMARC pass for the Author Domain, when the chain passes; or null. */
export const findArcVoucher = (grounds: Pick<Grounds, 'arc' | 'dmarc'>): ArcInstance | null =>
  grounds.arc.result === 'pass' ? (findVouching(grounds) ?? null) : null;

const byArc = (grounds: Grounds): Override | null => {
  const { dkim } = grounds;
  const vouching = findArcVoucher(grounds);
  if (vouching === null) return null;
  // A broken signature of the author is what a mailing list leaves behind; without one the message
  // was only forwarded.
  const broken = dkim.some(({ result }) => result === 'fail');
  return {
    type: broken ? 'mailing_list' : 'trusted_forwarder',
    comment: `the trusted sealer ${vouching.sealer} saw DMARC pass before the message was changed or forwarded (ARC i=${vouching.instance})`,
  };
};

const byForwarder = (grounds: Grounds): Override | null => {
  const forwarder = findForwarder(grounds);
  return forwarder === null
    ? null
    : {
        type: 'trusted_forwarder',
        comment: `the trusted forwarder ${forwarder.host} handed it on, whose name and address confirm each other`,
      };
};

const byNetwork = ({ facts, settings }: Grounds): Override | null => {
  if (facts.clientIp === undefined) return null;
  const { clientIp } = facts;
  const network = settings.allowNetworks.find((text) => isInNetwork(clientIp, text));
  return network === undefined
    ? null
    : { type: 'local_policy', comment: `the client ${clientIp} is in the allowed network ${network}` };
};

const byDomain = ({ spf, dkim, settings }: Grounds): Override | null => {
  const allowed = new Set(settings.allowDomains);
  const signed = dkim.find(({ result, sdid }) => result === 'pass' && sdid !== null && allowed.has(comparable(sdid)));
  if (signed !== undefined)
    return { type: 'local_policy', comment: `the message is signed by the allowed domain ${signed.sdid}` };
  if (spf.result === 'pass' && spf.domain !== null && allowed.has(comparable(spf.domain))) {
    return { type: 'local_policy', comment: `SPF passes for the allowed domain ${spf.domain}` };
  }
  return null;
};
