/**
 * A DKIM-Signature, ARC-Message-Signature or ARC-Seal from its text to a signature that can be
 * verified, or to the fault that forbids it: the tags are read by tags.ts and judged by
 * rules.ts. RFC 6376 section 6.1.1, RFC 8617 section 4.1. Asks no question, hashes
 * nothing, never throws.
 */

import { readTagList, type TagList } from '../tag-list.ts';
import { type Fault, findFault, type ReadingRules } from './rules.ts';
import { type FieldKind, readSignatureTags, type Signature, type SignatureFacts } from './tags.ts';

type Common = { readonly tagList: TagList; readonly facts: SignatureFacts };

/** A field that holds a signature to verify. */
export type UsableReading = Common & { readonly kind: 'usable'; readonly signature: Signature };

/** A field as read. */
export type SignatureReading = UsableReading | (Common & { readonly kind: 'faulty'; readonly fault: Fault });

const TO_THE_LETTER: ReadingRules = { strict: true, underscoreSelectors: false };

/**
 * Reads a signature field.
 * @param value what follows the colon of the field, one byte a code unit, folds as CRLF, without
 * the CRLF that ends the field
 * @returns never throws
 */
export const readSignatureField = (
  kind: FieldKind,
  value: string,
  rules: ReadingRules = TO_THE_LETTER,
): SignatureReading => {
  const tagList = readTagList(value);
  const tags = readSignatureTags(kind, tagList);
  const { facts, algorithm, sdid, keyName } = tags;
  const fault = findFault(tags, rules);
  if (fault !== null || algorithm === null || sdid === null || keyName === null) {
    // The rules forbid a field without algorithm or names; the second reason only tells the
    // compiler so.
    return {
      kind: 'faulty',
      tagList,
      facts,
      fault: fault ?? { reason: 'unreadable', section: 'RFC 6376 section 6.1.1' },
    };
  }
  const signature: Signature = {
    kind,
    ...algorithm,
    header: facts.canonicalization.header === 'relaxed' ? 'relaxed' : 'simple',
    body: facts.canonicalization.body === 'relaxed' ? 'relaxed' : 'simple',
    signature: Buffer.from(tags.signature, 'base64'),
    bodyHash: tags.bodyHash,
    bodyLength: facts.bodyLength,
    signedFields: facts.signedFields,
    sdid,
    auidDomain: tags.auid?.domain ?? null,
    keyName,
    expiresAtSeconds: facts.expiresAtSeconds,
  };
  return { kind: 'usable', tagList, facts, signature };
};
