/**
 * The door: a message and its transport facts in, a verdict out. Never throws on what a message
 * holds; a failure is `temperror`, an unknown is reported as unknown.
 */
import type { SmtpFacts } from '../../schemas/smtp.ts';
import type { Verdict } from '../../schemas/verdict.ts';
import { createKeyCache } from '../dkim/key.ts';
import { weighTrustedWord } from './answer/trusted-word.ts';
import { addDetails } from './details.ts';
import { decide } from './disposition/disposition.ts';
import { gatherGrounds } from './disposition/grounds.ts';
import { Fault } from './fault.ts';
import { readMail } from './mail.ts';
import { alignSignatures, finishBimi, finishDmarc, runMethods } from './methods/methods.ts';
import { beginRun, type VerifierParts, type VerifyOptions } from './run.ts';
import { toVerdict } from './to-verdict.ts';

/**
 * Judges one message.
 * @throws Fault `header-too-large`, `invalid-overlay` or `aborted`; nothing else that a caller
 * could cause
 */
export type Verify = (bytes: Buffer, given: SmtpFacts, options?: VerifyOptions) => Promise<Verdict>;

/** Makes the function that judges messages. */
export const createVerifier = (parts: VerifierParts): Verify => {
  const keys = createKeyCache();
  return async (bytes, given, options = {}) => {
    const run = beginRun(parts, bytes.length, options);
    try {
      const mail = await readMail(run, bytes, given);
      const methods = await runMethods(run, mail, keys);
      const dmarc = await finishDmarc(run, mail, methods);
      const dkim = await alignSignatures(methods);
      const bimi = await finishBimi(run, mail, methods, { dmarc, dkim });
      const word = await weighTrustedWord({ trusted: mail.trusted, dkim, dmarc, evaluation: methods.evaluation });
      const details = await addDetails(run, mail, methods, dmarc);
      if (options.signal?.aborted) throw new Fault('aborted', 'the caller gave up');
      run.progress('decide');
      const results = { ...methods, ...details, dkim, bimi };
      const disposition = decide(await gatherGrounds(run, mail, results));
      return toVerdict(run, mail, methods, { ...results, disposition, word });
    } finally {
      run.progress('end');
    }
  };
};
