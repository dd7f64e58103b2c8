import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatIp } from '../../src/ip/address.ts';
import { isSpfRecord, MAX_TERMS_OF_FAULT, parseSpf, type SpfTerm, selectSpf } from '../../src/records/spf.ts';

const termsOf = (text: string): readonly SpfTerm[] => {
  const record = parseSpf(text);
  assert.equal(record.kind, 'record', record.kind === 'fault' ? record.fault.reason : '');
  return record.kind === 'record' ? record.terms : [];
};

const outline = (term: SpfTerm): string => {
  switch (term.kind) {
    case 'modifier':
      return `${term.name}=${term.domain.text}`;
    case 'unknown-modifier':
      return `unknown ${term.name}=${term.value}`;
    case 'mechanism':
      break;
    default:
      throw term satisfies never;
  }
  switch (term.name) {
    case 'all':
      return `${term.qualifier}all`;
    case 'include':
    case 'exists':
      return `${term.qualifier}${term.name}:${term.domain.text}`;
    case 'ptr':
      return `${term.qualifier}ptr:${term.domain?.text ?? 'here'}`;
    case 'a':
    case 'mx':
      return `${term.qualifier}${term.name}:${term.domain?.text ?? 'here'} ${term.ip4PrefixLength} ${term.ip6PrefixLength}`;
    case 'ip4':
    case 'ip6':
      return `${term.qualifier}${term.name}:${formatIp(term.network)} ${term.prefixLength}`;
    default:
      throw term satisfies never;
  }
};

describe('parseSpf reads terms of RFC 7208 section 12', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['all', '+all'],
    ['-ALL', '-all'],
    ['~all', '~all'],
    ['?all', '?all'],
    ['a', '+a:here 32 128'],
    ['a/24', '+a:here 24 128'],
    ['a//64', '+a:here 32 64'],
    ['a/0//0', '+a:here 0 0'],
    ['MX:Mail.Example.com/24//64', '+mx:Mail.Example.com 24 64'],
    ['mx:example.com.', '+mx:example.com. 32 128'],
    ['a:x/24.example.com', '+a:x/24.example.com 32 128'],
    ['a:%{d2/}', '+a:%{d2/} 32 128'],
    ['a:%{i}/16', '+a:%{i} 16 128'],
    ['ptr', '+ptr:here'],
    ['-ptr:example.com', '-ptr:example.com'],
    ['include:_spf.example.com', '+include:_spf.example.com'],
    ['include:%{d}', '+include:%{d}'],
    ['include:example.xn--p1ai', '+include:example.xn--p1ai'],
    ['include:example.4all', '+include:example.4all'],
    ['exists:%{ir}.%{l1r+-}._spf.%{d}', '+exists:%{ir}.%{l1r+-}._spf.%{d}'],
    ['exists:a%%b%_c%-', '+exists:a%%b%_c%-'],
    ['ip4:192.0.2.0/24', '+ip4:192.0.2.0 24'],
    ['ip4:192.0.2.1', '+ip4:192.0.2.1 32'],
    ['ip6:2001:DB8::/32', '+ip6:2001:db8:: 32'],
    ['ip6:::1', '+ip6:::1 128'],
    ['ip6:::ffff:192.0.2.1/96', '+ip6:::ffff:192.0.2.1 96'],
    ['redirect=_spf.example.com', 'redirect=_spf.example.com'],
    ['EXP=explain.%{d}', 'exp=explain.%{d}'],
    ['moo.cow-far_out=man:dog/cat', 'unknown moo.cow-far_out=man:dog/cat'],
    ['a=', 'unknown a='],
    ['x=%{c}', 'unknown x=%{c}'],
  ];
  for (const [term, expected] of cases) {
    it(term, () => assert.deepEqual(termsOf(`v=spf1 ${term}`).map(outline), [expected]));
  }
});

describe('parseSpf tells the first fault with its position', () => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['v=spf1 all.', 7, /unknown mechanism "all\."/],
    ['v=spf1 all:x', 10, /takes no argument/],
    ['v=spf1 all/8', 10, /takes no argument/],
    ['v=spf1 foo:bar.com', 7, /unknown mechanism/],
    ['v=spf1 redirect:x.com', 7, /unknown mechanism/],
    ['v=spf1 -exp=a.com', 7, /cannot have a qualifier/],
    ['v=spf1 =x', 7, /neither a mechanism nor a modifier/],
    ['v=spf1 1a', 7, /neither a mechanism nor a modifier/],
    ['v=spf1 --all', 7, /neither a mechanism nor a modifier/],
    ['v=spf1 a:', 9, /domain name is missing/],
    ['v=spf1 a:/24', 9, /domain name is missing/],
    ['v=spf1 a/33', 9, /over 32/],
    ['v=spf1 a/', 8, /no prefix length/],
    ['v=spf1 a//129', 10, /over 128/],
    ['v=spf1 a/08', 9, /leading zero/],
    ['v=spf1 a:museum', 9, /two or more labels/],
    ['v=spf1 a:1.2.3.4', 15, /top-level label/],
    ['v=spf1 a:foo.example.-com', 21, /top-level label/],
    ['v=spf1 a:foo:8080', 9, /two or more labels/],
    ['v=spf1 ptr/24', 10, /no prefix length/],
    ['v=spf1 ptr:', 11, /missing/],
    ['v=spf1 include', 14, /needs ":"/],
    ['v=spf1 include/24', 14, /needs ":"/],
    ['v=spf1 include:', 15, /missing/],
    ['v=spf1 include:x.com/24', 17, /top-level label/],
    ['v=spf1 exists', 13, /needs ":"/],
    ['v=spf1 exists:%{c}.x.com', 16, /explanation texts only/],
    ['v=spf1 exists:%{z}.x.com', 16, /unknown macro letter "z"/],
    ['v=spf1 exists:%{d0}.x.com', 17, /keep 0 parts/],
    ['v=spf1 exists:%{d.x.com', 14, /closing/],
    ['v=spf1 exists:%{d1x}.com', 14, /malformed macro/],
    ['v=spf1 exists:%(d).com', 14, /must be followed/],
    ['v=spf1 exists:x.com%', 19, /must be followed/],
    ['v=spf1 exists:%{d}com', 18, /two or more labels/],
    ['v=spf1 ip4', 10, /needs ":"/],
    ['v=spf1 ip4:1.2.3', 11, /no IPv4 address/],
    ['v=spf1 ip4:1.2.3.04', 11, /no IPv4 address/],
    ['v=spf1 ip4:1.2.3.256', 11, /no IPv4 address/],
    ['v=spf1 ip4:1.2.3.4/33', 19, /over 32/],
    ['v=spf1 ip4:1.2.3.4//32', 19, /no prefix length/],
    ['v=spf1 ip4:1.2.3.4/', 19, /no prefix length/],
    ['v=spf1 ip6:1::2::3', 11, /no IPv6 address/],
    ['v=spf1 ip6:fe80::1%eth0', 11, /no IPv6 address/],
    ['v=spf1 ip6:::1/129', 15, /over 128/],
    ['v=spf1 ip6:192.0.2.1', 11, /no IPv6 address/],
    ['v=spf1 redirect=', 16, /missing/],
    ['v=spf1 exp=', 11, /missing/],
    ['v=spf1 exp=%{r}.x.com', 13, /explanation texts only/],
    ['v=spf1 redirect=a.com redirect=a.com', 22, /more than once/],
    ['v=spf1 exp=a.com EXP=b.com', 17, /more than once/],
    ['v=spf1 x=%', 9, /must be followed/],
    ['v=spf1 a:\xef\xbb\xbfx.com', 9, /not allowed here/],
    ['v=spf1 a\tmx', 7, /neither/],
    ['v=spf1 a:x.com\rptr -all', 14, /not allowed here/],
  ];
  for (const [text, offset, reason] of cases) {
    it(JSON.stringify(text), () => {
      const record = parseSpf(text);
      assert.equal(record.kind, 'fault');
      if (record.kind !== 'fault') return;
      assert.match(record.fault.reason, reason);
      assert.equal(record.fault.offset, offset);
    });
  }

  it('keeps the terms beside the faulty one, in order', () => {
    const record = parseSpf('v=spf1 mx  foo:bar -all ');
    assert.deepEqual(
      record.terms.map((term) => [term.kind, term.text, term.offset]),
      [
        ['mechanism', 'mx', 7],
        ['unreadable', 'foo:bar', 11],
        ['mechanism', '-all', 19],
      ],
    );
  });
});

describe('selectSpf counts the SPF records of a name (RFC 7208 section 4.5)', () => {
  it('takes the version in any case, and nothing but a space or the end after it', () => {
    assert.deepEqual(
      ['v=spf1', 'V=SPF1 all', 'v=spf1\tall', 'v=spf10', ' v=spf1', 'v=spf1-all', 'v=spf1 '].filter(isSpfRecord),
      ['v=spf1', 'V=SPF1 all', 'v=spf1 '],
    );
  });
  it('tells none, one and several apart', () => {
    assert.deepEqual(selectSpf(['other']), { kind: 'none' });
    assert.deepEqual(selectSpf(['other', 'v=spf1 a']), { kind: 'one', text: 'v=spf1 a' });
    assert.deepEqual(selectSpf(['v=spf1 a', 'v=spf1 a']), { kind: 'several', texts: ['v=spf1 a', 'v=spf1 a'] });
  });
});

it('parseSpf shows a bounded number of terms of a faulty record, and its first fault wherever it stands', () => {
  const faulty = parseSpf(`v=spf1 ${'ip4:x '.repeat(MAX_TERMS_OF_FAULT + 1)}`);
  assert.equal(faulty.kind, 'fault');
  if (faulty.kind === 'fault') assert.equal(faulty.terms.length, MAX_TERMS_OF_FAULT);
  const late = parseSpf(`v=spf1 ${'a '.repeat(MAX_TERMS_OF_FAULT + 1)}ip4:x`);
  assert.equal(late.kind, 'fault');
  if (late.kind === 'fault') assert.equal(late.terms.length, MAX_TERMS_OF_FAULT + 2);
});
