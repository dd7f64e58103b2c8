/**
 * Whose move it is: at most one step for the receiver and one for the owner of the Author Domain,
 * the one that would do most. Pure. A record or a setting that would mend it stands beside the
 * sentence; what only a person can know is in angle brackets.
 */

import type { ArcInstance } from '../../../schemas/arc.ts';
import type { ActualSender, AuthorLevel, NextStep } from '../../../schemas/author.ts';
import type { DkimSignature } from '../../../schemas/dkim.ts';
import type { Disposition } from '../../../schemas/verdict.ts';
import { claimsDmarcPass } from '../disposition/override.ts';
import type { AnswerGrounds } from './grounds.ts';
import { findUncheckable } from './uncheckable.ts';

/** Finds them; none when the domain is proven. */
export const nextSteps = (level: AuthorLevel, actual: readonly ActualSender[], grounds: AnswerGrounds): NextStep[] => {
  if (level === 'proven') return [];
  const steps = [receiverStep(level, actual, grounds), ownerStep(level, actual, grounds)];
  return steps.filter((step) => step !== null);
};

const toReceiver = (text: string, setting?: string): NextStep => ({
  who: 'receiver',
  text,
  ...(setting !== undefined && { setting }),
});

const toOwner = (text: string, record?: NextStep['record']): NextStep => ({
  who: 'domain-owner',
  text,
  ...(record !== undefined && { record }),
});

const receiverStep = (level: AuthorLevel, actual: readonly ActualSender[], grounds: AnswerGrounds): NextStep | null => {
  const { author, dmarc, settings, disposition, iprev } = grounds;
  if (level === 'vouched') return null;
  if (level === 'unknown') {
    const limit = dmarc.rfc9989.alignment.spf.limit ?? dmarc.rfc9989.alignment.dkim.limit;
    if (dmarc.result !== 'permerror') return toReceiver('Judge the message again later: the failure may have ended.');
    return toReceiver(
      'Look at the finding that names the limit: only a higher limit would let the proof be checked.',
      limit?.setting ?? undefined,
    );
  }
  if (author.domain === null)
    return settings.enforce || disposition.wouldBe === 'accept'
      ? null
      : toReceiver(`Act on such mail: with ENFORCE=yes it is ${ACTION_WORDS[disposition.wouldBe]}.`, 'ENFORCE=yes');
  const sealers = untrustedSealers(grounds);
  if (sealers.length > 0) {
    const names = sealers.join(',');
    return toReceiver(
      `An intact ARC chain of ${sealers.join(' and ')} says dmarc=pass for ${author.domain}: if you trust ${sealers.length > 1 ? 'them' : 'it'} to tell the truth, ARC_TRUSTED_SEALERS=${names} would accept the message.`,
      `ARC_TRUSTED_SEALERS=${names}`,
    );
  }
  if (dmarc.result === 'fail' && iprev.name !== null && actual.some(({ relation }) => relation === 'forwarder'))
    return toReceiver(
      `If ${iprev.name} forwards mail for you, TRUSTED_FORWARDERS=${iprev.name} would accept the message.`,
      `TRUSTED_FORWARDERS=${iprev.name}`,
    );
  if (disposition.action === 'accept' && disposition.wouldBe !== 'accept')
    return toReceiver(
      `Do what ${dmarc.rfc9989.recordDomain} asks for: with ENFORCE=yes such mail is ${ACTION_WORDS[disposition.wouldBe]}.`,
      'ENFORCE=yes',
    );
  return null;
};

const ACTION_WORDS = {
  accept: 'accepted',
  quarantine: 'quarantined',
  reject: 'rejected',
  tempfail: 'deferred',
} as const satisfies Readonly<Record<Disposition['action'], string>>;

/**
 * Sealers that would have to be trusted for an intact chain to vouch for the author: from the one
 * that says dmarc=pass on. None when no such claim is there.
 */
const untrustedSealers = ({ arc, dmarc }: AnswerGrounds): string[] => {
  if (arc.result !== 'pass' || dmarc.authorDomain === null) return [];
  const first = arc.instances.findIndex((instance) => claimsDmarcPass(instance, dmarc.authorDomain));
  if (first === -1) return [];
  const later: readonly ArcInstance[] = arc.instances.slice(first);
  return [...new Set(later.flatMap(({ sealer, trusted }) => (sealer === null || trusted ? [] : [sealer])))];
};

const ownerStep = (level: AuthorLevel, actual: readonly ActualSender[], grounds: AnswerGrounds): NextStep | null => {
  const { author, dmarc, dkim, spf, facts } = grounds;
  const { domain } = author;
  if (domain === null) return toOwner('Write one From field with an address of one domain.');
  if (level === 'unknown' && dmarc.result !== 'permerror') return null;
  const mine = dkim.find(({ aligned, result }) => aligned === true && result !== 'pass');
  const [sender] = actual;
  if (sender?.relation === 'mailing-list' || sender?.relation === 'forwarder')
    return mine === undefined
      ? toOwner(
          `Sign the mail of ${domain} with DKIM: a signature survives most forwarding, SPF survives none.`,
          keyRecord(domain),
        )
      : toOwner(`No record would mend this: ${sender.domain} changed the message after ${mine.sdid} had signed it.`);
  if (mine !== undefined) return signatureStep(mine, grounds);
  if (sender !== undefined) {
    const { published } = dmarc.rfc9989.policy ?? {};
    if (sender.relation === 'same-organization')
      return toOwner(
        `${sender.domain} is of your organization, but alignment is strict: use ${domain} itself as signing domain or return-path, or publish adkim=r and aspf=r.`,
      );
    return toOwner(
      `If ${sender.domain} sends for you, let it sign with d=${domain}, or use a return-path under ${domain}; if not, somebody else wrote this${published?.p === 'none' ? ', and p=none lets it through' : ''}.`,
      keyRecord(domain),
    );
  }
  if (spf.result === 'none' && dkim.length === 0 && dmarc.result === 'none')
    return toOwner(
      `${domain} publishes nothing that could prove its mail: publish SPF and a DKIM key, sign, and begin with a DMARC record that asks for reports.`,
      { name: `_dmarc.${domain}`, type: 'TXT', data: 'v=DMARC1; p=none; rua=mailto:<address for reports>' },
    );
  if (dmarc.rfc9989.policy?.tag === 'np')
    return toOwner(
      `Nothing has to change: ${domain} does not exist, so nobody sends mail for it, and ${dmarc.rfc9989.recordDomain} says what becomes of such mail (np=).`,
    );
  const client = facts.clientIp === undefined ? 'the client' : facts.clientIp;
  return toOwner(
    `If ${client} sends for you, let it sign with d=${domain}, or list it in the SPF record of the return-path; if not, somebody else wrote this, and no record has to change.`,
    keyRecord(domain),
  );
};

/** Where the key of a new signature goes. */
const keyRecord = (domain: string): NextStep['record'] => ({
  name: `<selector>._domainkey.${domain}`,
  type: 'TXT',
  data: 'v=DKIM1; k=rsa; p=<public key>',
});

/** What to do about an own signature that does not count. */
const signatureStep = (signature: DkimSignature, grounds: AnswerGrounds): NextStep => {
  const { selector, sdid, result } = signature;
  const reason = grounds.outcomes[grounds.dkim.indexOf(signature)]?.reason ?? signature.reason;
  const name = `${selector}._domainkey.${sdid}`;
  if (findUncheckable(grounds) !== null)
    return toOwner(
      `Leave a key in DNS for some weeks after its last signature: ${name} is gone, and mail of that time cannot be checked any more.`,
    );
  switch (result) {
    case 'fail':
      return toOwner(
        `The signature of ${sdid} does not verify (${reason}): if you sent the message, find out what changes it after it is signed; if not, somebody else did.`,
      );
    case 'policy':
      return toOwner(`The signature of ${sdid} does not count (${reason}): sign with an RSA key of 2048 bits.`, {
        name,
        type: 'TXT',
        data: 'v=DKIM1; k=rsa; p=<public key of 2048 bits>',
      });
    default:
      return toOwner(`The signature of ${sdid} cannot be used (${reason}): mend it or its key record.`, {
        name,
        type: 'TXT',
        data: 'v=DKIM1; k=rsa; p=<public key>',
      });
  }
};
