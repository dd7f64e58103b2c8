/**
 * What is worth saying of each DKIM signature beyond its result: short keys, unsigned body, faults
 * of the key record, fields added after signing. Pure.
 */
import type { Finding } from '../../../schemas/finding.ts';
import type { SignatureOutcome } from '../../dkim/signature/outcome.ts';
import type { FindingCode } from './catalogue.ts';
import { finding } from './finding.ts';

/** Size an RSA key should have, in bits (RFC 8301 section 3.2). */
const ADVISED_RSA_BITS = 2048;
/** Findings of the signatures, in their order. */
export const signatureFindings = (outcomes: readonly SignatureOutcome[]): Finding[] =>
  outcomes.flatMap((outcome, index) => {
    const who = `the signature of ${outcome.sdid ?? 'an unnamed domain'}`;
    const passes = outcome.result === 'pass';
    const report = (code: FindingCode, message: string): Finding => finding(code, message, `dkim[${index}]`);
    const found: (Finding | false)[] = [
      passes &&
        outcome.keyType === 'rsa' &&
        (outcome.keyBits ?? ADVISED_RSA_BITS) < ADVISED_RSA_BITS &&
        report('dkim-short-key', `${who} uses an RSA key of ${outcome.keyBits} bits; 2048 are advised`),
      outcome.selector?.includes('_') === true &&
        report(
          'dkim-selector-underscore',
          `${who} has a selector with an underscore (${outcome.selector.slice(0, 100)}), which receivers that follow the standard to the letter refuse${passes ? '' : '; UNDERSCORE_SELECTORS lets it through here'}`,
        ),
      (outcome.uncoveredBytes ?? 0) > 0 &&
        report(
          'dkim-unsigned-body',
          `${who} leaves the last ${outcome.uncoveredBytes} octets of the body unsigned (l=)`,
        ),
      outcome.testing && report('dkim-testing-key', `${who} uses a key in testing mode (t=y)`),
      outcome.signedInFuture && report('dkim-signed-in-future', `${who} says that it was made in the future (t=)`),
      outcome.keyRecordCount > 1 &&
        report(
          'dkim-several-keys',
          `${outcome.keyRecordCount} key records stand at the name that ${who} uses, and receivers differ in which one they take`,
        ),
      outcome.keyFaults.length > 0 &&
        report('dkim-key-fault', `the key record that ${who} uses has a fault: ${outcome.keyFaults[0]}`),
      passes &&
        outcome.partlySignedFields.length > 0 &&
        report(
          'dkim-field-added',
          `${outcome.partlySignedFields.slice(0, 5).join(', ')}: a field of this name is above those that ${who} covers, and a reader may show it as signed`,
        ),
    ];
    return found.filter((one) => one !== false);
  });
