/**
 * The answer in plain sentences: yes or no, by whom, and who it was else. Pure. Names of domains
 * are the only words of a message in it, and they are A-labels.
 */
import type { ActualSender, AuthorLevel, AuthorProof } from '../../../schemas/author.ts';
import type { AnswerGrounds } from './grounds.ts';
import { findUncheckable } from './uncheckable.ts';

/** Writes it; at most three sentences. */
export const summarizeAnswer = (
  level: AuthorLevel,
  proofs: readonly AuthorProof[],
  actual: readonly ActualSender[],
  grounds: AnswerGrounds,
): string => {
  const { author, dmarc } = grounds;
  const { domain } = author;
  if (domain === null) return `No: ${author.reason ?? 'there is no author domain'}.${actualSentence(actual)}`;
  switch (level) {
    case 'proven':
      return `Yes: ${domain} really sent this message, proven by ${proofs.map((proof) => proofWords(proof, grounds)).join(' and ')}.`;
    case 'vouched':
      return `Yes, on the word of others: ${proofs.map((proof) => proofWords(proof, grounds)).join(' and ')}. Nothing that can be checked here proves that it comes from ${domain}.${actualSentence(actual)}`;
    case 'unknown':
      return dmarc.result === 'permerror'
        ? `Not known: ${dmarc.rfc9989.reason}, and trying again would come to the same.`
        : `Not known: a temporary failure kept the proof for ${domain} from being checked; try again.`;
    case 'contradicted':
      return `No: nothing in this message proves that it comes from ${domain}, and ${dmarc.rfc9989.recordDomain ?? domain} asks receivers to refuse such mail.${actualSentence(actual) || clientSentence(grounds)}${rescueSentence(grounds)}`;
    case 'unproven':
      return `No: ${unprovenWords(domain, grounds)}.${actualSentence(actual) || clientSentence(grounds)}${rescueSentence(grounds)}`;
    default:
      return level satisfies never;
  }
};

const unprovenWords = (domain: string, grounds: AnswerGrounds): string => {
  const signature = findUncheckable(grounds);
  return signature === null
    ? `nothing in this message proves that it comes from ${domain}`
    : `it cannot be checked any more whether this message comes from ${domain}, because the key ${signature.selector}._domainkey.${signature.sdid} of its signature is not published today`;
};

const proofWords = ({ kind, domain, by, where }: AuthorProof, { dkim }: AnswerGrounds): string => {
  switch (kind) {
    case 'dkim':
      return dkim.some(({ uncoveredBytes }, at) => where === `dkim[${at}]` && (uncoveredBytes ?? 0) > 0)
        ? `a DKIM signature of ${domain}, which leaves the end of the body unsigned`
        : `a DKIM signature of ${domain}`;
    case 'spf':
      return `an SPF pass for ${domain}`;
    case 'arc':
      return `${by}, whose ARC seals are trusted here, saw DMARC pass for ${domain} before it passed the message on`;
    case 'authentication-results':
      return `${by}, whose results are trusted here, found that it comes from ${domain}`;
    case 'forwarder':
      return `${by}, a trusted forwarder, handed it on`;
    default:
      return kind satisfies never;
  }
};

const METHOD_NAMES = { spf: 'SPF', dkim: 'DKIM' } as const;

/** Who is proven instead; "" where nobody is. */
const actualSentence = ([first, ...others]: readonly ActualSender[]): string => {
  if (first === undefined) return '';
  const methods = first.by.map((method) => METHOD_NAMES[method]).join(' and ');
  const more = others.length === 0 ? '' : `, ${others.map(({ domain }) => domain).join(', ')} too`;
  return ` It was sent by ${first.domain}${RELATION_WORDS[first.relation]} (proven by ${methods})${more}.`;
};

const RELATION_WORDS: Readonly<Record<ActualSender['relation'], string>> = {
  'same-organization': ', of the same organization',
  'mailing-list': ', apparently a mailing list',
  forwarder: ', apparently a forwarder',
  'sending-service': ', apparently a sending service',
  unknown: '',
};

/** The host that handed it over, where its name and its address confirm each other. */
const clientSentence = ({ iprev, facts }: AnswerGrounds): string =>
  iprev.result === 'pass' && facts.clientIp !== undefined
    ? ` It was handed over by ${iprev.name} (${facts.clientIp}).`
    : '';

/** Why it is accepted here all the same; "" where it is not. */
const rescueSentence = ({ disposition }: AnswerGrounds): string =>
  disposition.override === undefined ? '' : ` It is accepted here all the same: ${disposition.override.comment}.`;
