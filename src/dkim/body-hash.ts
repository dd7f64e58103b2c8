/**
 * Body hashes (RFC 6376 sections 3.4.3 to 3.4.5 and 3.7): one pass over the body gives every
 * canonicalization, hash and length that was asked for. Lengths of one hash share its state, so ten
 * signatures with ten values of l= cost one hash. Gives the event loop back on the way. What
 * canonical form is defined in body-canonicalization.ts.
 */
import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Body, createBodyWriter, dropEmptyLines, isCanonical } from './body-canonicalization.ts';
import type { Canonicalization, HashName } from './signature/tags.ts';

/** One hash asked for. `length` is l= in octets of the canonical body; null: all of it. */
type BodyHashRequest = {
  readonly body: Canonicalization;
  readonly hash: HashName;
  readonly bodyLength: number | null;
};

/** The hashes of a body. */
export type BodyHashes = {
  /**
   * In base64; null when the canonical body has fewer octets than l= says, or the hash was not
   * asked for.
   */
  readonly digest: (request: BodyHashRequest) => string | null;
  /** Octets of the canonical body; 0 when that canonicalization was not asked for. */
  readonly canonicalBytes: (canonicalization: Canonicalization) => number;
};

/**
 * Octets of body between two turns of the event loop, where they are rewritten before they are
 * hashed: a few milliseconds of work at the slowest.
 */
const TURN_BYTES = 131_072;
/**
 * The same where they are hashed as they are: a millisecond, and a body of usual size stays in the
 * processor's cache from the first hash to the last.
 */
const PLAIN_TURN_BYTES = 1_048_576;

const CRLF = Buffer.from('\r\n');

const keyOf = ({ body, hash, bodyLength }: BodyHashRequest) => `${body} ${hash} ${bodyLength ?? ''}`;

/** One hash over one canonical body, read off at each length asked for. */
const createMeter = (hashName: HashName, requests: readonly BodyHashRequest[], digests: Map<string, string>) => {
  const hash = createHash(hashName);
  const limits = requests.filter((request) => request.bodyLength !== null);
  limits.sort((left, right) => (left.bodyLength ?? 0) - (right.bodyLength ?? 0));
  const whole = requests.find((request) => request.bodyLength === null);
  let counted = 0;
  let reached = 0;
  const write = (bytes: Buffer): void => {
    let from = 0;
    for (let next = limits[reached]; next !== undefined; next = limits[reached]) {
      const upTo = (next.bodyLength ?? 0) - counted;
      if (upTo > bytes.length) break;
      if (upTo > from) hash.update(bytes.subarray(from, upTo));
      from = upTo;
      digests.set(keyOf(next), hash.copy().digest('base64'));
      reached++;
    }
    if (from < bytes.length && (whole !== undefined || reached < limits.length)) {
      hash.update(from === 0 ? bytes : bytes.subarray(from));
    }
    counted += bytes.length;
  };
  const finish = (): void => {
    // l=0 of an empty canonical body: nothing was ever written.
    write(Buffer.alloc(0));
    if (whole !== undefined) digests.set(keyOf(whole), hash.digest('base64'));
  };
  return { write, finish };
};

/** Where the content of a body ends. */
const contentEnd = async (body: Buffer, canonicalization: Canonicalization): Promise<number> => {
  for (let end = body.length; ; await nextTurn()) {
    const floor = Math.max(0, end - TURN_BYTES);
    end = dropEmptyLines(body, end, floor, canonicalization);
    if (end > floor || end === 0) return end;
  }
};

/** One canonical form on its way into its hashes. */
const createPass = async (
  body: Body,
  canonicalization: Canonicalization,
  requests: readonly BodyHashRequest[],
  digests: Map<string, string>,
) => {
  const meters = [...new Set(requests.map((request) => request.hash))].map((name) =>
    createMeter(
      name,
      requests.filter((request) => request.hash === name),
      digests,
    ),
  );
  let canonicalBytes = 0;
  const sink = (bytes: Buffer) => {
    canonicalBytes += bytes.length;
    for (const meter of meters) meter.write(bytes);
  };
  const end = await contentEnd(body.octets, canonicalization);
  const write = createBodyWriter(body, canonicalization, sink);
  return {
    canonicalization,
    /** Canonicalizes and hashes the octets from..to of the body. */
    write: (from: number, to: number) => {
      if (from < end) write(from, Math.min(to, end));
    },
    finish: () => {
      // A simple body is never empty: it is at least CRLF. A relaxed body without content stays
      // empty (section 3.4.4).
      if (canonicalization === 'simple' || end > 0) sink(CRLF);
      for (const meter of meters) meter.finish();
      return canonicalBytes;
    },
  };
};

/**
 * Hashes a body.
 * @param body what needs no rewriting is hashed as it is
 * @param requests the same request may stand in it twice
 * @returns never rejects
 */
export const hashBody = async (body: Body, requests: readonly BodyHashRequest[]): Promise<BodyHashes> => {
  const { length } = body.octets;
  const digests = new Map<string, string>();
  const lengths: Partial<Record<Canonicalization, number>> = {};
  const distinct = [...new Map(requests.map((request) => [keyOf(request), request])).values()];
  const canonicalizations = [...new Set(distinct.map((request) => request.body))];
  const passes = await Promise.all(
    canonicalizations.map((canonicalization) =>
      createPass(
        body,
        canonicalization,
        distinct.filter((request) => request.body === canonicalization),
        digests,
      ),
    ),
  );
  const isPlain = canonicalizations.every((one) => isCanonical(one, body));
  const turnBytes = isPlain ? PLAIN_TURN_BYTES : TURN_BYTES;
  for (let from = 0; from < length && passes.length > 0; from += turnBytes) {
    if (from > 0) await nextTurn();
    for (const pass of passes) pass.write(from, Math.min(from + turnBytes, length));
  }
  for (const pass of passes) lengths[pass.canonicalization] = pass.finish();
  return {
    digest: (request) => digests.get(keyOf(request)) ?? null,
    canonicalBytes: (canonicalization) => lengths[canonicalization] ?? 0,
  };
};
