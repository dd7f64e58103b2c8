/**
 * The one plain answer of a verdict: did this message really come from the domain in its From
 * field, and how do we know. Pure.
 */
import type { DmarcVerdict } from '../../schemas/dmarc.ts';
import type { AuthorVerdict } from '../../schemas/verdict.ts';
import type { Author } from './author.ts';

/**
 * Answers from the RFC 9989 reading: an aligned identifier authenticates the domain, whatever
 * policy it publishes.
 */
export const answerAuthor = (author: Author, dmarc: DmarcVerdict): AuthorVerdict => {
  const { address, domain } = author;
  if (domain === null) {
    return {
      address: null,
      domain: null,
      authenticated: false,
      by: [],
      summary: `No: ${author.reason ?? 'there is no author domain'}.`,
    };
  }
  const { spf, dkim } = dmarc.rfc9989.alignment;
  const by = [...(dkim.aligned ? [`dkim:${dkim.domain}`] : []), ...(spf.aligned ? [`spf:${spf.domain}`] : [])];
  if (by.length > 0) {
    const proof = [
      dkim.aligned && `a DKIM signature of ${dkim.domain}`,
      spf.aligned && `an SPF pass for ${spf.domain}`,
    ].filter((word) => word);
    return {
      address,
      domain,
      authenticated: true,
      by,
      summary: `Yes: ${domain} really sent this message, proven by ${proof.join(' and ')}.`,
    };
  }
  if (dmarc.result === 'permerror') {
    const summary = `Not known: ${dmarc.rfc9989.reason}, and trying again would come to the same.`;
    return { address, domain, authenticated: null, by, summary };
  }
  if (dmarc.result === 'temperror' || spf.aligned === null || dkim.aligned === null) {
    return {
      address,
      domain,
      authenticated: null,
      by,
      summary: `Not known: a temporary failure kept the proof for ${domain} from being checked; try again.`,
    };
  }
  return {
    address,
    domain,
    authenticated: false,
    by,
    summary: `No: nothing in this message proves that it comes from ${domain}.`,
  };
};
