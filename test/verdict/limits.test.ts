/**
 * Every limit of ours, reached through the door with one more than it allows: which result each
 * method gives, and that the verdict names the limit, its value and its setting. Limits that cannot
 * be set have the value that docs/limits.md tells.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OverlayRecord } from '../../schemas/dns.ts';
import type { ReachedLimit } from '../../schemas/limit.ts';
import { reached } from '../../schemas/limit.ts';
import { ReplayedVerdict } from '../../schemas/requests/replay.ts';
import { DnsSettings } from '../../schemas/settings/dns.ts';
import type { SmtpFacts } from '../../schemas/smtp.ts';
import type { Verdict, VerdictSettings } from '../../schemas/verdict.ts';
import type { BudgetLimits } from '../../src/dns/budget/limits.ts';
import type { Lookup } from '../../src/dns/lookup.ts';
import { createResolver } from '../../src/dns/resolver.ts';
import { createReplayer } from '../../src/verdict/replay.ts';
import type { VerifyOptions } from '../../src/verdict/run.ts';
import { logFields } from '../../src/verdict/summary.ts';
import { KEYS, keyRecord, signMessage } from '../dkim/sign.ts';
import { scriptedServer } from '../dns/scripted-server.ts';
import { documentedValue } from '../house/limits-table.ts';
import { type MemoryZone, memoryLookup } from '../spf/memory-zone.ts';
import { makeVerifier, PARTS, SETTINGS } from './make-verifier.ts';

const CLIENT = '192.0.2.1';
const FACTS: SmtpFacts = { clientIp: CLIENT, helo: 'mx.other.test', mailFrom: 'a@a.example' };
const MESSAGE = 'From: a@a.example\r\nSubject: x\r\n\r\nhello\r\n';

type Case = {
  zone?: MemoryZone;
  lookup?: Lookup;
  message?: string;
  facts?: SmtpFacts;
  limits?: Partial<BudgetLimits>;
  settings?: Partial<VerdictSettings>;
  options?: VerifyOptions;
};

const judge = ({ zone = {}, lookup, message = MESSAGE, facts = FACTS, limits, settings, options }: Case) =>
  makeVerifier({ ...SETTINGS, ...settings }, lookup ?? memoryLookup(zone), {
    dnsLimits: { ...PARTS.dnsLimits, ...limits },
  })(Buffer.from(message, 'latin1'), facts, options);

/** The limits that a verdict tells, once each; the log tells the same. */
const limitsOf = (verdict: Verdict): ReachedLimit[] => {
  const told = verdict.findings.flatMap(({ limit }) => limit ?? []);
  assert.deepEqual((logFields(verdict) as { limits?: ReachedLimit[] }).limits ?? [], told);
  for (const { code, message, limit } of verdict.findings.filter((finding) => finding.limit !== undefined)) {
    assert.equal(code, 'limit-reached');
    assert.ok(message.includes(`${limit?.value}`) && message.includes(limit?.setting ?? 'fixed'), message);
  }
  return told;
};

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const addresses = (count: number): string[] => [CLIENT, ...range(count - 1).map((n) => `198.51.100.${n}`)];

test('records: an address answer of one record too many is permerror in SPF, in both modes (RFC 7208 section 2.6.7)', async () => {
  const zoneOf = (count: number): MemoryZone => ({
    'a.example': { TXT: ['v=spf1 a:many.a.example -all'] },
    'many.a.example': { A: addresses(count) },
  });
  for (const strict of [true, false]) {
    assert.equal((await judge({ zone: zoneOf(64), settings: { strict } })).spf.result, 'pass');
    const verdict = await judge({ zone: zoneOf(65), settings: { strict } });
    assert.equal(verdict.spf.result, 'permerror');
    assert.match(verdict.spf.mailFrom?.reason ?? '', /the limit of 64 records in one DNS answer \(fixed\)/);
    assert.deepEqual(limitsOf(verdict), [reached('records', 64)]);
  }
});

test('records: records given with a request have the same limits as those of DNS, and text is bounded by octets', async () => {
  const overlay = (type: 'A' | 'TXT', records: string[]) =>
    OverlayRecord.parse({ name: type === 'A' ? 'many.a.example' : 'a.example', type, records });
  const text = overlay('TXT', ['v=spf1 a:many.a.example -all', ...range(200).map((n) => `verification=${n}`)]);
  const judged = (count: number) => judge({ options: { overlay: [text, overlay('A', addresses(count))] } });
  assert.equal((await judged(64)).spf.result, 'pass');
  assert.deepEqual(limitsOf(await judged(65)), [reached('records', 64)]);
});

test('records: a verdict with a limit comes out the same when it is replayed', async () => {
  const zone: MemoryZone = {
    'a.example': { TXT: ['v=spf1 a:many.a.example -all'] },
    'many.a.example': { A: addresses(65) },
  };
  const verdict = await judge({ zone, options: { include: ['evidence'] } });
  const earlier = ReplayedVerdict.parse(JSON.parse(JSON.stringify(verdict)));
  const { same, differences } = await createReplayer(PARTS)(Buffer.from(MESSAGE), earlier);
  assert.deepEqual(differences, []);
  assert.equal(same, true);
});

test('records: "exists" matches an answer of any size (RFC 7208 section 5.7)', async () => {
  const zone: MemoryZone = {
    'a.example': { TXT: ['v=spf1 exists:many.a.example -all'] },
    'many.a.example': { A: addresses(65) },
  };
  assert.equal((await judge({ zone })).spf.result, 'pass');
});

test('records: too many PTR records of the client are permerror in iprev, and DMARC does not mind', async () => {
  const zone: MemoryZone = {
    'a.example': { TXT: ['v=spf1 ip4:192.0.2.1 -all'] },
    '_dmarc.a.example': { TXT: ['v=DMARC1; p=reject'] },
    '1.2.0.192.in-addr.arpa': { PTR: range(65).map((n) => `n${n}.a.example`) },
  };
  const verdict = await judge({ zone });
  assert.equal(verdict.iprev.result, 'permerror');
  assert.equal(verdict.dmarc.result, 'pass');
  assert.deepEqual(limitsOf(verdict), [reached('records', 64)]);
});

test('records: a name with more addresses than are used exists, so np does not apply (RFC 9989 section 4.7)', async () => {
  const zone: MemoryZone = {
    '_dmarc.a.example': { TXT: ['v=DMARC1; p=none; np=reject'] },
    'many.a.example': { A: addresses(65) },
  };
  const { dmarc } = await judge({ zone, message: MESSAGE.replace('a@a', 'a@many.a') });
  assert.equal(dmarc.rfc9989.policy?.tag, 'p');
});

test('text-bytes: an octet of TXT too many is permerror in SPF, DKIM and DMARC, and fail in ARC and BIMI', async () => {
  const filler = (bytes: number): string[] => [
    ...Array<string>(Math.floor(bytes / 255)).fill('x'.repeat(255)),
    'x'.repeat(bytes % 255),
  ];
  const sized = (text: string, total: number): string[][] => [[text], filler(total - text.length)];
  const key = keyRecord(KEYS.ed25519);
  const message = await signMessage(MESSAGE, { key: KEYS.ed25519, tags: 'v=1; d=a.example; s=s;', h: 'from' });
  for (const [total, spf, dkim] of [
    [65_535, 'pass', 'pass'],
    [65_536, 'permerror', 'permerror'],
  ] as const) {
    const zone: MemoryZone = {
      'a.example': { TXT: sized('v=spf1 ip4:192.0.2.1 -all', total) },
      's._domainkey.a.example': { TXT: sized(key, total) },
    };
    const verdict = await judge({ zone, message });
    assert.deepEqual([verdict.spf.result, verdict.dkim[0]?.result], [spf, dkim]);
    assert.deepEqual(limitsOf(verdict), total > 65_535 ? [reached('text-bytes', 65_535)] : []);
  }
  const dmarc = await judge({
    zone: { '_dmarc.a.example': { TXT: sized('v=DMARC1; p=reject', 65_536) } },
    settings: { enforce: true },
  });
  assert.equal(dmarc.dmarc.result, 'permerror');
  assert.equal(dmarc.disposition.action, 'accept');
  assert.equal(dmarc.author.authenticated, null);
  assert.match(dmarc.author.summary, /bytes of text in one DNS answer \(fixed\).*trying again would come to the same/);
  const bimi = await judge({
    zone: {
      'a.example': { TXT: ['v=spf1 ip4:192.0.2.1 -all'] },
      '_dmarc.a.example': { TXT: ['v=DMARC1; p=reject'] },
      'default._bimi.a.example': { TXT: sized('v=BIMI1; l=https://a.example/l.svg', 65_536) },
    },
  });
  assert.equal(bimi.bimi?.result, 'fail');
});

test('cname-links: a longer chain than is followed is permerror, a loop is temperror', async () => {
  const links = (count: number) => [
    { name: 'a.example', type: 'CNAME' as const, records: ['c1.test'] },
    ...range(count - 1).map((n) => ({ name: `c${n + 1}.test`, type: 'CNAME' as const, records: [`c${n + 2}.test`] })),
  ];
  const most = documentedValue('cname-links');
  const overlay = (count: number) => [
    ...links(count),
    { name: `c${count}.test`, type: 'TXT' as const, records: ['v=spf1 ip4:192.0.2.1 -all'] },
  ];
  assert.equal((await judge({ options: { overlay: overlay(most) } })).spf.result, 'pass');
  const verdict = await judge({ options: { overlay: overlay(most + 1) } });
  assert.equal(verdict.spf.result, 'permerror');
  assert.deepEqual(limitsOf(verdict), [reached('cname-links', most)]);
  const loop = [...links(3), { name: 'c3.test', type: 'CNAME' as const, records: ['a.example'] }];
  assert.equal((await judge({ options: { overlay: loop } })).spf.result, 'temperror');
});

/** SPF of ten `a` terms in ten domains, the last of which permits the client. */
const WIDE: MemoryZone = {
  'a.example': {
    TXT: [
      `v=spf1 ${range(10)
        .map((n) => `a:h${n}.d${n}.test`)
        .join(' ')} -all`,
    ],
  },
  ...Object.fromEntries(range(9).map((n) => [`h${n}.d${n}.test`, { A: ['198.51.100.1'] }])),
  'h9.d9.test': { A: [CLIENT] },
  '_dmarc.a.example': { TXT: ['v=DMARC1; p=reject'] },
};

for (const [name, limit] of [
  ['questions', 'maxQuestions'],
  ['domains', 'maxDomains'],
] as const) {
  test(`${name}: one too many is permerror in SPF, and trying again would not help`, async () => {
    const { dns, spf } = await judge({ zone: WIDE });
    assert.equal(spf.result, 'pass');
    const most = dns[name].used;
    assert.equal((await judge({ zone: WIDE, limits: { [limit]: most } })).spf.result, 'pass');
    // The name of the client and HELO cost some of them as well.
    const verdict = await judge({ zone: WIDE, limits: { [limit]: 6 } });
    assert.equal(verdict.spf.result, 'permerror');
    assert.equal(verdict.dmarc.result, 'fail');
    assert.deepEqual(limitsOf(verdict), [reached(name, 6)]);
  });
}

const overNetwork =
  (lookup: Lookup): Lookup =>
  async (question, deadlineMs) =>
    deadlineMs === Number.NEGATIVE_INFINITY
      ? { kind: 'failure', failure: 'timeout', source: 'local' }
      : { ...(await lookup(question, deadlineMs)), source: 'network' };

test('misses: one too many is temperror, since what was learnt is in memory the next time', async () => {
  const lookup = overNetwork(memoryLookup(WIDE));
  const verdict = await judge({ lookup, limits: { maxMisses: 6 } });
  assert.equal(verdict.spf.result, 'temperror');
  assert.deepEqual(limitsOf(verdict), [reached('misses', 6)]);
});

test('failures: after as many as the setting says the rest is temperror', async () => {
  const zone: MemoryZone = { ...WIDE, 'mx.other.test': { ERROR: { '*': 'SERVFAIL' } } };
  const verdict = await judge({ lookup: overNetwork(memoryLookup(zone)), limits: { maxFailures: 1 } });
  assert.equal(verdict.spf.result, 'temperror');
  assert.deepEqual(limitsOf(verdict), [reached('failures', 1)]);
});

test('time: what is not answered in time is temperror (RFC 7208 section 4.6.4)', async () => {
  let nowMs = 0;
  const zone = memoryLookup(WIDE);
  const lookup: Lookup = async (question, deadlineMs) => {
    if (!question.name.endsWith('.d3.test')) return overNetwork(zone)(question, deadlineMs);
    nowMs = Math.max(nowMs, deadlineMs);
    return { kind: 'failure', failure: 'timeout', source: 'local' };
  };
  const verify = makeVerifier({}, lookup, {
    clock: { nowMs: () => Date.UTC(2026, 0, 1), monotonicMs: () => nowMs },
    dnsLimits: { ...PARTS.dnsLimits, maxElapsedMs: 700 },
  });
  const verdict = await verify(Buffer.from(MESSAGE), FACTS);
  assert.equal(verdict.spf.result, 'temperror');
  assert.deepEqual(limitsOf(verdict), [reached('time', 700)]);
});

test('waiting: a question for which there is no place is temperror, and names the setting', async (context) => {
  const server = await scriptedServer(() => {});
  const resolver = createResolver(
    DnsSettings.parse({
      dnsServers: [server.literal],
      dnsMaxInFlight: 1,
      dnsMaxWaiting: 0,
      dnsQuestionTimeoutMs: 100,
    }),
  );
  context.after(() => {
    resolver.close();
    return server.close();
  });
  const verdict = await judge({ lookup: resolver.lookup });
  assert.equal(verdict.dmarc.result, 'temperror');
  assert.deepEqual(limitsOf(verdict), [reached('waiting', 0)]);
});

test('policy: what other names of a message spend does not hide the policy of its author', async () => {
  const author = 'v.w.x.y.z.a.example';
  const zone: MemoryZone = {
    ...WIDE,
    // After the limit is spent, this asks for a name of the author's Tree Walk and is refused.
    'evil.test': {
      TXT: [
        `v=spf1 ${range(8)
          .map((n) => `a:h${n}.d${n}.test`)
          .join(' ')} include:_dmarc.x.y.z.a.example -all`,
      ],
    },
  };
  for (const limits of [{ maxQuestions: 4 }, { maxDomains: 2 }, { maxMisses: 4 }]) {
    const verdict = await judge({
      lookup: overNetwork(memoryLookup(zone)),
      message: MESSAGE.replace('a@a.example', `a@${author}`),
      facts: { ...FACTS, mailFrom: 'a@evil.test' },
      limits,
      settings: { enforce: true },
    });
    assert.equal(verdict.dmarc.result, 'fail', JSON.stringify(limits));
    assert.equal(verdict.disposition.action, 'reject');
    assert.equal(limitsOf(verdict).length, 1);
  }
});

test('signatures: one too many is not evaluated, and its result is policy (RFC 6376 section 6.1)', async () => {
  const field = (n: number) => `DKIM-Signature: v=1; a=rsa-sha256; d=d${n}.test; s=s; h=from; bh=AAAA; b=AAAA\r\n`;
  const verdict = await judge({ message: range(11).map(field).join('') + MESSAGE });
  assert.deepEqual(
    verdict.dkim.map(({ result }) => result === 'policy'),
    [...Array<boolean>(10).fill(false), true],
  );
  assert.match(verdict.dkim[10]?.reason ?? '', /the limit of 10 DKIM signatures \(MAX_SIGNATURES\)/);
  assert.deepEqual(limitsOf(verdict), [reached('signatures', 10)]);
});

test('key-records: a key behind those that are tried is not found, and the limit is told', async () => {
  const message = await signMessage(MESSAGE, { key: KEYS.rsa, tags: 'v=1; d=a.example; s=s;', h: 'from' });
  const most = documentedValue('key-records');
  const withOthers = async (count: number) => {
    // They are tried in the order of their texts: these come first.
    const others = range(count).map((n) => keyRecord(KEYS.ed25519, `v=DKIM1; k=ed25519; n=${n};`));
    const zone = { 's._domainkey.a.example': { TXT: [...others, keyRecord(KEYS.rsa)] } };
    return judge({ zone, message });
  };
  assert.equal((await withOthers(most - 1)).dkim[0]?.result, 'pass');
  const verdict = await withOthers(most);
  assert.equal(verdict.dkim[0]?.result, 'neutral');
  assert.deepEqual(limitsOf(verdict), [reached('key-records', most)]);
});

test('tags: a signature field of one tag too many is not read', async () => {
  const most = documentedValue('tags');
  const field = `DKIM-Signature: v=1; d=a.example; s=s; a=rsa-sha256; h=from; bh=AAAA; b=AAAA; ${range(most - 6)
    .map((n) => `x${n}=1`)
    .join(';\r\n ')}\r\n`;
  const verdict = await judge({ message: field + MESSAGE });
  assert.equal(verdict.dkim[0]?.result, 'neutral');
  assert.deepEqual(limitsOf(verdict), [reached('tags', most)]);
});

test('alignment-walks: signatures of more domains below the author than are looked at leave DMARC permerror', async () => {
  const most = documentedValue('alignment-walks');
  const judgeWith = async (count: number) => {
    let message = MESSAGE.replace('a@a', 'a@mail.a');
    const zone: Record<string, MemoryZone[string]> = { '_dmarc.a.example': { TXT: ['v=DMARC1; p=reject'] } };
    for (const n of range(count)) {
      message = await signMessage(message, { key: KEYS.ed25519, tags: `v=1; d=x${n}.a.example; s=s;`, h: 'from' });
      zone[`s._domainkey.x${n}.a.example`] = { TXT: [keyRecord(KEYS.ed25519)] };
      zone[`_dmarc.x${n}.a.example`] = { TXT: ['v=DMARC1; p=none; psd=n'] };
    }
    return judge({ zone, message, settings: { maxSignatures: 20 } });
  };
  assert.equal((await judgeWith(most)).dmarc.result, 'fail');
  const verdict = await judgeWith(most + 1);
  assert.equal(verdict.dmarc.result, 'permerror');
  assert.deepEqual(limitsOf(verdict), [reached('alignment-walks', most)]);
});

test('client-names: a name behind those that are tried leaves iprev permerror, not fail', async () => {
  const most = documentedValue('client-names');
  const zoneOf = (count: number): MemoryZone => ({
    '1.2.0.192.in-addr.arpa': { PTR: range(count).map((n) => `n${n}.a.example`) },
    [`n${count - 1}.a.example`]: { A: [CLIENT] },
  });
  assert.equal((await judge({ zone: zoneOf(most) })).iprev.result, 'pass');
  const verdict = await judge({ zone: zoneOf(most + 1) });
  assert.equal(verdict.iprev.result, 'permerror');
  assert.deepEqual(limitsOf(verdict), [reached('client-names', most)]);
});

test('author: a From of too many domains, addresses or characters is one that cannot be read', async () => {
  const from = (count: number, each: (n: number) => string) => `From: ${range(count).map(each).join(',\r\n ')}\r\n\r\n`;
  const domains = documentedValue('author-domains');
  const many = documentedValue('author-addresses');
  const characters = documentedValue('author-characters');
  const comments = documentedValue('author-comments');
  const cases = [
    ['author-domains', domains, from(domains + 1, (n) => `a@d${n}.example`)],
    ['author-addresses', many, from(many + 1, () => 'a@b.example')],
    [
      'author-comments',
      comments,
      `From: a@b.example\r\n ${'(x)\r\n '.repeat(comments + 1)}\r\n\r\n`.replace(/\r\n \r\n/, '\r\n'),
    ],
    ['author-characters', characters, `From: "${'x'.repeat(characters)}" <a@b.example>\r\n\r\n`],
  ] as const;
  for (const [name, value, message] of cases) {
    const verdict = await judge({ message, settings: { enforce: true } });
    assert.equal(verdict.dmarc.result, 'permerror', name);
    assert.equal(verdict.disposition.action, 'reject', name);
    assert.deepEqual(limitsOf(verdict), [reached(name, value)]);
  }
});
