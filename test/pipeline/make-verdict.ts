/** A verdict for tests: one that passes, with whatever a test changes laid over it. */
import type { DkimSignature } from '../../schemas/dkim.ts';
import type { SpfCheck, SpfVerdict } from '../../schemas/spf.ts';
import type { Disposition, Verdict } from '../../schemas/verdict.ts';

/** A DKIM signature that passes. */
export const makeSignature = (over: Partial<DkimSignature> = {}): DkimSignature => ({
  index: 0,
  result: 'pass',
  reason: 'the signature is valid',
  sdid: 'sender.example',
  auid: '@sender.example',
  selector: 's1',
  algorithm: 'rsa-sha256',
  keyBits: 2048,
  canonicalization: { header: 'relaxed', body: 'relaxed' },
  signedFields: ['from'],
  oversigned: false,
  bodyLength: null,
  uncoveredBytes: null,
  signedAt: null,
  expiresAt: null,
  testing: false,
  signature: 'abcdefgh',
  aligned: true,
  ...over,
});

/** An SPF check of MAIL FROM. */
export const makeSpf = (result: SpfVerdict['result'] = 'pass', over: Partial<SpfVerdict> = {}): SpfVerdict => {
  const check: SpfCheck = {
    identity: 'mailfrom',
    domain: 'sender.example',
    result,
    reason: `SPF says ${result}`,
    lookups: { used: 1, limit: 10 },
    voids: { used: 0, limit: 2 },
  };
  return {
    result,
    identity: 'mailfrom',
    domain: 'sender.example',
    reason: check.reason,
    mailFrom: check,
    helo: null,
    ...over,
  };
};

/** A disposition. `enforced` false is what a service without ENFORCE gives. */
export const makeDisposition = (wouldBe: Disposition['wouldBe'], enforced = true): Disposition => ({
  action: enforced ? wouldBe : 'accept',
  cause: 'dmarc',
  reason: wouldBe === 'accept' ? 'DMARC passes' : `DMARC fails and the policy is ${wouldBe}`,
  wouldBe,
  ...(enforced && (wouldBe === 'reject' || wouldBe === 'tempfail') ? { smtpReply: REPLIES[wouldBe] } : {}),
});

const REPLIES = {
  reject: { code: 550, enhancedCode: '5.7.26', text: 'sender.example fails DMARC' },
  tempfail: { code: 451, enhancedCode: '4.7.0', text: 'sender.example is not known yet' },
} as const;

/** A verdict that passes. */
export const makeVerdict = (over: Partial<Verdict> = {}): Verdict => {
  const alignment = { mode: 'relaxed' as const, aligned: true, domain: 'sender.example', compared: ['sender.example'] };
  const reading = {
    result: 'pass' as const,
    reason: 'an identifier aligns',
    organizationalDomain: 'sender.example',
    recordDomain: 'sender.example',
    record: 'v=DMARC1; p=reject',
    policy: null,
    alignment: { spf: alignment, dkim: alignment },
  };
  const olderReading = {
    result: 'pass',
    organizationalDomain: 'sender.example',
    recordDomain: 'sender.example',
    applies: 'reject',
    percent: 100,
    spfAligned: true,
    dkimAligned: true,
  } as const;
  const usage = { used: 0, limit: 1 };
  return {
    id: '00000000-0000-4000-8000-000000000000',
    evaluatedAt: '2026-11-22T00:00:00.000Z',
    elapsedMs: 1,
    engine: { name: 'mailverdict', version: '0.0.0', mailauth: '7.1.0' },
    author: {
      address: 'a@sender.example',
      domain: 'sender.example',
      level: 'proven',
      authenticated: true,
      by: [
        {
          kind: 'dkim',
          domain: 'sender.example',
          by: 'mx.rcpt.example',
          at: '2026-11-22T00:00:00.000Z',
          where: 'dkim[0]',
        },
      ],
      actual: [],
      next: [],
      summary: 'It did.',
    },
    disposition: makeDisposition('accept'),
    smtp: {},
    transport: { encryption: 'unknown', authenticated: null, nullReversePath: null },
    message: {
      size: 1,
      sha256: '',
      from: ['a@sender.example'],
      subject: null,
      messageId: null,
      date: null,
      headerCount: 1,
      signatureCount: 1,
      protection: [],
    },
    spf: makeSpf(),
    dkim: [makeSignature()],
    arc: { result: 'none', reason: 'no ARC sets', instances: [] },
    dmarc: { result: 'pass', authorDomain: 'sender.example', rfc9989: reading, rfc7489: olderReading, agree: true },
    bimi: null,
    iprev: { result: 'none', name: null, reason: 'no client address' },
    headers: {
      authenticationResults:
        'Authentication-Results: mx.rcpt.example;\r\n spf=pass smtp.mailfrom=sender.example;\r\n dkim=pass header.d=sender.example',
      receivedSpf: 'Received-SPF: pass (SPF says pass) client-ip=192.0.2.10;\r\n receiver=mx.rcpt.example',
    },
    findings: [],
    dns: { questions: usage, misses: usage, domains: usage, failures: usage, elapsedMs: usage, exceeded: [] },
    ...over,
  };
};
