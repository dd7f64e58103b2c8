/**
 * The terms and records of an SPF tree, as the walk grows them and the count reads them. Asks
 * nothing and counts nothing.
 */
import type { SpfTreeRecord, SpfTreeTerm } from '../../../schemas/posture/spf.ts';
import type { DnsFailure } from '../../../schemas/posture/state.ts';
import type { DomainSpec } from '../../records/macro.ts';
import type { SpfTerm, SpfUnreadableTerm } from '../../records/spf.ts';
import type { Network } from './networks.ts';

/** A term with what the count needs beside its shown form. */
export type TermNode = {
  readonly shown: SpfTreeTerm;
  readonly parsed: SpfTerm | SpfUnreadableTerm;
  readonly networks: Network[];
  child: RecordNode | null;
  /** With state `dns-failure`: why. */
  failure: DnsFailure | null;
};

/** A record with its terms. */
export type RecordNode = { readonly shown: SpfTreeRecord; readonly terms: TermNode[]; readonly several: boolean };

/** Letters whose value depends on the message. */
const SENDER_LETTERS = /[^d]/;

/** A term of which nothing is known yet but what its text says. */
export const termNode = (parsed: SpfTerm | SpfUnreadableTerm): TermNode => ({
  parsed,
  networks: [],
  child: null,
  failure: null,
  shown: {
    text: parsed.text,
    offset: parsed.offset,
    name: parsed.kind === 'unreadable' ? 'unreadable' : parsed.name,
    ...(parsed.kind === 'mechanism' && { qualifier: parsed.qualifier }),
    macro: false,
    state: 'ok',
    lookups: 0,
    overLimit: false,
    voids: { ip4: 0, ip6: 0 },
    networks: { ip4Networks: 0, ip4Addresses: 0, ip6Networks: 0 },
  },
});

/** True when a name changes with the message. */
export const dependsOnSender = (spec: DomainSpec | null): boolean =>
  spec?.tokens.some((token) => token.kind === 'expand' && SENDER_LETTERS.test(token.letter)) ?? false;
