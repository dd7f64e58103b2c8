/**
 * Bodies of From: made by the grammar of RFC 5322 sections 3.4 and 4.4, then changed at random. The
 * same seed gives the same bodies. Never holds a LF but in a fold, which would begin another field.
 */

/** A source of numbers from 0 to 1, repeatable. */
export type Random = () => number;

/** Mulberry32, a small generator that is good enough to choose with. */
export const randomFrom = (seed: number): Random => {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

const DOMAINS = [
  'bank.example',
  'evil.example',
  'mail.bank.example',
  'Bank.Example',
  'bücher.example',
  'xn--bcher-kva.example',
];
const LITERALS = ['[192.0.2.1]', '[IPv6:2001:db8::1]', '[ 192.0.2.1 ]', '[a@bank.example]'];
const ATOMS = [
  'ceo',
  'x',
  'a+b',
  'info',
  'j',
  'José',
  "o'neil",
  '{a}',
  '=?utf-8?q?ceo=40bank.example?=',
  '=?utf-8?b?Y2VvQGJhbmsuZXhhbXBsZQ==?=',
];
const QUOTED = [
  '"ceo"',
  '"a b"',
  '"ceo@bank.example"',
  '"x@evil.example>"',
  '"a\\"b"',
  '""',
  '"<ceo@bank.example>"',
  '"Bank, CEO"',
  '"\\\\"',
  '"a:b;c"',
];
const COMMENTS = [
  '(x)',
  '()',
  '(ceo@bank.example)',
  '(a (b) c)',
  '(<x@evil.example>)',
  '(\\))',
  '(a, b)',
  '(=?utf-8?q?ceo=40bank.example?=)',
];
const SPACES = [' ', '  ', '\t', '\r\n ', ' \r\n\t'];
const NOISE = [
  '<',
  '>',
  '(',
  ')',
  '[',
  ']',
  ':',
  ';',
  '@',
  '\\',
  ',',
  '.',
  '"',
  ' ',
  '\r',
  '\0',
  '\x01',
  '\x1b',
  '\x7f',
  'é',
  '\u00a0',
  '\u2028',
  '＠',
  '．',
  '%',
  '!',
  '=?utf-8?q?=2C?=',
  '=?',
  '?=',
  '\r\n ',
  'x@evil.example',
  '<x@evil.example>',
  'ceo@bank.example',
  '<ceo@bank.example>',
  '"',
  "'",
  '\ud800',
];

/** Makes bodies. @param mutates false: bodies that keep to the grammar only */
export const bodiesFrom = (random: Random, mutates = true): (() => Buffer) => {
  const pick = <One>(list: readonly One[]): One => list[Math.floor(random() * list.length)] as One;
  const chance = (share: number): boolean => random() < share;
  const times = (most: number): number => Math.floor(random() * (most + 1));
  const repeated = (make: () => string, count: number, between: string): string =>
    Array.from({ length: count }, make).join(between);

  const space = (share: number): string => (chance(share) ? pick(SPACES) : '');
  const cfws = (share: number): string =>
    chance(share) ? `${space(0.4)}${chance(0.6) ? pick(COMMENTS) : ''}${space(0.4)}` : '';
  const domain = (): string => {
    if (chance(0.03)) return pick(LITERALS);
    const name = pick(DOMAINS);
    // obs-domain: white space and comments around the dots.
    return chance(0.1) ? name.split('.').join(`${cfws(0.5)}.${cfws(0.5)}`) : name;
  };
  const localPart = (): string => {
    if (chance(0.12)) return pick(QUOTED);
    const words = repeated(
      () => (chance(0.05) ? pick(QUOTED) : pick(ATOMS.slice(0, chance(0.9) ? 8 : 10))),
      1 + times(1),
      '.',
    );
    return chance(0.05) ? words.split('.').join(`${cfws(0.5)}.${cfws(0.5)}`) : words;
  };
  const addrSpec = (): string => `${localPart()}${cfws(0.05)}@${cfws(0.05)}${domain()}`;
  const route = (): string => `${repeated(() => `@${pick(DOMAINS)}`, 1 + times(1), ',')}:`;
  const word = (): string =>
    chance(0.3) ? pick(QUOTED) : pick([...ATOMS, 'Q.', 'Bank', 'of', '=?utf-8?q?J=C3=BCrgen?=']);
  const phrase = (): string => repeated(word, 1 + times(2), pick(SPACES));
  const mailbox = (): string => {
    if (chance(0.35)) return `${cfws(0.2)}${addrSpec()}${cfws(0.25)}`;
    const name = chance(0.8) ? `${phrase()}${pick(['', ' ', ' ', ' ', '\r\n '])}` : '';
    return `${cfws(0.1)}${name}${cfws(0.1)}<${chance(0.04) ? route() : ''}${cfws(0.04)}${addrSpec()}${cfws(0.06)}>${cfws(0.15)}`;
  };
  const list = (most: number): string =>
    repeated(() => (chance(0.03) ? '' : mailbox()), 1 + times(most), pick([',', ', ']));
  const group = (): string => `${phrase()}:${chance(0.1) ? '' : list(1)};${cfws(0.1)}`;
  const address = (): string => (chance(0.07) ? group() : mailbox());
  const wellFormed = (): string => (chance(0.75) ? address() : repeated(address, 1 + times(2), ', '));

  const changed = (body: string): string => {
    const at = Math.floor(random() * (body.length + 1));
    const length = 1 + times(6);
    switch (Math.floor(random() * 6)) {
      case 0:
        return body.slice(0, at) + body.slice(at + 1);
      case 1:
        return body.slice(0, at) + body.slice(at, at + length) + body.slice(at);
      case 2:
        return body.slice(0, at) + body.slice(at + length);
      case 3: {
        const other = wellFormed();
        return body.slice(0, at) + pick(['', ' ', ',', ';']) + other.slice(Math.floor(random() * other.length));
      }
      default:
        return body.slice(0, at) + pick(NOISE) + body.slice(at);
    }
  };
  return () => {
    let body = wellFormed();
    if (mutates && chance(0.7)) for (let left = 1 + times(2); left > 0; left -= 1) body = changed(body);
    // A LF that is left without its fold would end the field.
    const unfolded = body.replace(/\r?\n(?![ \t])/g, ' ');
    // Octets that are no UTF-8 (RFC 6532 section 3.1 asks for it).
    return mutates && chance(0.02) ? Buffer.from(unfolded, 'latin1') : Buffer.from(unfolded);
  };
};
