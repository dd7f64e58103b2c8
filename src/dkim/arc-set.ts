/**
 * The ARC sets of a message and the shape of their chain: RFC 8617 section 5.2 steps 1 to 3, before
 * anything is asked or verified. Each set has one ARC-Authentication-Results, one
 * ARC-Message-Signature and one ARC-Seal; instances count 1, 2, 3 … without a gap, 50 at most
 * (section 4.2.1). Only the newest ARC-Message-Signature is read as a signature: the older ones are
 * no more than sealed bytes (step 4).
 */
import type { Header } from './header-hash.ts';
import { readSignatureField, type SignatureReading, type UsableReading } from './signature/field.ts';
import type { ReadingRules } from './signature/rules.ts';
import { readTagList } from './tag-list.ts';

/** Highest instance (RFC 8617 section 4.2.1). */
const MAX_ARC_SETS = 50;

/** One set, complete. Numbers are positions among the header fields. */
export type ArcSet = {
  readonly instance: number;
  readonly authenticationResults: number;
  readonly messageSignature: number;
  readonly seal: number;
  readonly sealReading: SignatureReading;
  /** cv= in lower case. */
  readonly cv: string | null;
};

/** A set whose seal can be verified. */
export type SealedSet = ArcSet & { readonly sealReading: UsableReading };

/** Why a chain fails. */
export type ChainFault = {
  readonly reason: string;
  readonly section: string;
  /** The set at fault, where one is. */
  readonly instance: number | null;
};

/** The chain as its fields show it. */
export type ArcStructure =
  | { readonly kind: 'none' }
  /** `sets` are those that could be read, for the report. */
  | { readonly kind: 'broken'; readonly fault: ChainFault; readonly sets: readonly ArcSet[] }
  | {
      readonly kind: 'chain';
      /** i=1 first; at least one. */
      readonly sets: readonly SealedSet[];
      readonly newest: SealedSet;
      readonly newestMessageSignature: UsableReading;
    };

const SEAL = 'arc-seal';
const MESSAGE_SIGNATURE = 'arc-message-signature';
const AUTHENTICATION_RESULTS = 'arc-authentication-results';
const KEYS = [AUTHENTICATION_RESULTS, MESSAGE_SIGNATURE, SEAL] as const;
type Key = (typeof KEYS)[number];

const CHAIN = 'RFC 8617 section 5.2';

/**
 * What follows the colon of a field, one byte a code unit, and where it begins in the wire form.
 */
export const fieldText = (wire: Buffer): { text: string; start: number } => {
  const start = wire.indexOf(0x3a) + 1;
  return { text: wire.toString('latin1', start), start };
};

/**
 * Offset of the first character at or after `at` that is neither white space nor in a comment (CFWS
 * of RFC 5322 section 3.2.2).
 */
const skipComments = (text: string, at: number): number => {
  let depth = 0;
  for (let offset = at; offset < text.length; offset++) {
    const character = text[offset];
    if (character === '(') depth++;
    else if (character === ')' && depth > 0) depth--;
    else if (character === '\\' && depth > 0) offset++;
    else if (depth === 0 && !' \t\r\n'.includes(character ?? '')) return offset;
  }
  return text.length;
};

/** position = 1*2DIGIT, from 1 to 50 (RFC 8617 section 4.2.1), or null. */
const toInstance = (digits: string | undefined): number | null => {
  if (digits === undefined || !/^[0-9]{1,2}$/.test(digits)) return null;
  const instance = Number(digits);
  return instance >= 1 && instance <= MAX_ARC_SETS ? instance : null;
};

/**
 * The instance that begins an ARC-Authentication-Results: arc-info = instance [CFWS] ";" … (RFC
 * 8617 section 4.1.1).
 */
const leadingInstance = (text: string): number | null => {
  const name = skipComments(text, 0);
  const equals = skipComments(text, name + 1);
  const value = skipComments(text, equals + 1);
  if (text[name] !== 'i' || text[equals] !== '=') return null;
  const digits = /^[0-9]*/.exec(text.slice(value, value + 3))?.[0] ?? '';
  return text[skipComments(text, value + digits.length)] === ';' ? toInstance(digits) : null;
};

type Found = Map<number, Partial<Record<Key, number>>>;

/** Sorts the ARC fields by instance; stops at the first that has no place. */
const collect = (header: Header): { found: Found; fault: ChainFault | null } => {
  const found: Found = new Map();
  for (const key of KEYS) {
    for (const position of header.positions(key)) {
      const { text } = fieldText(header.wire(position));
      const instance =
        key === AUTHENTICATION_RESULTS ? leadingInstance(text) : toInstance(readTagList(text).tags.get('i')?.value);
      if (instance === null) {
        const fault = { reason: `an ${key} field has no instance from 1 to 50`, section: 'RFC 8617 section 4.2.1' };
        return { found, fault: { ...fault, instance: null } };
      }
      const set = found.get(instance) ?? {};
      if (set[key] !== undefined) {
        return { found, fault: { reason: `there are two ${key} fields i=${instance}`, section: CHAIN, instance } };
      }
      set[key] = position;
      found.set(instance, set);
    }
  }
  return { found, fault: null };
};

/** The complete sets, and the first that is missing or incomplete. */
const complete = (header: Header, found: Found, rules: ReadingRules): { sets: ArcSet[]; fault: ChainFault | null } => {
  const sets: ArcSet[] = [];
  let fault: ChainFault | null = null;
  const highest = Math.max(0, ...found.keys());
  for (let instance = 1; instance <= highest; instance++) {
    const positions = found.get(instance) ?? {};
    const missing = KEYS.find((key) => positions[key] === undefined);
    const { [AUTHENTICATION_RESULTS]: results, [MESSAGE_SIGNATURE]: signature, [SEAL]: seal } = positions;
    if (results === undefined || signature === undefined || seal === undefined) {
      fault ??= { reason: `there is no ${missing} field i=${instance}`, section: CHAIN, instance };
      continue;
    }
    const sealReading = readSignatureField(SEAL, fieldText(header.wire(seal)).text, rules);
    const cv = sealReading.tagList.tags.get('cv')?.value.toLowerCase() ?? null;
    sets.push({ instance, authenticationResults: results, messageSignature: signature, seal, sealReading, cv });
  }
  return { sets, fault };
};

const isSealed = (set: ArcSet): set is SealedSet => set.sealReading.kind === 'usable';

/** What is wrong with the seal of a set, apart from its signature. */
const sealFault = ({ instance, sealReading, cv }: ArcSet): ChainFault | null => {
  if (sealReading.kind === 'faulty') {
    return {
      reason: `ARC-Seal i=${instance}: ${sealReading.fault.reason}`,
      section: sealReading.fault.section,
      instance,
    };
  }
  const expected = instance === 1 ? 'none' : 'pass';
  if (cv !== expected)
    return { reason: `ARC-Seal i=${instance} does not say cv=${expected}`, section: CHAIN, instance };
  return null;
};

/**
 * Reads the ARC sets of a message (RFC 8617 section 5.2 steps 1 to 3).
 * @returns never throws
 */
export const readArcSets = (header: Header, rules: ReadingRules): ArcStructure => {
  // More fields than 50 sets have cannot form a chain, and reading them all would be the sender's
  // to order.
  const tooMany = KEYS.find((key) => header.positions(key).length > MAX_ARC_SETS);
  if (tooMany !== undefined) {
    const reason = `there are more than ${MAX_ARC_SETS} ${tooMany} fields`;
    return { kind: 'broken', fault: { reason, section: 'RFC 8617 section 4.2.1', instance: null }, sets: [] };
  }
  const { found, fault: misplaced } = collect(header);
  const { sets, fault: incomplete } = complete(header, found, rules);
  const latest = sets.at(-1);
  if (latest === undefined && misplaced === null && incomplete === null) return { kind: 'none' };
  const fault = misplaced ?? incomplete ?? sets.map(sealFault).find((spoiled) => spoiled !== null) ?? null;
  const sealed = sets.filter(isSealed);
  const newest = sealed.at(-1);
  if (fault !== null || newest === undefined) {
    return { kind: 'broken', fault: fault ?? { reason: 'no set is complete', section: CHAIN, instance: null }, sets };
  }
  const { instance } = newest;
  const reading = readSignatureField(MESSAGE_SIGNATURE, fieldText(header.wire(newest.messageSignature)).text, rules);
  if (reading.kind === 'faulty') {
    const { reason, section } = reading.fault;
    return {
      kind: 'broken',
      fault: { reason: `ARC-Message-Signature i=${instance}: ${reason}`, section, instance },
      sets,
    };
  }
  if (reading.signature.signedFields.includes(SEAL)) {
    const reason = `ARC-Message-Signature i=${instance} signs an ARC-Seal`;
    return { kind: 'broken', fault: { reason, section: 'RFC 8617 section 4.1.2', instance }, sets };
  }
  return { kind: 'chain', sets: sealed, newest, newestMessageSignature: reading };
};
