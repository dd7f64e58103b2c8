import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkHost } from '../../src/spf/check-host.ts';
import { type MemoryZone, memoryLookup, type ZoneName } from './memory-zone.ts';

type CheckHostOptions = Parameters<typeof checkHost>[1];
type CheckHostInput = Parameters<typeof checkHost>[0];

const IP = '192.0.2.1';
const IP6 = '2001:db8::1';

const check = (zone: MemoryZone, input: Partial<CheckHostInput> = {}, parts: Partial<CheckHostOptions> = {}) =>
  checkHost(
    { ip: IP, domain: 'a.example', sender: 'user@a.example', helo: 'mail.a.example', receiver: 'mx.example', ...input },
    { lookup: memoryLookup(zone), deadlineMs: Number.POSITIVE_INFINITY, epochSeconds: 0, ...parts },
  );

/** A zone whose a.example publishes a record, with other names beside it. */
const publishing = (record: string, more: MemoryZone = {}): MemoryZone => ({
  ...more,
  'a.example': { ...more['a.example'], TXT: [record] },
});

type Row = readonly [what: string, zone: MemoryZone, result: string, input?: Partial<CheckHostInput>];

const table = (rows: readonly Row[]): void => {
  for (const [what, zone, result, input] of rows) {
    it(what, async () => {
      const checked = await check(zone, input);
      assert.equal(checked.result, result, checked.reason);
      assert.equal(checked.trace.result, result);
    });
  }
};

const NONE: ZoneName = { TXT: ['v=spf1 ?all'] };

describe('checkHost judges the identity (RFC 7208 section 4.3)', () => {
  table([
    ['a label of 64 characters', {}, 'none', { domain: `${'a'.repeat(64)}.example` }],
    ['an empty label', {}, 'none', { domain: 'a..example' }],
    ['one label', { localhost: NONE }, 'none', { domain: 'localhost' }],
    ['an address literal', {}, 'none', { domain: '[192.0.2.1]' }],
    ['an address', {}, 'none', { domain: '192.0.2.1' }],
    ['no domain', {}, 'none', { domain: '' }],
    ['no address of the client', publishing('v=spf1 all'), 'none', { ip: 'unknown' }],
    ['a last dot', publishing('v=spf1 -all'), 'fail', { domain: 'A.EXAMPLE.' }],
    ['an underscore', { '_x.a.example': NONE }, 'neutral', { domain: '_x.a.example' }],
    ['U-labels (RFC 8616)', { 'xn--bcher-kva.example': NONE }, 'neutral', { domain: 'Bücher.example' }],
  ]);
});

describe('checkHost finds the record (RFC 7208 sections 4.4 and 4.5)', () => {
  table([
    ['NXDOMAIN', {}, 'none'],
    ['NODATA', { 'a.example': { A: [IP] } }, 'none'],
    ['other TXT records only', { 'a.example': { TXT: ['v=spf10', 'v=DMARC1'] } }, 'none'],
    ['one beside others', { 'a.example': { TXT: ['x', 'v=spf1 ?all'] } }, 'neutral'],
    ['two', { 'a.example': { TXT: ['v=spf1 all', 'v=spf1 all'] } }, 'permerror'],
    ['character-strings joined', { 'a.example': { TXT: [['v=spf1 -a', 'll']] } }, 'fail'],
    ['a timeout', { 'a.example': { ERROR: { TXT: 'TIMEOUT' } } }, 'temperror'],
    ['a failure', { 'a.example': { ERROR: { TXT: 'SERVFAIL' } } }, 'temperror'],
    ['an alias', { 'a.example': { CNAME: 'b.example' }, 'b.example': NONE }, 'neutral'],
  ]);
});

describe('checkHost evaluates terms (RFC 7208 sections 4.6, 4.7, 5 and 6.1)', () => {
  const addresses = { 'h.example': { A: ['192.0.2.9', IP], AAAA: [IP6] } };
  const mail = { ...addresses, 'a.example': { MX: [{ priority: 10, exchange: 'h.example' }] } };
  const reverse = { ...addresses, '1.2.0.192.in-addr.arpa': { PTR: ['x.example', 'h.example'] } };
  table([
    ['a syntax error anywhere', publishing('v=spf1 all foo'), 'permerror'],
    ['no match and no redirect', publishing('v=spf1 ip4:10.0.0.0/8'), 'neutral'],
    ['the empty record', publishing('v=spf1'), 'neutral'],
    ['qualifier -', publishing('v=spf1 -ip4:192.0.2.0/24 all'), 'fail'],
    ['qualifier ~', publishing('v=spf1 ~ip4:192.0.2.0/24 all'), 'softfail'],
    ['qualifier ?', publishing('v=spf1 ?ip4:192.0.2.0/24 all'), 'neutral'],
    ['qualifier +', publishing('v=spf1 +ip4:192.0.2.0/24 -all'), 'pass'],
    ['ip6 against an IPv4 client', publishing('v=spf1 ip6:::/0 -all'), 'fail'],
    ['ip4 against an IPv4-mapped client', publishing('v=spf1 ip4:192.0.2.1 -all'), 'pass', { ip: `::ffff:${IP}` }],
    ['a', publishing('v=spf1 a:h.example -all', addresses), 'pass'],
    ['a for an IPv6 client', publishing('v=spf1 a:h.example -all', addresses), 'pass', { ip: IP6 }],
    ['a with a prefix length', publishing('v=spf1 a:h.example/28 -all', addresses), 'pass', { ip: '192.0.2.7' }],
    ['a without an address', publishing('v=spf1 a -all'), 'fail'],
    ['a that fails', publishing('v=spf1 a:f.example -all', { 'f.example': { ERROR: { A: 'TIMEOUT' } } }), 'temperror'],
    ['mx', publishing('v=spf1 mx -all', mail), 'pass'],
    [
      'mx that is null (RFC 7505)',
      publishing('v=spf1 mx -all', { 'a.example': { MX: [{ priority: 0, exchange: '' }] } }),
      'fail',
    ],
    ['mx does not fall back to A', publishing('v=spf1 mx -all', { 'a.example': { A: [IP] } }), 'fail'],
    ['ptr', publishing('v=spf1 ptr:h.example -all', reverse), 'pass'],
    ['ptr of a name that does not lead back', publishing('v=spf1 ptr:x.example -all', reverse), 'fail'],
    [
      'ptr whose question fails',
      publishing('v=spf1 ptr -all', { '1.2.0.192.in-addr.arpa': { ERROR: { PTR: 'TIMEOUT' } } }),
      'fail',
    ],
    [
      'exists',
      publishing('v=spf1 exists:%{ir}.l.example -all', { '1.2.0.192.l.example': { A: ['127.0.0.2'] } }),
      'pass',
    ],
    [
      'exists asks A for an IPv6 client too',
      publishing('v=spf1 exists:h.example -all', { 'h.example': { A: [IP] } }),
      'pass',
      { ip: IP6 },
    ],
    ['include: pass', publishing('v=spf1 include:b.example -all', { 'b.example': { TXT: ['v=spf1 all'] } }), 'pass'],
    [
      'include: fail',
      publishing('v=spf1 include:b.example ~all', { 'b.example': { TXT: ['v=spf1 -all'] } }),
      'softfail',
    ],
    [
      'include: softfail',
      publishing('v=spf1 include:b.example -all', { 'b.example': { TXT: ['v=spf1 ~all'] } }),
      'fail',
    ],
    ['include: neutral', publishing('v=spf1 include:b.example -all', { 'b.example': NONE }), 'fail'],
    ['include: none', publishing('v=spf1 include:b.example -all'), 'permerror'],
    [
      'include: permerror',
      publishing('v=spf1 include:b.example -all', { 'b.example': { TXT: ['v=spf1 foo'] } }),
      'permerror',
    ],
    [
      'include: temperror',
      publishing('v=spf1 include:b.example -all', { 'b.example': { ERROR: { TXT: 'TIMEOUT' } } }),
      'temperror',
    ],
    ['include of a name that DNS cannot carry', publishing('v=spf1 include:b..example -all'), 'permerror'],
    ['redirect', publishing('v=spf1 redirect=b.example', { 'b.example': { TXT: ['v=spf1 -all'] } }), 'fail'],
    ['redirect beside all', publishing('v=spf1 redirect=b.example ?all'), 'neutral'],
    ['redirect to nothing', publishing('v=spf1 redirect=b.example'), 'permerror'],
    ['redirect in front of a match', publishing('v=spf1 redirect=b.example ip4:192.0.2.1'), 'pass'],
    [
      '%{L} of a local-part that is not ASCII (RFC 8616)',
      publishing('v=spf1 exists:%{L}.l.example -all', { 'j%c3%b6rg.l.example': { A: [IP] } }),
      'fail',
      { sender: 'jörg@a.example' },
    ],
    [
      '%{o} of U-labels',
      publishing('v=spf1 exists:%{o} -all', { 'xn--bcher-kva.example': { A: [IP] } }),
      'pass',
      { sender: 'x@bücher.example' },
    ],
    ['a name that DNS cannot carry matches nothing', publishing('v=spf1 a:b..example ~all'), 'softfail'],
  ]);

  it('tells the deciding term and the record that holds it', async () => {
    const checked = await check(publishing('v=spf1 redirect=b.example', { 'b.example': { TXT: ['v=spf1 a ~all'] } }));
    assert.deepEqual(checked.matched, { term: '~all', domain: 'b.example' });
    assert.equal(checked.record, 'v=spf1 redirect=b.example');
    assert.equal(checked.reason, '192.0.2.1 is probably not permitted by "~all" in the SPF record of b.example');
  });
  it('tells the character at which a record is wrong', async () => {
    const { reason } = await check(publishing('v=spf1 mx a/33'));
    assert.equal(reason, 'the SPF record of a.example is wrong at character 13: prefix length "33" is over 32');
  });
});

describe('checkHost keeps the limits of RFC 7208 section 4.6.4', () => {
  const hosts = Object.fromEntries(
    Array.from({ length: 12 }, (_, index) => [`h${index}.example`, { A: ['10.0.0.1'] }]),
  );
  const terms = (count: number) => Array.from({ length: count }, (_, index) => `a:h${index}.example`).join(' ');
  const exchanges = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ priority: index, exchange: `h${index}.example` }));
  const names = (count: number, last: string) => [
    ...Array.from({ length: count - 1 }, (_, index) => `h${index}.example`),
    last,
  ];
  const back = { 'a.example': { A: [IP] } };
  table([
    ['10 lookups', publishing(`v=spf1 ${terms(10)} all`, hosts), 'pass'],
    ['11 lookups', publishing(`v=spf1 ${terms(11)} all`, hosts), 'permerror'],
    [
      '11 lookups of which the last is not needed',
      publishing(`v=spf1 ${terms(10)} ip4:192.0.2.1 a:h10.example`, hosts),
      'pass',
    ],
    ['%{p} counts', publishing(`v=spf1 ${terms(9)} exists:%{p}.x.example all`, hosts), 'permerror'],
    ['2 voids', publishing('v=spf1 a:x.example mx:y.example all'), 'pass'],
    ['3 voids', publishing('v=spf1 a:x.example mx:y.example exists:z.example all'), 'permerror'],
    [
      'voids of one family',
      publishing('v=spf1 a:h1.example a:h2.example a:h3.example all', hosts),
      'permerror',
      { ip: IP6 },
    ],
    [
      'MX hosts without an address are no voids',
      publishing('v=spf1 mx ~all', {
        'a.example': { MX: ['p', 'q', 'r'].map((host) => ({ priority: 1, exchange: `${host}.example` })) },
      }),
      'softfail',
    ],
    ['10 MX hosts', publishing('v=spf1 mx ~all', { ...hosts, 'a.example': { MX: exchanges(10) } }), 'softfail'],
    ['11 MX hosts', publishing('v=spf1 mx ~all', { ...hosts, 'a.example': { MX: exchanges(11) } }), 'permerror'],
    [
      'the tenth PTR name',
      publishing('v=spf1 ptr ~all', { ...hosts, ...back, '1.2.0.192.in-addr.arpa': { PTR: names(10, 'a.example') } }),
      'pass',
    ],
    [
      'the eleventh PTR name is ignored',
      publishing('v=spf1 ptr ~all', { ...hosts, ...back, '1.2.0.192.in-addr.arpa': { PTR: names(11, 'a.example') } }),
      'softfail',
    ],
    ['an include of itself', publishing('v=spf1 include:a.example -all'), 'permerror'],
    ['a redirect to itself', publishing('v=spf1 redirect=a.example'), 'permerror'],
  ]);

  it('counts what was used, and tells the term at which a limit was passed', async () => {
    const checked = await check(publishing(`v=spf1 ${terms(11)} all`, hosts));
    assert.deepEqual(
      [checked.lookups, checked.voids],
      [
        { used: 11, limit: 10 },
        { used: 0, limit: 2 },
      ],
    );
    assert.deepEqual(
      checked.trace.terms
        .filter(({ limit }) => limit !== undefined)
        .map(({ text, limit, decided }) => [text, limit, decided]),
      [['a:h10.example', 'lookups', true]],
    );
  });
  it('counts lookups across includes', async () => {
    const zone = publishing('v=spf1 include:b.example a ~all', {
      ...hosts,
      'a.example': { A: ['10.0.0.1'] },
      'b.example': { TXT: [`v=spf1 ${terms(3)} -all`] },
    });
    const checked = await check(zone);
    assert.equal(checked.result, 'softfail');
    assert.equal(checked.lookups.used, 5);
    assert.deepEqual(
      checked.trace.terms.map(({ lookups }) => lookups),
      [1, 1, 0],
    );
  });
  it('says which term was void', async () => {
    const checked = await check(publishing('v=spf1 a:x.example a:h1.example ~all', hosts));
    assert.equal(checked.voids.used, 1);
    assert.deepEqual(
      checked.trace.terms.map(({ voids }) => voids),
      [1, 0, 0],
    );
    assert.deepEqual(
      checked.trace.terms[0]?.answers.map(({ outcome, void: counted }) => [outcome, counted]),
      [['nxdomain', true]],
    );
  });
  it('asks nothing after its deadline, and is temperror then', async () => {
    const asked: string[] = [];
    let clock = 0;
    const zone = publishing('v=spf1 a:h1.example a:h2.example -all', hosts);
    const checked = await check(
      zone,
      {},
      {
        lookup: async (question, deadline) => {
          clock += 60;
          return memoryLookup(zone, asked)(question, deadline);
        },
        deadlineMs: 100,
        monotonicMs: () => clock,
      },
    );
    assert.equal(checked.result, 'temperror');
    assert.deepEqual(asked, ['TXT a.example', 'A h1.example']);
    assert.equal(checked.trace.terms[1]?.limit, 'time');
  });
  it('asks each question once', async () => {
    const asked: string[] = [];
    const zone = publishing('v=spf1 a:H1.example a:h1.example. include:b.example -all', {
      ...hosts,
      'b.example': { TXT: ['v=spf1 a:h1.example -all'] },
    });
    await check(zone, {}, { lookup: memoryLookup(zone, asked) });
    assert.deepEqual(asked, ['TXT a.example', 'A H1.example', 'TXT b.example']);
  });
});

describe('checkHost explains a fail (RFC 7208 section 6.2)', () => {
  const explained = (text: string, record = 'v=spf1 -all exp=e.example') =>
    publishing(record, { 'e.example': { TXT: [text] } });
  const rows: readonly (readonly [string, MemoryZone, string | null, Partial<CheckHostInput>?])[] = [
    [
      'macros of the text',
      explained('%{i} may not send for %{d}, see http://%{r}/?s=%{S}'),
      '192.0.2.1 may not send for a.example, see http://mx.example/?s=user%40a.example',
    ],
    ['the postmaster where there is no local-part', explained('%{l}'), 'postmaster', { sender: '@a.example' }],
    ['no text', publishing('v=spf1 -all exp=e.example'), null],
    [
      'a question that fails',
      publishing('v=spf1 -all exp=e.example', { 'e.example': { ERROR: { TXT: 'TIMEOUT' } } }),
      null,
    ],
    ['two texts', publishing('v=spf1 -all exp=e.example', { 'e.example': { TXT: ['a', 'b'] } }), null],
    ['a text with a fault', explained('100%'), null],
    ['a text that is not ASCII', explained('caf\xe9'), null],
    ['a text with a control character', explained('a\tb'), null],
    ['a local-part that is not ASCII', explained('%{l}'), null, { sender: 'jörg@a.example' }],
    ['a softfail', explained('text', 'v=spf1 ~all exp=e.example'), null],
    [
      'an include',
      publishing('v=spf1 include:b.example ?all', {
        'b.example': { TXT: ['v=spf1 -all exp=e.example'] },
        'e.example': { TXT: ['no'] },
      }),
      null,
    ],
    [
      'the target of a redirect, not the record that redirects',
      publishing('v=spf1 redirect=b.example exp=e.example', {
        'b.example': { TXT: ['v=spf1 -all exp=f.b.example'] },
        'e.example': { TXT: ['no'] },
        'f.b.example': { TXT: ['%{d}'] },
      }),
      'b.example',
    ],
  ];
  for (const [what, zone, explanation, input] of rows) {
    it(what, async () => assert.equal((await check(zone, input)).explanation, explanation));
  }
  it('is cut after 500 characters', async () => {
    assert.equal((await check(explained('%{s} '.repeat(1000)))).explanation?.length, 500);
  });
  it('counts neither as lookup nor as void', async () => {
    const checked = await check(publishing('v=spf1 -all exp=%{p}.e.example'));
    assert.deepEqual([checked.lookups.used, checked.voids.used], [0, 0]);
  });
});
