/** What the answer about an author is made of: results, facts, and the word of trusted servers. */
import type { AuthorProof } from '../../../schemas/author.ts';
import type { Finding } from '../../../schemas/finding.ts';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import type { Verdict, VerdictSettings } from '../../../schemas/verdict.ts';
import type { SignatureOutcome } from '../../dkim/signature/outcome.ts';
import type { Message } from '../../message/message.ts';
import type { Author } from '../author.ts';

/** Trusted servers that vouch for the author, and where their word was not taken. */
export type TrustedWord = { readonly proofs: readonly AuthorProof[]; readonly findings: readonly Finding[] };

/** What the answer is made of. */
export type AnswerGrounds = Pick<Verdict, 'spf' | 'dkim' | 'arc' | 'dmarc' | 'iprev' | 'disposition'> & {
  readonly message: Message;
  readonly author: Author;
  readonly facts: SmtpFacts;
  /** What the signature verifier tells beyond the verdict, in the order of `dkim`. */
  readonly outcomes: readonly SignatureOutcome[];
  readonly word: TrustedWord;
  readonly settings: VerdictSettings;
  /** authserv-id of this service. */
  readonly receiver: string;
  /** ISO 8601 time of the verification. */
  readonly evaluatedAt: string;
  /** True when the message was delivered before, and its facts are read out of it. */
  readonly isDelivered: boolean;
};
