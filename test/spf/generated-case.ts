/**
 * Generated clients, records and zones for SPF: the same seed gives the same case. Reaches every
 * mechanism and modifier, macros, prefix lengths, voids, limits, loops, DNS failures, syntax
 * errors, explanations and odd identities.
 */
import type { checkHost } from '../../src/spf/check-host.ts';
import type { MemoryZone, ZoneName } from './memory-zone.ts';

type CheckHostInput = Parameters<typeof checkHost>[0];

/** One client with the DNS it meets. */
export type GeneratedCase = { readonly seed: number; readonly input: CheckHostInput; readonly zone: MemoryZone };

/** A generator of numbers from 0 up to 1, the same for the same seed (mulberry32). */
const numbersFrom = (seed: number) => {
  let state = seed >>> 0;
  return (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
};

const DOMAINS = ['a.example', 'b.example', 'c.example', 'd.example', 'sub.a.example', 'long.name.sub.b.example'];
const HOSTS = [
  'host1.example',
  'host2.a.example',
  'v4.example',
  'v6.example',
  'both.example',
  'gone.example',
  'failing.example',
];
const CLIENTS = ['192.0.2.1', '192.0.2.77', '203.0.113.9', '2001:db8::1', '2001:db8:1::99', '::ffff:192.0.2.1'];
const ADDRESSES4 = ['192.0.2.1', '192.0.2.77', '192.0.2.200', '203.0.113.9', '198.51.100.3'];
const ADDRESSES6 = ['2001:db8::1', '2001:db8::ffff', '2001:db8:1::99', 'fe80::1'];
const SENDERS = ['user', 'first.last', 'list-owner+tag', 'a=b', '"quoted @ user"', 'strong-bad', 'postmäster'];
const HELOS = ['mail.a.example', 'host1.example', 'localhost', '[192.0.2.1]', 'MAIL.B.EXAMPLE', 'bad helo'];
const MACROS = [
  '%{d}',
  '%{d2}',
  '%{o}',
  '%{h}',
  '%{l}.a.example',
  '%{ir}.list.example',
  '%{i}.%{v}.list.example',
  '%{l-}.b.example',
  '%{s}.c.example',
];
const MORE_MACROS = [
  '%{p}',
  '%{p2}.list.example',
  '%{lr-+}.a.example',
  '%{D}',
  '%{dr}.list.example',
  '%{d1}',
  '%{S}.c.example',
  'x%%y%_z%-.a.example',
];
const BROKEN = [
  'foo',
  'a:',
  'a/33',
  'ip4:1.2.3',
  'ip4:192.0.2.1/08',
  'all.',
  'include',
  'exists:%{z}.a.example',
  'exists:%{c}.a.example',
  'redirect:a.example',
  'a:x',
  'ip6:::1/129',
  'mx:%',
  'exp=',
  '1=2',
  'ptr/8',
  'ip6:192.0.2.1',
];
const TEXTS = [
  'not allowed',
  'see http://%{o}/why?s=%{S}&ip=%{i}',
  '%{c} is not %{d} at %{t1}'.replace('%{t1}', '%{r}'),
  'broken %',
  '%{p} from %{h}',
  'caf\xe9',
  '%{l} %{lr-}',
];

/** Makes the case of a seed. */
export const generateCase = (seed: number): GeneratedCase => {
  const next = numbersFrom(seed);
  const chance = (odds: number) => next() < odds;
  const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(next() * items.length)] as Item;
  const some = <Item>(items: readonly Item[], most: number): Item[] =>
    Array.from({ length: Math.floor(next() * (most + 1)) }, () => pick(items));

  const name = (): string => {
    if (chance(0.45)) return pick(DOMAINS);
    if (chance(0.5)) return pick(HOSTS);
    if (chance(0.7)) return pick(MACROS);
    if (chance(0.6)) return pick(MORE_MACROS);
    return pick([
      'missing.example',
      'x..example',
      `${'l'.repeat(64)}.example`,
      'a.example.',
      `${'deep.'.repeat(60)}a.example`,
    ]);
  };
  const cidr = () =>
    chance(0.6) ? '' : `${pick(['', '/0', '/8', '/24', '/32'])}${pick(['', '//0', '//32', '//64', '//128'])}`;
  const target = () => (chance(0.3) ? '' : `:${name()}`);

  const term = (): string => {
    const qualifier = pick(['', '', '', '+', '-', '~', '?']);
    switch (Math.floor(next() * 14)) {
      case 0:
      case 1:
        return `${qualifier}a${target()}${cidr()}`;
      case 2:
      case 3:
        return `${qualifier}mx${target()}${cidr()}`;
      case 4:
        return `${qualifier}ip4:${pick(ADDRESSES4)}${pick(['', '/24', '/0', '/31'])}`;
      case 5:
        return `${qualifier}ip6:${pick(ADDRESSES6)}${pick(['', '/64', '/0', '/33'])}`;
      case 6:
      case 7:
      case 8:
        return `${qualifier}include:${chance(0.8) ? pick(DOMAINS) : name()}`;
      case 9:
      case 10:
        return `${qualifier}exists:${name()}`;
      case 11:
        return `${qualifier}ptr${target()}`;
      case 12:
        return pick(['-all', '~all', '?all', '+all', 'ALL']);
      default:
        return pick([
          'unknown=%{d}',
          'x-y.z_1=',
          `redirect=${name()}`,
          `exp=text${Math.floor(next() * 3)}.example`,
          'exp=%{l}.example',
        ]);
    }
  };

  const record = (): string => {
    const terms = some([0], 7).map(term);
    if (chance(0.05)) terms.push(pick(BROKEN));
    if (chance(0.06)) terms.unshift(...Array.from({ length: 3 + Math.floor(next() * 10) }, () => `a:${pick(HOSTS)}`));
    if (chance(0.4)) terms.push(pick(['-all', '~all']));
    if (chance(0.25)) terms.push(`redirect=${chance(0.8) ? pick(DOMAINS) : name()}`);
    if (chance(0.3)) terms.push(`exp=text${Math.floor(next() * 3)}.example`);
    const text = [pick(['v=spf1', 'v=spf1', 'V=SPF1']), ...terms].join(pick([' ', ' ', ' ', '  ']));
    if (chance(0.9)) return text;
    const at = Math.floor(next() * text.length);
    return `${text.slice(0, at)}${pick([...'%{}/:=.-+~ x90\xe9\t'])}${text.slice(at + (chance(0.5) ? 1 : 0))}`;
  };

  const zone: Record<string, ZoneName> = { '_x.a.example': { TXT: ['v=spf1 a:both.example ~all'] } };
  const addresses = () => ({
    ...(chance(0.7) ? { A: some(ADDRESSES4, 3) } : {}),
    ...(chance(0.6) ? { AAAA: some(ADDRESSES6, 3) } : {}),
  });
  const failure = () => pick(['TIMEOUT', 'SERVFAIL'] as const);
  const mx = () =>
    Array.from({ length: chance(0.1) ? 12 : Math.floor(next() * 4) }, (_, priority) => ({
      priority,
      exchange: chance(0.05) ? '' : pick([...HOSTS, 'mxonly']),
    }));
  for (const domain of DOMAINS) {
    if (chance(0.04)) continue;
    zone[domain] = {
      ...(chance(0.95)
        ? { TXT: [...(chance(0.2) ? ['other text'] : []), record(), ...(chance(0.02) ? [record()] : [])] }
        : {}),
      ...addresses(),
      ...(chance(0.7) ? { MX: mx() } : {}),
      ...(chance(0.03) ? { ERROR: { [pick(['TXT', 'A', 'MX', '*'])]: failure() } } : {}),
    };
  }
  for (const host of HOSTS) if (host !== 'gone.example') zone[host] = addresses();
  zone['v4.example'] = { A: [pick(ADDRESSES4)] };
  zone['v6.example'] = { AAAA: [pick(ADDRESSES6)] };
  zone['failing.example'] = chance(0.3) ? { ERROR: { '*': failure() } } : { A: ['192.0.2.1'], AAAA: ['2001:db8::1'] };
  if (chance(0.3)) zone.localhost = { A: ['127.0.0.1'] };
  for (const list of [
    'user.a.example',
    '1.2.0.192.list.example',
    'owner.list-owner.b.example',
    'mail.list.example',
    'b.a.example',
  ]) {
    if (chance(0.5)) zone[list] = { A: ['127.0.0.2'] };
  }
  for (const index of [0, 1, 2])
    if (chance(0.8)) zone[`text${index}.example`] = { TXT: [pick(TEXTS), ...(chance(0.1) ? ['second'] : [])] };
  const pointers = () =>
    chance(0.15) ? { ERROR: { PTR: failure() } } : { PTR: some([...HOSTS, ...DOMAINS], chance(0.1) ? 14 : 3) };
  zone['1.2.0.192.in-addr.arpa'] = pointers();
  if (chance(0.7)) zone['77.2.0.192.in-addr.arpa'] = pointers();
  zone[`1.${'0.'.repeat(23)}8.b.d.0.1.0.0.2.ip6.arpa`] = pointers();

  const domain = chance(0.97)
    ? pick(DOMAINS)
    : pick(['missing.example', 'x', '[192.0.2.1]', 'a..example', '_x.a.example', 'a.example.']);
  const input = {
    ip: pick(CLIENTS),
    domain,
    sender: `${pick(SENDERS)}@${domain}`,
    helo: pick(HELOS),
    receiver: 'mx.receiver.example',
  };
  return { seed, input, zone };
};
