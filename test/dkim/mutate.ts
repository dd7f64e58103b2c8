/**
 * Messages for the comparison with mailauth: signed base messages with every canonicalization, key
 * type, l=, x=, several signatures and ARC sets, and a mutator that changes them as paths, lists
 * and attackers do. Everything follows from the seed.
 */
import type { KeyZone } from './key-zone.ts';
import { KEYS, keyRecord, sealMessage, signMessage } from './sign.ts';

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
export const createRandom = (seed: number) => {
  let state = seed >>> 0;
  return (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};
export type Random = ReturnType<typeof createRandom>;

const pick = <Item>(random: Random, items: readonly Item[]): Item => {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new RangeError('nothing to pick from');
  return item;
};

/** The keys of the base messages. */
export const BASE_ZONE: KeyZone = {
  'rsa._domainkey.brand.example': [keyRecord(KEYS.rsa)],
  'ed._domainkey.brand.example': [keyRecord(KEYS.ed25519)],
  'short._domainkey.brand.example': [keyRecord(KEYS.rsa1024)],
  'weak._domainkey.brand.example': [keyRecord(KEYS.weak)],
  'host._domainkey.brand.example': [keyRecord(KEYS.rsa, 'v=DKIM1; t=s;')],
  'sha256._domainkey.brand.example': [keyRecord(KEYS.rsa, 'v=DKIM1; h=sha256; s=email; t=y:s; n=for mail;')],
  'slow._domainkey.brand.example': { failure: 'timeout' },
  'arc._domainkey.lists.example': [keyRecord(KEYS.other)],
  'ed._domainkey.lists.example': [keyRecord(KEYS.ed25519)],
};

const HEADER = [
  'Received: from a.example (a.example [192.0.2.1])',
  '\tby b.example; Thu, 01 Jan 2026 00:00:00 +0000',
  'From: Alice <alice@brand.example>',
  'To: Bob <bob@receiver.example>,',
  '  Carol  <carol@receiver.example>',
  'Subject: The  figures \t of  the quarter ',
  'Date: Thu, 01 Jan 2026 00:00:00 +0000',
  'Message-ID: <1@brand.example>',
  'X-Note: caf\xc3\xa9\xa0 ',
  'Content-Type: text/plain',
].join('\r\n');

const BODIES = [
  'Hello.\r\n',
  'Two  spaces,\ta tab and an end \t\r\n\r\nanother paragraph\r\n\r\n\r\n',
  ' begins with a space\r\n  \r\nlone \r here\r\nno end',
  '',
  '\r\n\r\n',
  `${'A'.repeat(76)}\r\n`.repeat(40),
  ' \t \r\n',
];

/** Signed messages to start from, as latin1 texts. */
export const makeBases = async (): Promise<readonly string[]> => {
  const bases: string[] = [];
  const d = 'd=brand.example;';
  for (const body of BODIES) {
    for (const header of ['simple', 'relaxed'] as const) {
      for (const canonical of ['simple', 'relaxed'] as const) {
        const text = `${HEADER}\r\n\r\n${body}`;
        const form = { header, body: canonical };
        const rsa = { ...form, key: KEYS.rsa };
        bases.push(await signMessage(text, { ...rsa, tags: `v=1; ${d} s=rsa; t=1767220000;` }));
        const one = await signMessage(text, {
          ...form,
          key: KEYS.ed25519,
          tags: `v=1; ${d} s=ed; x=1767300000; t=1;`,
          length: body.length > 8 ? 3 : 0,
        });
        bases.push(
          await signMessage(one, {
            ...rsa,
            tags: `v=1;\r\n\t${d} s=sha256; i=a=2Bb@brand.example;`,
            h: 'From : from:to:\r\n\tsubject:x-note:date',
          }),
        );
      }
    }
  }
  const plain = `${HEADER}\r\n\r\n${BODIES[1]}`;
  const relaxed = { header: 'relaxed', body: 'relaxed' } as const;
  const signed = await signMessage(plain, { ...relaxed, key: KEYS.rsa, tags: `v=1; ${d} s=rsa;` });
  const variants = [
    { ...relaxed, key: KEYS.rsa1024, tags: `v=1; ${d} s=short;` },
    { ...relaxed, key: KEYS.weak, tags: `v=1; ${d} s=weak;` },
    { ...relaxed, key: KEYS.rsa, tags: `v=1; ${d} s=host; i=@news.brand.example;` },
    { ...relaxed, key: KEYS.rsa, tags: `v=1; ${d} s=slow;` },
    { ...relaxed, key: KEYS.rsa, tags: `v=1; ${d} s=none;` },
    { ...relaxed, key: KEYS.rsa, tags: `v=1; ${d} s=ed;` },
    { ...relaxed, key: KEYS.rsa, tags: `v=1; ${d} s=rsa; x=1767200000;` },
    { ...relaxed, key: KEYS.rsa, tags: `v=1; ${d} s=rsa;`, length: 0 },
    { ...relaxed, key: KEYS.rsa, tags: `v=1; ${d} s=rsa;`, writeC: false, header: 'simple', body: 'simple' } as const,
    { ...relaxed, key: KEYS.rsa, tags: `v=1; ${d} s=rsa; q=dns/txt:x; z=From:a|b; unknown=;`, around: '\r\n ' },
    { ...relaxed, key: KEYS.rsa, hash: 'sha1', tags: `v=1; ${d} s=rsa;` } as const,
    { ...relaxed, key: KEYS.rsa, tags: `v=1; ${d} s=rsa;`, h: 'from:from:from:subject:nothing:to:to' },
  ];
  for (const variant of variants) bases.push(await signMessage(signed, variant), await signMessage(plain, variant));
  const sealer = { key: KEYS.other, d: 'lists.example', s: 'arc' };
  const first = await sealMessage(signed, { ...sealer, instance: 1, cv: 'none' });
  const changed = first.replace('another paragraph', 'another sentence');
  const second = await sealMessage(changed, {
    key: KEYS.ed25519,
    d: 'lists.example',
    s: 'ed',
    instance: 2,
    cv: 'pass',
  });
  const third = await sealMessage(second, {
    ...sealer,
    instance: 3,
    cv: 'pass',
    ams: { header: 'simple', h: 'to:from' },
  });
  const failed = await sealMessage(first, { ...sealer, instance: 2, cv: 'fail' });
  for (let weight = 0; weight < 5; weight++) bases.push(first, second, third);
  bases.push(changed, failed);
  return bases;
};

const splitFields = (header: string): string[] => header.split(/\r?\n(?![ \t])/);

const withField = (header: string, random: Random, change: (field: string) => string): string => {
  const fields = splitFields(header);
  const at = Math.floor(random() * fields.length);
  return fields.map((field, index) => (index === at ? change(field) : field)).join('\r\n');
};

const isSignature = (field: string) => /^(?:dkim-signature|arc-)/i.test(field);

const withSignature = (header: string, random: Random, change: (field: string) => string): string => {
  const fields = splitFields(header);
  const signatures = fields.flatMap((field, index) => (isSignature(field) ? [index] : []));
  if (signatures.length === 0) return header;
  const at = pick(random, signatures);
  return fields.map((field, index) => (index === at ? change(field) : field)).join('\r\n');
};

const TAG_EDITS: readonly ((tag: string, random: Random) => string)[] = [
  (tag) => tag.toUpperCase(),
  (tag) => `${tag};${tag}`,
  () => '',
  (tag) => tag.replace('=', ' = '),
  (tag) => tag.replace('=', ' =\r\n\t'),
  (tag) => `${tag} `,
  (tag) => `${tag}\r\n `,
  (tag) => tag.replace(/=.*/s, '='),
  (tag) => tag.replace(/=/, ''),
  (tag, random) =>
    tag.replace(/=.*/s, `=${pick(random, ['0', '1', '2', '999', '4294967296', '1767225600', '-1', '1 2', 'x', '01'])}`),
  (tag, random) =>
    tag.replace(
      /=.*/s,
      `=${pick(random, ['relaxed', 'simple/simple', 'Relaxed/Simple', 'relaxed/', '/', 'relaxed / relaxed'])}`,
    ),
  (tag, random) =>
    tag.replace(
      /=.*/s,
      `=${pick(random, ['brand.example', 'Brand.Example', 'com', 'brand.example.', 'a_b.example', 'b\xc3\xbccher.example'])}`,
    ),
  (tag, random) =>
    tag.replace(
      /=.*/s,
      `=${pick(random, ['none', 'pass', 'fail', 'Pass', ' none ', 'rsa-sha256', 'RSA-SHA256', 'rsa-sha1', 'ed25519-sha256'])}`,
    ),
  (tag, random) =>
    tag.replace(
      /=.*/s,
      `=${pick(random, ['from', 'from:', ':from:to', 'fr om', 'to', 'From:arc-seal', 'from;x=1', '@brand.example', '"a b"@brand.example'])}`,
    ),
  (tag, random) =>
    `${tag};${pick(random, ['x=1', 'l=5', 'l=100000', 'i=@x.brand.example', 'q=dns', 't=9', 'h=from', 'zz=1', '2a=1', 'c=simple', 'b=AAAA', 'v=1'])}`,
  (tag, random) => tag.slice(0, -1 - Math.floor(random() * 3)),
];

const editTag = (field: string, random: Random): string => {
  const colon = field.indexOf(':') + 1;
  const tags = field.slice(colon).split(';');
  const at = Math.floor(random() * tags.length);
  const edited = tags.map((tag, index) => (index === at ? pick(random, TAG_EDITS)(tag, random) : tag));
  return field.slice(0, colon) + edited.join(';');
};

const flipByte = (text: string, random: Random): string => {
  const at = Math.floor(random() * text.length);
  const byte = random() < 0.5 ? Math.floor(random() * 256) : text.charCodeAt(at) ^ (1 << Math.floor(random() * 8));
  return text.slice(0, at) + String.fromCharCode(byte & 0xff) + text.slice(at + 1);
};

const insert = (text: string, random: Random): string => {
  const at = Math.floor(random() * (text.length + 1));
  const piece = pick(random, [
    '\r',
    '\n',
    '\r\n',
    '\t',
    ' ',
    '\0',
    ';',
    '\r\n ',
    '\xa0',
    ':',
    '  ',
    '=',
    '\r\n\t\r\n ',
  ]);
  return text.slice(0, at) + piece + text.slice(at);
};

const removeByte = (text: string, random: Random): string => {
  const at = Math.floor(random() * text.length);
  return text.slice(0, at) + text.slice(at + 1);
};

type Edit = (header: string, body: string, random: Random) => [header: string, body: string];

const EDITS: readonly Edit[] = [
  (header, body, random) => {
    const fields = splitFields(header);
    const from = Math.floor(random() * fields.length);
    const [moved = ''] = fields.splice(from, 1);
    fields.splice(Math.floor(random() * (fields.length + 1)), 0, moved);
    return [fields.join('\r\n'), body];
  },
  (header, body, random) => [withField(header, random, (field) => `${field}\r\n${field}`), body],
  (header, body, random) => [withField(header, random, () => 'X-Gone: 1'), body],
  (header, body, random) => [withField(header, random, (field) => field.replace(' ', '\r\n ')), body],
  (header, body, random) => [withField(header, random, (field) => field.replace(/\r\n[ \t]/g, ' ')), body],
  (header, body, random) => [
    withField(header, random, (field) => field.replace(/^[^:]*/, (name) => name.toUpperCase())),
    body,
  ],
  (header, body, random) => [withField(header, random, (field) => field.replace(':', ' :')), body],
  (header, body, random) => [withField(header, random, (field) => `${field} \t`), body],
  (header, body, random) => [withField(header, random, (field) => field.replace(/ /g, '  ')), body],
  (header, body, random) => [withField(header, random, (field) => `${field}\r\nno field at all`), body],
  (header, body, random) => [
    `${pick(random, ['From: Mallory <m@evil.example>', 'Subject: new', 'X-Top: 1'])}\r\n${header}`,
    body,
  ],
  (header, body) => [header.replaceAll('\r\n', '\n'), body.replaceAll('\r\n', '\n')],
  (header, body, random) => [
    header,
    body.replace('\r\n', pick(random, ['\n', '\r', ' \r\n', '\r\n\r\n', '\n\r\n', '\r\r\n'])),
  ],
  (header, body, random) => [
    header,
    body + pick(random, ['\r\n', '\r\n\r\n', ' \r\n', '\n', '\r', 'more', ' ', '\r\n\t\r\n', '\r\nmore\r\n']),
  ],
  (header, body) => [header, body.replace(/(?:\r\n)+$/, '')],
  (header, body) => [header, body.replaceAll(' ', '\t ')],
  (header, body, random) => [flipByte(header, random), body],
  (header, body, random) => [insert(header, random), body],
  (header, body, random) => [removeByte(header, random), body],
  (header, body, random) => [withSignature(header, random, (field) => insert(field, random)), body],
  (header, body, random) => [header, insert(body, random)],
  (header, body, random) => [header, removeByte(body, random)],
  (header, body, random) => [header, flipByte(body, random)],
  (header, body, random) => [withSignature(header, random, (field) => flipByte(field, random)), body],
  (header, body, random) => [withSignature(header, random, (field) => editTag(field, random)), body],
  (header, body, random) => [withSignature(header, random, (field) => editTag(field, random)), body],
  (header, body, random) => [withSignature(header, random, (field) => editTag(editTag(field, random), random)), body],
  (header, body, random) => [withSignature(header, random, (field) => field.replace(/\s+/g, ' ')), body],
];

const RECORD_EDITS: readonly ((text: string, random: Random) => KeyZone[string])[] = [
  (text, random) => [text.replace(/v=DKIM1/, pick(random, ['v=DKIM2', 'V=DKIM1', 'v=dkim1', 'v = DKIM1 ', '']))],
  (text) => [text.replace(/p=.*/, 'p=')],
  (text) => [text.replace(/p=(.{20})/, 'p=$1 \t')],
  (text) => [text.replace(/^(v=DKIM1;)(.*)$/, '$2; $1')],
  (text) => [`${text};`],
  (text) => [`${text};;`],
  (text) => [`${text}; t=y`],
  (text) => [`${text}; h=sha1`],
  (text) => [`${text}; h=sha1:SHA256`],
  (text) => [`${text}; s=other`],
  (text) => [`${text}; s=* : email`],
  (text) => [text.replace('k=rsa', 'k=ed25519')],
  (text) => [text.replace(/k=[a-z0-9]*;/, '')],
  (text) => [`${text}!`],
  (text) => [`${text};p=AAAA`],
  (text, random) => [flipByte(text, random)],
  (text) => [text, text],
  (text) => ['v=DKIM1; p=', text],
  (text) => [text, 'v=spf1 -all'],
  () => ({ failure: 'servfail' }),
  () => ['not a record'],
  () => [],
];

/** One changed message, as latin1 text, and the zone it is judged with. */
export const mutate = (bases: readonly string[], random: Random): { text: string; zone: KeyZone } => {
  const base = pick(random, bases);
  const split = base.indexOf('\r\n\r\n');
  let [header, body] = [base.slice(0, split), base.slice(split + 4)];
  for (let edits = Math.floor(random() * 4); edits > 0; edits--) {
    [header, body] = pick(random, EDITS)(header, body, random);
  }
  const lineEnd = header.includes('\r\n') || random() < 0.5 ? '\r\n' : '\n';
  const text = `${header}${lineEnd}${lineEnd}${body}`;
  if (random() > 0.15) return { text, zone: BASE_ZONE };
  const zone = Object.entries(BASE_ZONE).map(([name, records]) => {
    const [record] = 'failure' in records ? [] : records;
    return [name, record === undefined ? records : pick(random, RECORD_EDITS)(record, random)] as const;
  });
  return { text, zone: Object.fromEntries(zone) };
};
