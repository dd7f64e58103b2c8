/**
 * What stops a verification without a verdict. Thrown; caught only at a face, which answers in its
 * own words. Everything about the message itself is in the verdict instead.
 */

/** The closed list of reasons. */
export type FaultCode =
  /** The header block is larger than the setting allows. */
  | 'header-too-large'
  /** The unpublished records of the request are wrong; `errors` names each field. */
  | 'invalid-overlay'
  /** The evidence of a replay is wrong, or belongs to another message. */
  | 'invalid-evidence'
  /** The caller gave up. */
  | 'aborted';

/**
 * A verification that gives no verdict.
 * @example
 * import { Config, createLog, createMailverdict, Fault } from 'mailverdict';
 *
 * const config = Config.parse({ dnsServers: '127.0.0.1', maxHeaderBytes: 16384 });
 * const { verify, resolver } = createMailverdict(config, createLog('warn'));
 * try {
 *   await verify(Buffer.from(`Subject: ${'x'.repeat(20_000)}\r\n\r\n`), {});
 * } catch (cause) {
 *   if (!(cause instanceof Fault)) throw cause;
 *   console.log(cause.code);
 * }
 * // header-too-large
 * resolver.close();
 */
export class Fault extends Error {
  readonly code: FaultCode;
  /** The wrong fields, where the caller can mend them. */
  readonly errors: readonly { readonly path: string; readonly message: string }[];

  constructor(code: FaultCode, message: string, errors: Fault['errors'] = []) {
    super(message);
    this.errors = errors;
    this.name = 'Fault';
    this.code = code;
  }
}
