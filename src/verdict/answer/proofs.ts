/**
 * What proves the Author Domain, or who vouches for it, and how well it is known by that. Pure. Own
 * checks come first; the word of others counts only from those whom the operator named.
 */
import type { AuthorLevel, AuthorProof } from '../../../schemas/author.ts';
import { findForwarder } from '../disposition/forwarder.ts';
import { findArcVoucher } from '../disposition/override.ts';
import { comparable } from '../methods/identifiers.ts';
import type { AnswerGrounds } from './grounds.ts';
import { findUncheckable } from './uncheckable.ts';

/** Every proof, own ones first; without any, who vouches. */
export const findProofs = (grounds: AnswerGrounds): AuthorProof[] => {
  if (grounds.dmarc.authorDomain === null) return [];
  const own = ownProofs(grounds);
  return own.length > 0 ? own : vouchers(grounds);
};

const ownProofs = ({ spf, dkim, dmarc, receiver, evaluatedAt }: AnswerGrounds): AuthorProof[] => {
  const { alignment } = dmarc.rfc9989;
  const common = { by: receiver, at: evaluatedAt };
  const signature = dkim.findIndex(
    ({ sdid, result }) => result === 'pass' && sdid !== null && comparable(sdid) === alignment.dkim.domain,
  );
  return [
    ...(alignment.dkim.aligned && alignment.dkim.domain !== null
      ? [{ kind: 'dkim' as const, domain: alignment.dkim.domain, ...common, where: `dkim[${signature}]` }]
      : []),
    ...(alignment.spf.aligned && alignment.spf.domain !== null
      ? [
          {
            kind: 'spf' as const,
            domain: alignment.spf.domain,
            ...common,
            where: spf.mailFrom?.result === 'pass' ? 'spf.mailFrom' : 'spf.helo',
          },
        ]
      : []),
  ];
};

const vouchers = (grounds: AnswerGrounds): AuthorProof[] => {
  const { dmarc, word, evaluatedAt } = grounds;
  const domain = dmarc.authorDomain ?? '';
  const sealer = findArcVoucher(grounds);
  const forwarder = findForwarder(grounds);
  return [
    ...(sealer === null || sealer.sealer === null
      ? []
      : [
          {
            kind: 'arc' as const,
            domain,
            by: sealer.sealer,
            at: sealer.sealedAt,
            where: `arc.instances[${sealer.instance - 1}]`,
          },
        ]),
    ...word.proofs,
    ...(forwarder === null
      ? []
      : [{ kind: 'forwarder' as const, domain, by: forwarder.host, at: evaluatedAt, where: 'iprev' }]),
  ];
};

/** How well the Author Domain is known by these proofs. */
export const levelOf = (proofs: readonly AuthorProof[], grounds: AnswerGrounds): AuthorLevel => {
  if (proofs.some(({ kind }) => kind === 'dkim' || kind === 'spf')) return 'proven';
  if (proofs.length > 0) return 'vouched';
  const { dmarc } = grounds;
  if (dmarc.authorDomain === null) return 'unproven';
  const { alignment, policy } = dmarc.rfc9989;
  if (alignment.spf.aligned === null || alignment.dkim.aligned === null) return 'unknown';
  if (dmarc.result === 'temperror' || dmarc.result === 'permerror') return 'unknown';
  if (findUncheckable(grounds) !== null) return 'unproven';
  return dmarc.result === 'fail' && policy?.applies === 'reject' ? 'contradicted' : 'unproven';
};
