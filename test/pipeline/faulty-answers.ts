/**
 * A random message of the examples under random settings, decided twice by the whole pipeline: with
 * every DNS answer, and with some of them failing. A failure may put the decision off; it may never
 * change it, and least of all refuse for good what would have been accepted.
 */
import fc from 'fast-check';
import { EXAMPLES } from '../../examples/cases.ts';
import type { SmtpFacts } from '../../schemas/smtp.ts';
import type { VerdictSettings } from '../../schemas/verdict.ts';
import type { ServerFailure } from '../../src/dns/failure.ts';
import type { Lookup } from '../../src/dns/lookup.ts';
import { createEvaluation } from '../../src/pipeline/evaluation.ts';
import type { FaceSettings } from '../../src/pipeline/face-settings.ts';
import { createRawHook } from '../../src/pipeline/hooks/raw-hook.ts';
import { createLists } from '../../src/pipeline/lists.ts';
import { UNOBSERVED } from '../../src/pipeline/observer.ts';
import { example, exampleLookup, makeVerifier } from '../verdict/make-verifier.ts';
import { makeLog } from './make-evaluation.ts';
import { makeSettings } from './make-settings.ts';

/** One case. */
export type FaultyCase = {
  file: string;
  facts: SmtpFacts;
  isChanged: boolean;
  settings: Partial<VerdictSettings>;
  pipeline: Partial<FaceSettings>;
  fails: readonly boolean[];
  failure: ServerFailure;
};

const FILES = EXAMPLES.map(({ file }) => file);
const DOMAINS = ['lists.example', 'mailer.example', 'brand.example', 'notice.example', 'stranger.example'];
const CLIENTS = [...new Set(EXAMPLES.map(({ smtp }) => smtp.clientIp ?? ''))];
const words = <Word extends string>(...given: Word[]) => fc.constantFrom(...given);

const settings = fc.record({
  enforce: fc.constant(true),
  strict: fc.boolean(),
  unreadableFrom: words('accept', 'quarantine', 'reject'),
  bodyLength: words('report', 'reject'),
  maxSignatures: fc.constantFrom(1, 10),
  minRsaBits: fc.constantFrom(512, 1024, 2048),
  arcTrustedSealers: fc.subarray(DOMAINS),
  allowDomains: fc.subarray(DOMAINS),
  allowNetworks: fc.subarray(['198.51.100.0/24', '203.0.113.25', '2001:db8:10::/48']),
  localDomains: fc.subarray(['rcpt.example', 'lists.example']),
  relay: words('report', 'reject'),
});

const pipeline = fc.record({
  enforceDomains: fc.subarray(['rcpt.example=on', 'other.example=off', 'third.example=dry-run']),
  localNetworks: fc.subarray(['192.0.2.0/28', '198.51.100.5']),
  localSenders: words('stamp', 'ignore', 'enforce'),
  authenticatedSenders: words('stamp', 'ignore', 'enforce'),
  oversizedMessages: words('accept', 'reject', 'tempfail'),
  maxHeaderFields: fc.constantFrom(10, 2_000),
  failureMode: words('tempfail', 'accept'),
  dryRun: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0),
});

/** Cases of every kind. */
export const faultyCase: fc.Arbitrary<FaultyCase> = fc.record({
  file: fc.constantFrom(...FILES),
  facts: fc
    .record({
      of: fc.constantFrom(...EXAMPLES),
      clientIp: fc.option(fc.constantFrom(...CLIENTS), { freq: 3, nil: undefined }),
      isOwn: fc.boolean(),
      rcptTo: fc.subarray(['a@rcpt.example', 'b@other.example', 'c@third.example']),
      isAuthenticated: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0),
    })
    .map(({ of, clientIp, isOwn, rcptTo, isAuthenticated }) => ({
      ...of.smtp,
      ...(!isOwn && clientIp !== undefined && { clientIp }),
      ...(rcptTo.length > 0 && { rcptTo }),
      ...(isAuthenticated && { auth: { identity: 'bob' } }),
    })),
  isChanged: fc.boolean(),
  settings,
  pipeline,
  fails: fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
  failure: words('servfail', 'timeout', 'refused'),
});

/** The zone of the examples, in which some names fail, each always alike. */
const failing = ({ fails, failure }: FaultyCase): Lookup => {
  const decided = new Map<string, boolean>();
  return async (question, deadlineMs) => {
    const key = `${question.name.toLowerCase()} ${question.type}`;
    if (!decided.has(key)) decided.set(key, fails[decided.size % fails.length] === true);
    return decided.get(key) ? { kind: 'failure', failure, source: 'zone' } : exampleLookup(question, deadlineMs);
  };
};

const decideBy = async (one: FaultyCase, lookup: Lookup): Promise<string> => {
  const pipelineSettings = makeSettings({ authservId: 'mx.receiver.example', ...one.pipeline });
  const evaluation = createEvaluation(pipelineSettings, {
    verify: makeVerifier(one.settings, lookup),
    log: makeLog().log,
    lists: createLists(pipelineSettings),
    clock: () => 0,
    observer: UNOBSERVED,
  });
  const octets = example(one.file);
  const message = one.isChanged
    ? Buffer.from(octets.toString('latin1').replace(/^Subject: /m, 'Subject: x'), 'latin1')
    : octets;
  return (await createRawHook(pipelineSettings, evaluation)(message, one.facts)).action;
};

/** Decides a case. @returns what each run decided */
export const decideTwice = async (one: FaultyCase): Promise<{ calm: string; faulty: string }> => ({
  calm: await decideBy(one, exampleLookup),
  faulty: await decideBy(one, failing(one)),
});
