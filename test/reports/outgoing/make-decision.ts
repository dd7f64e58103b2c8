/** A decision for tests of reports: a message of sender.example, with what a test changes. */
import type { DmarcPolicy } from '../../../schemas/dmarc.ts';
import type { SmtpFacts } from '../../../schemas/smtp.ts';
import type { Disposition, Verdict } from '../../../schemas/verdict.ts';
import type { Decision } from '../../../src/pipeline/decision.ts';
import { makeDisposition, makeVerdict } from '../../pipeline/make-verdict.ts';

/** Record, result and policy of the author domain. */
export type Dmarc = {
  readonly result?: Verdict['dmarc']['result'];
  readonly record?: string;
  readonly published?: DmarcPolicy;
  readonly testing?: boolean;
  readonly applies?: DmarcPolicy;
  readonly spfAligned?: boolean | null;
  readonly dkimAligned?: boolean | null;
};

export const FACTS: SmtpFacts = {
  clientIp: '192.0.2.10',
  helo: 'mail.sender.example',
  mailFrom: 'alice@sender.example',
  rcptTo: ['bob@rcpt.example'],
};

export const COUNT_SETTINGS = { reportSender: 'reports@mx.rcpt.example', reportEnvelopeTo: false };

/** A verdict whose DMARC is as given. */
export const makeReported = (dmarc: Dmarc = {}, over: Partial<Verdict> = {}): Verdict => {
  const { result = 'pass', published = 'reject', testing = false, applies = published } = dmarc;
  const { spfAligned = result === 'pass', dkimAligned = result === 'pass' } = dmarc;
  const record = dmarc.record ?? `v=DMARC1; p=${published}${testing ? '; t=y' : ''}; rua=mailto:dmarc@sender.example`;
  const plain = makeVerdict();
  const aligned = (value: boolean | null) => ({
    mode: 'relaxed' as const,
    aligned: value,
    domain: value === true ? 'sender.example' : null,
    compared: [],
  });
  return makeVerdict({
    dmarc: {
      ...plain.dmarc,
      result,
      rfc9989: {
        ...plain.dmarc.rfc9989,
        result,
        record,
        policy: { published: { p: published, sp: null, np: null }, tag: 'p', testing, applies },
        alignment: { spf: aligned(spfAligned), dkim: aligned(dkimAligned) },
      },
    },
    ...over,
  });
};

/** The decision that carries a verdict out, by default as the verdict says. */
export const makeDecision = (verdict: Verdict | null, over: Partial<Decision> = {}): Decision => ({
  action: verdict?.disposition.action ?? 'accept',
  reason: '',
  cause: verdict === null ? 'fault' : 'verdict',
  wouldBe: verdict?.disposition.wouldBe ?? 'accept',
  smtpReply: null,
  remove: [],
  add: [],
  verdict,
  ...over,
});

/** A verdict that fails DMARC, treated as the policy asks unless told otherwise. */
export const makeFailing = (dmarc: Dmarc = {}, disposition?: Disposition): Verdict => {
  const { published = 'reject' } = dmarc;
  const due = dmarc.applies ?? published;
  return makeReported(
    { ...dmarc, result: 'fail' },
    { disposition: disposition ?? makeDisposition(due === 'none' ? 'accept' : due) },
  );
};
