/**
 * What the word of trusted servers is worth for the Author Domain (RFC 8601 section 5): a DMARC
 * pass, or without any DMARC result an aligned DKIM or SPF pass. Their word never stands against a
 * signature that was verified here and is broken, and a server of which something could not be read
 * says nothing. HELO proves no author, so SPF counts for MAIL FROM alone.
 */
import type { DkimSignature } from '../../../schemas/dkim.ts';
import type { DmarcVerdict } from '../../../schemas/dmarc.ts';
import type { DmarcEvaluation } from '../../dmarc/evaluate.ts';
import type { ServerResults, TrustedResults } from '../derived/trusted-results.ts';
import { finding } from '../findings/finding.ts';
import { comparable, domainOf } from '../methods/identifiers.ts';
import type { TrustedWord } from './grounds.ts';

/** Nobody says anything. */
const SILENCE: TrustedWord = { proofs: [], findings: [] };

type Result = ServerResults['results'][number];

/** The message as it was judged here. */
type Judged = {
  readonly trusted: TrustedResults;
  readonly dmarc: Pick<DmarcVerdict, 'authorDomain'>;
  /** With their alignment. */
  readonly dkim: readonly DkimSignature[];
  /** null: there is no author domain. */
  readonly evaluation: Pick<DmarcEvaluation, 'isAligned'> | null;
};

/** Weighs the word of each server. Never rejects for what DNS answers. */
export const weighTrustedWord = async (judged: Judged): Promise<TrustedWord> => {
  const { trusted, evaluation } = judged;
  const { authorDomain } = judged.dmarc;
  if (authorDomain === null || evaluation === null || trusted.servers.length === 0) return SILENCE;
  const author = { domain: authorDomain, isAligned: evaluation.isAligned };
  const words = await Promise.all(trusted.servers.map((server) => wordOf(server, author, judged)));
  return { proofs: words.flatMap(({ proofs }) => proofs), findings: words.flatMap(({ findings }) => findings) };
};

type AuthorDomain = { readonly domain: string } & Pick<DmarcEvaluation, 'isAligned'>;

const wordOf = async (server: ServerResults, author: AuthorDomain, { trusted, dkim }: Judged): Promise<TrustedWord> => {
  if (!server.isWhole) return SILENCE;
  const grounds = await Promise.all(server.results.map((result) => groundOf(result, author)));
  const aligned = server.results.filter((_, at) => grounds[at]);
  const dmarc = server.results.filter(({ method }) => method === 'dmarc');
  const claim = dmarc.length > 0 ? (dmarc.every((one) => isPassOf(one, author.domain)) ? dmarc[0] : null) : aligned[0];
  if (claim === undefined || claim === null) return SILENCE;
  const broken = brokenSignature(aligned, claim, dkim);
  if (broken !== null) {
    const text = `${server.authservId} says ${claim.method}=pass for ${author.domain}, but the signature of ${broken.sdid} is broken here: ${broken.reason}`;
    return { proofs: [], findings: [finding('trusted-result-contradicted', text, placeOf(claim))] };
  }
  const at = trusted.receivedAtMs === null ? null : new Date(trusted.receivedAtMs).toISOString();
  const proof = { kind: 'authentication-results', domain: author.domain, by: server.authservId, at } as const;
  return { proofs: [{ ...proof, where: placeOf(claim) }], findings: [] };
};

const placeOf = ({ place }: Result): string => `derived.authenticationResults[${place}]`;

/** True for a DMARC pass of this very Author Domain. */
const isPassOf = ({ result, properties, contradicted }: Result, authorDomain: string): boolean => {
  const from = properties['header.from'];
  if (result !== 'pass' || from === undefined || contradicted.includes('header.from')) return false;
  return comparable(domainOf(from)) === authorDomain;
};

/** True for a DKIM or SPF pass of a domain that aligns. */
const groundOf = async (one: Result, { isAligned }: AuthorDomain): Promise<boolean> => {
  if (one.result !== 'pass') return false;
  const domain = identityOf(one);
  if (domain === null || (one.method !== 'dkim' && one.method !== 'spf')) return false;
  return (await isAligned(domain, one.method)) === true;
};

/** The domain that a result was found of; null where it does not tell, or tells two. */
const identityOf = ({ method, properties, contradicted }: Result): string | null => {
  const name = method === 'spf' ? 'smtp.mailfrom' : properties['header.d'] === undefined ? 'header.i' : 'header.d';
  const value = properties[name];
  if (value === undefined || value === '' || contradicted.includes(name)) return null;
  return comparable(domainOf(value));
};

/**
 * The signature that the claim can only rest on, when it is broken here; null when the claim may
 * rest on something else. A key that is gone breaks nothing: it cannot be checked any more.
 */
const brokenSignature = (
  aligned: readonly Result[],
  claim: Result,
  dkim: readonly DkimSignature[],
): DkimSignature | null => {
  if (claim.method === 'spf' || aligned.some(({ method }) => method === 'spf')) return null;
  const named = new Set(aligned.filter(({ method }) => method === 'dkim').map(identityOf));
  const own = dkim.filter(
    ({ sdid, aligned: isAligned }) =>
      sdid !== null && (named.size > 0 ? named.has(comparable(sdid)) : isAligned === true),
  );
  const [first = null] = own;
  return own.every(({ result }) => result === 'fail') ? first : null;
};
