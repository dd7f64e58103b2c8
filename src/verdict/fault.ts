/** What stops a verification without a verdict. Thrown; caught only at a face, which answers in its own words. Everything about the message itself is in the verdict instead. */

/** The closed list of reasons. */
export type FaultCode =
  /** The header block is larger than the setting allows. */
  | 'header-too-large'
  /** The caller gave up. */
  | 'aborted';

/** A verification that gives no verdict. */
export class Fault extends Error {
  readonly code: FaultCode;

  constructor(code: FaultCode, message: string) {
    super(message);
    this.name = 'Fault';
    this.code = code;
  }
}
