/**
 * The door of this room: the DKIM signatures and the ARC chain of a message. RFC 6376 section 6,
 * RFC 8617 section 5.2. All keys are asked for at once, as soon as their names are known, and the
 * body is hashed while DNS answers. Aligns nothing and decides nothing about the message; never
 * throws for what is in a message, and takes time that grows with the size of the message alone.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Lookup } from '../dns/lookup.ts';
import { fieldsNamed, type Message } from '../message/message.ts';
import { type ArcOutcome, outcomeOfShape, validateChain } from './arc-chain.ts';
import { fieldText, readArcSets } from './arc-set.ts';
import { hashBody } from './body-hash.ts';
import { type Header, readHeader } from './header-hash.ts';
import { askForKeys, type KeyAnswer, type KeyCache } from './key.ts';
import { readSignatureField, type SignatureReading, type UsableReading } from './signature/field.ts';
import {
  type FieldPlace,
  isWorthAKey,
  judgeSignature,
  outcomeWithoutKey,
  type SignatureOutcome,
} from './signature/outcome.ts';

/** Settings of this room; defaults and bounds are in schemas/settings/verdict.ts. */
type DkimSettings = {
  /** Follow the standards to the letter; false: let through what harms only the letter. */
  readonly strict: boolean;
  /** Let an underscore in a selector through. */
  readonly underscoreSelectors: boolean;
  /** DKIM signatures evaluated (RFC 6376 section 6.1 leaves the number to the verifier). */
  readonly maxSignatures: number;
  /** Least size of an RSA key in bits (RFC 8301 section 3.2). */
  readonly minRsaBits: number;
  /** Tolerance for t= and x=, in seconds. */
  readonly clockSkewSeconds: number;
};

/** What verification needs beside the message. */
type VerifyDependencies = {
  readonly lookup: Lookup;
  /** The moment on the monotonic clock by which keys are wanted. */
  readonly deadlineMs: number;
  /** Now, in seconds since the epoch. */
  readonly nowSeconds: number;
  readonly settings: DkimSettings;
  /**
   * True when an SDID (lower case, A-labels) may align with the Author Domain: such signatures are
   * evaluated first.
   * @default none may
   */
  readonly mayAlign?: (sdid: string) => boolean;
  /** Parsed key records, shared between messages. */
  readonly keys: KeyCache;
};

/** Outcomes of the signatures, in the order of the message, and of the chain. */
type MessageSignatures = {
  readonly signatures: readonly SignatureOutcome[];
  readonly arc: ArcOutcome;
};

/** A DKIM-Signature as read, and what is to be done with it. */
type Read = { readonly place: FieldPlace; readonly reading: SignatureReading; readonly overTheCap: boolean };

/** Signature fields read, and outcomes made, between two turns of the event loop. */
const TURN_FIELDS = 100;
/** True before each field that begins another turn. */
const beginsTurn = (index: number): boolean => index > 0 && index % TURN_FIELDS === 0;

const readSignatures = async (
  message: Message,
  header: Header,
  { settings, mayAlign = () => false }: VerifyDependencies,
): Promise<Read[]> => {
  const read: Omit<Read, 'overTheCap'>[] = [];
  for (const [index, { index: fieldIndex }] of fieldsNamed(message, 'dkim-signature').entries()) {
    if (beginsTurn(index)) await nextTurn();
    const { text, start } = fieldText(header.wire(fieldIndex));
    const reading = readSignatureField('dkim-signature', text, settings);
    read.push({ place: { index, fieldIndex, valueStart: start }, reading });
  }
  const usable = read.filter(({ reading }) => reading.kind === 'usable');
  const first = usable.filter(({ reading }) => mayAlign(reading.facts.sdid ?? ''));
  const chosen = new Set([...new Set([...first, ...usable])].slice(0, settings.maxSignatures));
  return read.map((one) => ({ ...one, overTheCap: !chosen.has(one) }));
};

/** Octets of header hashed between two turns of the event loop. */
const TURN_BYTES = 1_048_576;

/**
 * Verifies the DKIM signatures and the ARC chain of a message.
 * @returns never rejects as long as `lookup` keeps its contract
 */
export const verifyMessage = async (message: Message, dependencies: VerifyDependencies): Promise<MessageSignatures> => {
  const { settings, lookup, deadlineMs, keys } = dependencies;
  const rules = { ...settings, nowSeconds: dependencies.nowSeconds };
  const hasBareLf = message.lineEnds.bareLf > 0;
  const header = readHeader(message.fields, hasBareLf);
  const read = await readSignatures(message, header, dependencies);
  const structure = readArcSets(header, { strict: true, underscoreSelectors: settings.underscoreSelectors });

  const toJudge = ({ reading, overTheCap }: Read): UsableReading | null =>
    reading.kind === 'usable' && !overTheCap && isWorthAKey(reading.signature, rules) ? reading : null;
  const overBody = read.map(toJudge).filter((reading) => reading !== null);
  if (structure.kind === 'chain') overBody.push(structure.newestMessageSignature);
  const seals = structure.kind === 'chain' ? structure.sets.map(({ sealReading }) => sealReading) : [];
  const keyNames = new Set([...overBody, ...seals].map(({ signature }) => signature.keyName));

  const [answered, bodyHashes] = await Promise.all([
    Promise.all([...keyNames].map(async (name) => [name, await askForKeys(lookup, name, deadlineMs, keys)] as const)),
    hashBody(
      { octets: message.body, hasBareLf, hasUnevenSpace: message.hasUnevenSpace },
      overBody.map(({ signature }) => signature),
    ),
  ]);
  const answers: ReadonlyMap<string, KeyAnswer> = new Map(answered);
  const ground = { header, bodyHashes, rules };
  const judge = (reading: UsableReading, place: FieldPlace): SignatureOutcome =>
    judgeSignature(reading, place, answers.get(reading.signature.keyName) ?? { kind: 'none' }, ground);

  const signatures: SignatureOutcome[] = [];
  for (const [index, one] of read.entries()) {
    const reading = toJudge(one);
    // A header of usual size is judged in one turn.
    if (beginsTurn(index) || (reading !== null && message.headerBytes > TURN_BYTES)) await nextTurn();
    signatures.push(
      reading === null ? outcomeWithoutKey(one.reading, one.place, ground, one.overTheCap) : judge(reading, one.place),
    );
  }
  if (structure.kind !== 'chain') return { signatures, arc: outcomeOfShape(structure) };
  const { newest, newestMessageSignature } = structure;
  const messageSignature = judge(newestMessageSignature, {
    index: header.positions('arc-message-signature').indexOf(newest.messageSignature),
    fieldIndex: newest.messageSignature,
    valueStart: fieldText(header.wire(newest.messageSignature)).start,
  });
  return { signatures, arc: await validateChain(structure, messageSignature, { header, answers, rules }) };
};
