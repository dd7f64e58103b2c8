import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RecordType } from '../../../schemas/dns.ts';
import { reached } from '../../../schemas/limit.ts';
import { decodeMessage, type Message, type WireRecord } from '../../../src/dns/wire/message.ts';
import { encodeQuery, isReplyTo } from '../../../src/dns/wire/query.ts';
import { judgeReply } from '../../../src/dns/wire/reply.ts';
import { record, replyTo, soa } from '../scripted-server.ts';
import { encodeMessage } from './message-writer.ts';

const queryMessage = (name: string, type: RecordType): Message => {
  const message = decodeMessage(encodeQuery(name, type, 1232));
  assert.ok(message);
  return message;
};
const judge = (parts: Partial<Message>, name = 'a.example', type: RecordType = 'TXT', trustsAd = false) =>
  judgeReply(encodeMessage(replyTo(queryMessage(name, type), parts)), { name, type }, trustsAd);

const txt = (name: string, ttlSeconds: number, ...texts: string[]): WireRecord[] =>
  texts.map((text) => ({ name, type: 'TXT', ttlSeconds, data: [text] }));
const cname = (name: string, data: string, ttlSeconds = 300): WireRecord => ({ name, type: 'CNAME', ttlSeconds, data });
const ns = (name: string): WireRecord => ({ name, type: 'NS', ttlSeconds: 300, data: 'ns.other.test' });
const chainOf = (links: number): WireRecord[] =>
  Array.from({ length: links }, (_, at) => cname(at === 0 ? 'a.example' : `n${at}.example`, `n${at + 1}.example`));

const records = (found: unknown[], ttlSeconds: number) => ({ kind: 'records', records: found, ttlSeconds, rcode: 0 });
const negative = (kind: 'nodata' | 'nxdomain', ttlSeconds: number) => ({
  kind,
  ttlSeconds,
  rcode: kind === 'nodata' ? 0 : 3,
});
const failure = (word: string, rcode?: number) => ({
  kind: 'failure',
  failure: word,
  ...(rcode === undefined ? {} : { rcode }),
});
/** A chain that is whole, and longer than is followed. */
const TOO_LONG = { kind: 'failure', failure: 'limit', limit: reached('cname-links', 11) };
const BADRESP = failure('badresp');
const UNPROVEN = failure('unproven', 0);

test('judgeReply takes the chain of its own question, and nothing else', () => {
  const cases: [string, Partial<Message>, object][] = [
    [
      'records, least TTL',
      { answers: [...txt('a.example', 60, 'one'), ...txt('A.Example', 30, 'two')] },
      records([['one'], ['two']], 30),
    ],
    ['TTL 0', { answers: txt('a.example', 0, 'x') }, records([['x']], 0)],
    ['TTL with the high bit', { answers: txt('a.example', 0x8000_0001, 'x') }, records([['x']], 0x8000_0001)],
    [
      'a foreign owner beside',
      { answers: [...txt('evil.test', 60, 'evil'), ...txt('a.example', 60, 'x')] },
      records([['x']], 60),
    ],
    [
      'a chain in order',
      { answers: [cname('a.example', 'b.example', 20), cname('b.example', 'c.test', 90), ...txt('c.test', 60, 'x')] },
      records([['x']], 20),
    ],
    [
      'a chain out of order',
      { answers: [...txt('c.test', 60, 'x'), cname('b.example', 'C.test'), cname('a.example', 'b.example')] },
      records([['x']], 60),
    ],
    [
      'a chain beside foreign records',
      { answers: [cname('a.example', 'b.test'), ...txt('b.test', 60, 'x'), ...txt('c.test', 5, 'evil')] },
      records([['x']], 60),
    ],
    ['11 links', { answers: [...chainOf(11), ...txt('n11.example', 60, 'x')] }, records([['x']], 60)],
    ['12 links', { answers: [...chainOf(12), ...txt('n12.example', 60, 'x')] }, TOO_LONG],
    ['CNAME loop', { answers: [cname('a.example', 'b.example'), cname('b.example', 'a.example')] }, BADRESP],
    ['CNAME to itself', { answers: [cname('a.example', 'a.example')], authorities: [soa('example', 60, 60)] }, BADRESP],
    [
      'two CNAMEs that differ',
      { answers: [cname('a.example', 'b.example'), cname('a.example', 'c.example')] },
      BADRESP,
    ],
    ['records beside a CNAME', { answers: [cname('a.example', 'b.example'), ...txt('a.example', 60, 'x')] }, BADRESP],
    ['CNAME to the root', { answers: [cname('a.example', '')] }, BADRESP],
    ['records under NXDOMAIN', { rcode: 3, answers: txt('a.example', 60, 'x') }, BADRESP],
    [
      '500 records',
      { answers: txt('a.example', 60, ...Array<string>(500).fill('x')) },
      records(Array(500).fill(['x']), 60),
    ],
  ];
  for (const [what, parts, expected] of cases) {
    const answer = judge(parts);
    assert.deepEqual(strip(answer), expected, what);
  }
});

/** Without what every answer from the network has. */
const strip = (answer: ReturnType<typeof judge>): object => {
  if (answer === 'truncated') return { kind: answer };
  const { source, ...rest } = answer;
  assert.equal(source, 'network');
  if (rest.kind === 'failure') return rest;
  const { authenticated, ...facts } = rest;
  assert.equal(authenticated, false);
  return facts;
};

test('judgeReply tells NODATA, NXDOMAIN and an unfinished reply apart, and bounds negatives by the SOA', () => {
  const cases: [string, Partial<Message>, object][] = [
    ['NODATA, SOA TTL below MINIMUM', { authorities: [soa('example', 40, 900)] }, negative('nodata', 40)],
    ['NODATA, SOA TTL above MINIMUM', { authorities: [soa('example', 900, 50)] }, negative('nodata', 50)],
    ['NODATA with SOA and NS', { authorities: [ns('example'), soa('example', 900, 50)] }, negative('nodata', 50)],
    ['NODATA without an SOA', {}, negative('nodata', 0)],
    ['SOA of the root', { authorities: [soa('', 900, 70)] }, negative('nodata', 70)],
    ['NXDOMAIN', { rcode: 3, authorities: [soa('example', 60, 900)] }, negative('nxdomain', 60)],
    ['NXDOMAIN without an SOA', { rcode: 3 }, negative('nxdomain', 0)],
    [
      'CNAME to NODATA',
      { answers: [cname('a.example', 'b.test', 20)], authorities: [soa('test', 60, 60)] },
      negative('nodata', 20),
    ],
    [
      'CNAME to NXDOMAIN',
      { rcode: 3, answers: [cname('a.example', 'b.test')], authorities: [soa('test', 60, 60)] },
      negative('nxdomain', 60),
    ],
    [
      'CNAME to NXDOMAIN, SOA of the alias',
      { rcode: 3, answers: [cname('a.example', 'b.test')], authorities: [soa('example', 60, 60)] },
      negative('nxdomain', 0),
    ],
    [
      'an authoritative server with its SOA',
      { isAuthoritative: true, recursionAvailable: false, authorities: [soa('example', 60, 60)] },
      negative('nodata', 60),
    ],
    [
      'records of another type beside the SOA of the zone',
      {
        answers: [{ name: 'a.example', type: 'A', ttlSeconds: 60, data: '192.0.2.1' }],
        authorities: [soa('example', 9, 9)],
      },
      negative('nodata', 9),
    ],
  ];
  for (const [what, parts, expected] of cases) assert.deepEqual(strip(judge(parts)), expected, what);
});

test('judgeReply takes a NOERROR reply that proves no absence for a failure, never for NODATA', () => {
  // Each of these was NODATA once: a verdict of none, fail or permerror hung on a reply that says
  // nothing about its question.
  const dname: WireRecord = {
    name: 'example',
    type: 39,
    ttlSeconds: 60,
    rdata: Buffer.of(4, 0x74, 0x65, 0x73, 0x74, 0),
  };
  const cases: [string, Partial<Message>][] = [
    ['empty, from a server that does not recurse', { recursionAvailable: false }],
    ['empty, authoritative, without its SOA', { isAuthoritative: true, recursionAvailable: false }],
    ['SOA of another zone', { authorities: [soa('test', 900, 50)] }],
    ['SOA of a zone below', { authorities: [soa('b.a.example', 900, 50)] }],
    ['SOA of a name that ends alike', { authorities: [soa('x.example', 900, 50)] }],
    ['SOA in the answer section', { answers: [soa('a.example', 900, 50)] }],
    ['a foreign owner only', { answers: txt('evil.test', 60, 'evil') }],
    ['another type only', { answers: [{ name: 'a.example', type: 'A', ttlSeconds: 60, data: '192.0.2.1' }] }],
    ['an unknown type only', { answers: [{ name: 'a.example', type: 65, ttlSeconds: 60, rdata: Buffer.of(1) }] }],
    ['a DNAME only', { answers: [dname] }],
    ['a DNAME above the name, and the SOA', { answers: [dname], authorities: [soa('example', 60, 60)] }],
    ['CNAME only', { answers: [cname('a.example', 'b.test')] }],
    [
      'CNAME, and the SOA of the alias',
      { answers: [cname('a.example', 'b.test')], authorities: [soa('example', 9, 9)] },
    ],
    ['referral', { authorities: [ns('example')] }],
    ['referral behind a CNAME', { answers: [cname('a.example', 'b.test')], authorities: [ns('test')] }],
  ];
  for (const [what, parts] of cases) assert.deepEqual(strip(judge(parts)), UNPROVEN, what);
});

test('judgeReply takes records of another class only for a failure', () => {
  const bytes = encodeMessage(replyTo(queryMessage('a.example', 'TXT'), { answers: txt('a.example', 60, 'chaos') }));
  // CLASS of the answer: behind the question (15 octets of name and type and class), a pointer or
  // name, and its TYPE.
  const classAt = bytes.indexOf(Buffer.of(0, 16, 0, 1, 0, 0, 0, 60)) + 2;
  bytes.writeUInt16BE(3, classAt);
  assert.deepEqual(strip(judgeReply(bytes, { name: 'a.example', type: 'TXT' }, false)), UNPROVEN);
});

test('judgeReply makes a failure of every RCODE but NOERROR and NXDOMAIN', () => {
  const words: Record<number, string> = { 1: 'formerr', 2: 'servfail', 4: 'notimp', 5: 'refused' };
  for (let rcode = 1; rcode < 40; rcode++) {
    if (rcode === 3) continue;
    const answer = judge({ rcode, answers: txt('a.example', 60, 'x') });
    assert.deepEqual(strip(answer), failure(words[rcode] ?? 'rcode', rcode), String(rcode));
  }
});

test('judgeReply answers a question for the CNAME itself', () => {
  assert.deepEqual(
    strip(judge({ answers: [cname('a.example', 'b.test', 9)] }, 'a.example', 'CNAME')),
    records(['b.test'], 9),
  );
});

test('judgeReply says truncated before it looks at anything else', () => {
  const bytes = encodeMessage(
    replyTo(queryMessage('a.example', 'TXT'), { isTruncated: true, answers: txt('a.example', 60, 'part') }),
  );
  for (const length of [bytes.length, bytes.length - 3])
    assert.equal(judgeReply(bytes.subarray(0, length), { name: 'a.example', type: 'TXT' }, false), 'truncated');
});

test('judgeReply believes the AD bit only of a trusted server', () => {
  const parts = { authenticData: true, answers: txt('a.example', 60, 'x') };
  for (const trustsAd of [true, false]) {
    const answer = judge(parts, 'a.example', 'TXT', trustsAd);
    assert.equal(answer !== 'truncated' && answer.kind !== 'failure' && answer.authenticated, trustsAd);
    const none = judge({ authenticData: true, authorities: [soa('example', 9, 9)] }, 'a.example', 'TXT', trustsAd);
    assert.equal(none !== 'truncated' && none.kind !== 'failure' && none.authenticated, trustsAd);
  }
});

test('judgeReply hands on frozen records', () => {
  const answer = judge({ answers: txt('a.example', 60, 'x') });
  assert.ok(answer !== 'truncated' && answer.kind === 'records');
  assert.ok(Object.isFrozen(answer.records) && Object.isFrozen(answer.records[0]));
});

test('judgeReply makes a bad reply of octets that are no message', () => {
  const good = encodeMessage(replyTo(queryMessage('a.example', 'TXT'), { answers: txt('a.example', 60, 'x') }));
  assert.deepEqual(judgeReply(good.subarray(0, -1), { name: 'a.example', type: 'TXT' }, false), {
    ...BADRESP,
    source: 'network',
  });
});

test('isReplyTo accepts the question in any case, and refuses every other difference', () => {
  const query = encodeQuery('brand.example', 'TXT', 1232);
  const good = encodeMessage(replyTo(queryMessage('brand.example', 'TXT')));
  const withOctet = (at: number, octet: number) => {
    const changed = Buffer.from(good);
    changed[at] = octet;
    return changed;
  };
  const reply = (name: string, type: RecordType) => encodeMessage(replyTo(queryMessage(name, type)));
  const cases: [string, Buffer, boolean][] = [
    ['as asked', good, true],
    ['upper case', reply('BRAND.exAmple', 'TXT'), true],
    ['a query', withOctet(2, 0x01), false],
    ['opcode 1', withOctet(2, 0x89), false],
    ['no question', withOctet(5, 0), false],
    ['two questions', withOctet(5, 2), false],
    ['another name', reply('brand.exampla', 'TXT'), false],
    ['a shorter name', reply('brand', 'TXT'), false],
    ['a longer name', reply('brand.example.test', 'TXT'), false],
    ['the dot elsewhere', reply('bran.dexample', 'TXT'), false],
    ['another type', reply('brand.example', 'A'), false],
    ['another class', withOctet(12 + 15 + 3, 3), false],
    ['@ for `', reply('brand.ex`mple', 'TXT'), false],
    ['header only', good.subarray(0, 12), false],
    ['cut in the question', good.subarray(0, 20), false],
    ['nothing', Buffer.alloc(0), false],
  ];
  for (const [what, bytes, expected] of cases) assert.equal(isReplyTo(bytes, query), expected, what);
  assert.equal(isReplyTo(replyFor('[', 'TXT'), encodeQuery('{', 'TXT', null)), false);
});

/** Names that differ in bit 0x20 only, and are no letters. */
const replyFor = (name: string, type: RecordType) =>
  encodeMessage(replyTo(queryMessage(name, type), { answers: [record({ name, type: 'A', data: '192.0.2.1' })] }));
