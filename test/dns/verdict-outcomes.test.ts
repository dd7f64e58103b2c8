/**
 * From the wire to the verdict: whatever DNS does, which code reaches mailauth and which words
 * stand in the verdict. A failure is `temperror` in every method and never "no record"; an absence
 * is `none`; with a healthy server beside the sick one the verdict is the right one.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { FailureKind } from '../../schemas/dns.ts';
import { DnsSettings } from '../../schemas/settings/dns.ts';
import type { Lookup } from '../../src/dns/lookup.ts';
import { createResolver } from '../../src/dns/resolver.ts';
import { toMailauthResolver } from '../../src/verdict/spf/resolver.ts';
import { freePort } from '../free-port.ts';
import { example, exampleLookup, makeVerifier } from '../verdict/make-verifier.ts';
import { CATALOGUE } from './faults/catalogue.ts';
import { nameOf } from './faults/replies.ts';
import { type ServedQuery, scriptedServer, soa } from './scripted-server.ts';
import { answerQuery } from './wire-server.ts';

const SMTP = { clientIp: '192.0.2.10', helo: 'mail.brand.example', mailFrom: 'alice@brand.example' };
/** What the three methods hang on, for the example that both signatures and SPF align. */
const SICK = new Set([
  'brand.example',
  'rsa._domainkey.brand.example',
  'ed._domainkey.brand.example',
  '_dmarc.brand.example',
]);

type Script = (query: ServedQuery) => unknown;

/**
 * A resolver of servers that answer from the examples' zone, apart from the sick names.
 * @param questionTimeoutMs short only where no answer is wanted: a busy machine must not make a
 * failure of one
 */
const resolverOf = async (context: TestContext, scripts: readonly (Script | null)[], questionTimeoutMs = 18_000) => {
  const servers = await Promise.all(
    scripts.map((script) =>
      scriptedServer((query) => {
        if (script !== null && SICK.has(nameOf(query)) && query.message.questions[0]?.type === 16) script(query);
        else answerQuery(query, exampleLookup);
      }),
    ),
  );
  const resolver = createResolver(
    DnsSettings.parse({
      dnsServers: servers.map(({ literal }) => literal),
      dnsQuestionTimeoutMs: questionTimeoutMs,
      dnsFirstTryMs: 500,
      dnsLaterTryMs: 500,
    }),
  );
  context.after(() => {
    resolver.close();
    return Promise.all(servers.map((server) => server.close()));
  });
  return resolver;
};

const wordsOf = async (lookup: Lookup) => {
  const verdict = await makeVerifier({}, lookup)(example('aligned.eml'), SMTP);
  return {
    spf: verdict.spf.result,
    dkim: verdict.dkim.map(({ result }) => result),
    dmarc: verdict.dmarc.result,
    verdict,
  };
};

/**
 * A fault for each kind of failure but limits of ours, which speak of no server; every-fault.ts
 * plays them all.
 */
const FIRST_OF_EACH = FailureKind.options.flatMap((failure) => {
  const fault = CATALOGUE.find(({ outcome }) => outcome === failure);
  return fault === undefined || failure === 'limit'
    ? []
    : [{ what: fault.what, failure, script: (query: ServedQuery) => fault.script(query, exampleLookup) }];
});

const codeOf = (lookup: Lookup, name: string) =>
  toMailauthResolver(lookup, performance.now() + 5000)(name, 'TXT').then(
    () => 'records',
    (error: { code: string }) => error.code,
  );

for (const { what, script, failure } of FIRST_OF_EACH) {
  test(`a verdict is temperror when DNS gives ${what}, and the code is that of ${failure}`, async (context) => {
    const { lookup } = await resolverOf(context, [script], failure === 'timeout' ? 2500 : undefined);
    const { spf, dkim, dmarc, verdict } = await wordsOf(lookup);
    assert.deepEqual({ spf, dkim, dmarc }, { spf: 'temperror', dkim: ['temperror', 'temperror'], dmarc: 'temperror' });
    assert.equal(verdict.author.authenticated, null);
    const told: Lookup = async () => ({ kind: 'failure', failure, source: 'network' });
    assert.equal(await codeOf(lookup, 'brand.example'), await codeOf(told, 'brand.example'));
  });

  test(`a verdict is right when one of two servers gives ${what}`, async (context) => {
    const { lookup } = await resolverOf(context, [script, null]);
    const { spf, dkim, dmarc } = await wordsOf(lookup);
    assert.deepEqual({ spf, dkim, dmarc }, { spf: 'pass', dkim: ['pass', 'pass'], dmarc: 'pass' });
  });
}

const cnameTo = (query: ServedQuery, target: string) => ({
  name: nameOf(query),
  type: 'CNAME' as const,
  ttlSeconds: 60,
  data: target,
});
const withTtl =
  (ttlSeconds: number): Script =>
  (query) =>
    answerQuery(query, async (question, deadlineMs) => {
      const answer = await exampleLookup(question, deadlineMs);
      return answer.kind === 'records' ? { ...answer, ttlSeconds } : answer;
    });

const PASS = { spf: 'pass', dkim: ['pass', 'pass'], dmarc: 'pass' };
/**
 * No key: the signature cannot be processed (RFC 8601 section 2.7.1, neutral), and waiting would
 * not help.
 */
const ABSENT = { spf: 'none', dkim: ['neutral', 'neutral'], dmarc: 'none' };
const OUTCOMES: [string, Script, string, object][] = [
  ['NXDOMAIN', (query) => query.answer({ rcode: 3, authorities: [soa('example', 60, 60)] }), 'ENOTFOUND', ABSENT],
  ['NXDOMAIN without an SOA', (query) => query.answer({ rcode: 3 }), 'ENOTFOUND', ABSENT],
  ['NODATA', (query) => query.answer({ authorities: [soa('example', 60, 60)] }), 'ENODATA', ABSENT],
  ['NODATA without an SOA', (query) => query.answer(), 'ENODATA', ABSENT],
  [
    'a CNAME to NXDOMAIN',
    (query) => query.answer({ rcode: 3, answers: [cnameTo(query, 'gone.test')], authorities: [soa('test', 60, 60)] }),
    'ENOTFOUND',
    ABSENT,
  ],
  [
    'a CNAME to NODATA',
    (query) => query.answer({ answers: [cnameTo(query, 'bare.test')], authorities: [soa('test', 60, 60)] }),
    'ENODATA',
    ABSENT,
  ],
  ['TTL 0', withTtl(0), 'records', PASS],
  ['a TTL with the high bit', withTtl(0xffff_ffff), 'records', PASS],
  [
    'FORMERR to EDNS',
    (query) =>
      query.message.edns === null ? answerQuery(query, exampleLookup) : query.answer({ rcode: 1, edns: null }),
    'records',
    PASS,
  ],
  [
    'TC with a part of the data',
    (query) =>
      query.transport === 'tcp'
        ? answerQuery(query, exampleLookup)
        : query.answer({
            isTruncated: true,
            answers: [{ name: nameOf(query), type: 'TXT', ttlSeconds: 60, data: ['v=spf1 +all'] }],
          }),
    'records',
    PASS,
  ],
  [
    'the question in another case',
    (query) => {
      const [question] = query.message.questions;
      const upper = {
        ...query,
        message: {
          ...query.message,
          questions: question === undefined ? [] : [{ ...question, name: question.name.toUpperCase() }],
        },
      };
      answerQuery(upper, exampleLookup);
    },
    'records',
    PASS,
  ],
];

for (const [what, script, code, words] of OUTCOMES) {
  test(`a verdict takes ${what} for what it is, and the code is ${code}`, async (context) => {
    const { lookup } = await resolverOf(context, [script]);
    const { spf, dkim, dmarc } = await wordsOf(lookup);
    assert.deepEqual({ spf, dkim, dmarc }, words);
    assert.equal(await codeOf(lookup, 'brand.example'), code);
  });
}

test('a verdict over a closed port is temperror, and the code is ECONNREFUSED', async (context) => {
  const resolver = createResolver(DnsSettings.parse({ dnsServers: [`127.0.0.1:${await freePort()}`] }));
  context.after(() => resolver.close());
  const { spf, dkim, dmarc } = await wordsOf(resolver.lookup);
  assert.deepEqual({ spf, dkim, dmarc }, { spf: 'temperror', dkim: ['temperror', 'temperror'], dmarc: 'temperror' });
  assert.equal(await codeOf(resolver.lookup, 'brand.example'), 'ECONNREFUSED');
});
