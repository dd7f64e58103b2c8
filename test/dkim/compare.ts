/** One message through our verifier and through mailauth's strict mode, side by side. */
import { createRequire } from 'node:module';
import { createKeyCache } from '../../src/dkim/key.ts';
import { DIFFERENCES, type Told } from './differences.ts';
import { type KeyZone, keyResolver } from './key-zone.ts';
import { NOW_SECONDS, SETTINGS, verifyBytes } from './verify-bytes.ts';

const require = createRequire(import.meta.url);
const { dkimVerify } = require('mailauth/lib/dkim/verify.js');
const { arc: verifyArc } = require('mailauth/lib/arc/index.js');

const keys = createKeyCache();

type MailauthStatus = { result: string; comment?: string; policy?: Record<string, string> };

const theirsOf = async (bytes: Buffer, zone: KeyZone): Promise<{ signatures: Told[]; arc: Told }> => {
  const resolver = keyResolver(zone);
  const options = { resolver, strict: true, minBitLength: SETTINGS.minRsaBits, sender: 'unused@invalid' };
  const curTime = new Date((NOW_SECONDS - SETTINGS.clockSkewSeconds) * 1000);
  const verified = await dkimVerify(bytes, { ...options, curTime });
  const { status: arc } = await verifyArc(verified.arc, options);
  const statuses: MailauthStatus[] = verified.results.map(({ status }: { status: MailauthStatus }) => status);
  const told = ({ result, comment, policy }: MailauthStatus): Told => ({
    result,
    reason: comment ?? policy?.['dkim-rules'] ?? '',
  });
  return { signatures: statuses.filter(({ result }) => result !== 'none').map(told), arc: told(arc) };
};

/** Where the two part: `rule` names the listed difference, null when none explains it. */
export type Parting = {
  readonly what: string;
  readonly ours: Told;
  readonly theirs: Told;
  readonly rule: string | null;
};

/** Name of the difference for a message that mailauth cannot get through. */
export const MAILAUTH_THROWS = 'mailauth throws on c=/…';

/** What came of one message: our words, ARC's as "arc pass", and where the two part. */
export type Comparison = { readonly words: readonly string[]; readonly partings: readonly Parting[] };

/** Verifies a message (latin1 text) with both and lists where their words part. */
export const compare = async (text: string, zone: KeyZone): Promise<Comparison> => {
  const bytes = Buffer.from(text, 'latin1');
  const ours = await verifyBytes(bytes, zone, { keys, settings: { maxSignatures: 1000 } });
  const words = [`arc ${ours.arc.result}`, ...ours.signatures.map(({ result }) => result)];
  let theirs: Awaited<ReturnType<typeof theirsOf>>;
  try {
    theirs = await theirsOf(bytes, zone);
  } catch (error) {
    // Nothing to compare with. One such fault of mailauth 7.1 is known; any other has to be looked
    // at.
    const known = error instanceof Error && error.message === 'Unknown header canonicalization';
    const { result, reason } = ours.signatures[0] ?? ours.arc;
    const thrown = { result: 'thrown', reason: String(error) };
    const rule = known ? MAILAUTH_THROWS : null;
    return { words, partings: [{ what: 'all', ours: { result, reason }, theirs: thrown, rule }] };
  }
  const pairs = [{ what: 'arc', ours: ours.arc as Told, theirs: theirs.arc }];
  const count = Math.max(ours.signatures.length, theirs.signatures.length);
  for (let at = 0; at < count; at++) {
    const missing = { result: 'missing', reason: '' };
    pairs.push({ what: `dkim ${at}`, ours: ours.signatures[at] ?? missing, theirs: theirs.signatures[at] ?? missing });
  }
  const partings = pairs
    .filter((pair) => pair.ours.result !== pair.theirs.result)
    .map((pair) => {
      const rule = DIFFERENCES.find(({ explains }) => explains(pair.ours, pair.theirs, { text, zone }));
      const { result, reason } = pair.ours;
      return { ...pair, ours: { result, reason }, rule: rule?.name ?? null };
    });
  return { words, partings };
};
