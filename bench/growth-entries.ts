/**
 * The ways by which text from outside comes in, each as a function of the text and the most octets
 * that its limits let through: header fields and bodies, DNS records, documents that are fetched,
 * requests, what mail servers tell, files. Without sockets: the time that is measured is the work
 * on the text.
 */
import { Readable } from 'node:stream';
import type { RecordType } from '../schemas/dns.ts';
import { Config } from '../schemas/settings/settings.ts';
import type { Lookup } from '../src/dns/lookup.ts';
import { decodeMessage } from '../src/dns/wire/message.ts';
import { parseZone } from '../src/dns/zone/zone.ts';
import { parseKeys } from '../src/http/api-keys.ts';
import { createMemory } from '../src/message/memory.ts';
import { createLists } from '../src/pipeline/lists.ts';
import { createFrameReader } from '../src/pipeline/milter/frame-reader.ts';
import { Session } from '../src/pipeline/milter/session.ts';
import { readCommand } from '../src/pipeline/milter/wire.ts';
import { createPolicyReader } from '../src/pipeline/policy/request.ts';
import { createAssessor } from '../src/posture/assess.ts';
import { createMailFaces, createMailverdict } from '../src/service/core.ts';
import { readConfig } from '../src/settings/read-settings.ts';
import { parseSettings } from '../src/settings/yaml-file.ts';
import { createLog } from '../src/telemetry/log.ts';
import { makeApp } from '../test/http/make-app.ts';
import { GOOD } from '../test/posture/cases.ts';
import { MARK_CERTIFICATE } from '../test/posture/keys.ts';
import { type World, type WorldOptions, worldParts } from '../test/posture/world.ts';
import { makeVerifier } from '../test/verdict/make-verifier.ts';

/** One way in. */
export type Entry = {
  readonly name: string;
  /** Most octets that are fed; within the limits of the entry. */
  readonly maxBytes: number;
  /**
   * A file of the operator, read at start and on SIGHUP: it may take its time, growing in a line.
   */
  readonly isOwnFile?: true;
  /**
   * Makes an input of the text.
   * @returns takes it as it would be taken from somebody outside; what becomes of it is of no
   * interest here
   */
  readonly prepare: (text: string) => () => unknown;
};

const FACTS = { clientIp: '192.0.2.10', helo: 'mail.x.example', mailFrom: 'a@x.example' };
const HEADER = 'From: A <a@x.example>\r\nSubject: s\r\nDate: Thu, 01 Oct 2026 00:00:00 +0000\r\n';
/** A little under MAX_HEADER_BYTES, for the other fields. */
const HEADER_BYTES = 1_040_000;
/** Most octets of the TXT strings of one answer (the limit text-bytes). */
const TEXT_BYTES = 65_000;
const MIB = 1_048_576;

/** Fields that are read, with what makes a reader go on into the rest. */
const FIELDS: Readonly<Record<string, string>> = {
  From: 'A <a@x.example>, ',
  'Reply-To': 'A <a@x.example>, ',
  Subject: 'x ',
  Date: 'Thu, 01 Oct 2026 00:00:00 +0000 ',
  'Message-ID': '<',
  'Return-Path': '<a@',
  Received: 'from x.example (x.example [192.0.2.10]) by mx.receiver.example ',
  'Authentication-Results': 'mx.receiver.example; spf=pass ',
  'Received-SPF': 'pass receiver=',
  'DKIM-Signature': 'v=1; a=rsa-sha256; d=x.example; s=s; bh=AAAA; b=AAAA; h=from:',
  'ARC-Seal': 'i=1; a=rsa-sha256; cv=none; d=x.example; s=s; b=',
  'ARC-Message-Signature': 'i=1; a=rsa-sha256; d=x.example; s=s; bh=AAAA; h=from; b=',
  'ARC-Authentication-Results': 'i=1; mx.x.example; dkim=pass ',
  'BIMI-Selector': 'v=BIMI1; s=',
  'Content-Type': 'multipart/signed; protocol=',
  'X-Unread': '',
};

/**
 * TXT records by the beginning of their name; `*` is every other name. Other types do not exist.
 */
const textLookup = (texts: Readonly<Record<string, string>>): Lookup => {
  const records = Object.entries(texts).map(([start, text]) => [start, text.match(/.{1,255}/gs) ?? ['']] as const);
  const rest = records.find(([start]) => start === '*')?.[1];
  return async ({ name, type }) => {
    const common = { ttlSeconds: 60, authenticated: false, source: 'zone' } as const;
    const strings = records.find(([start]) => name.startsWith(start))?.[1] ?? rest;
    if (type !== 'TXT' || strings === undefined) return { kind: 'nxdomain', ...common };
    return { kind: 'records', records: [strings], ...common };
  };
};

const PUBLISHED = { '*': 'v=spf1 +all', '_dmarc.x.example': 'v=DMARC1; p=reject', 's._domainkey': 'v=DKIM1; p=AAAA' };
/** As many as PROTECTED_NAMES may have. */
const PROTECTED_NAMES = Array.from({ length: 1000 }, (_, at) => (at % 2 === 0 ? `brand${at}.example` : `A${at} Doe`));
const SIGNATURE = `DKIM-Signature: ${FIELDS['DKIM-Signature']}from\r\n`;
const options = {
  include: ['trace', 'evidence', 'reports', 'mime'],
  trustReceived: 'mx.receiver.example',
  trustedAuthservIds: ['mx.receiver.example'],
} as const;

/** Beginnings of parts, with what makes a reader go on into the rest. */
const PARTS = [
  ['the preamble', ''],
  ['a body', '--b\r\n\r\n'],
  ['delimiters', '--b\r\n'.repeat(1000)],
  ['a type', '--b\r\nContent-Type: a/b; '],
  ['a name', "--b\r\nContent-Disposition: attachment; filename*0*=utf-8''"],
  ['a nested multipart', '--b\r\nContent-Type: multipart/mixed; boundary='],
  ['PGP', '--b\r\n\r\n-----BEGIN PGP '],
  ['base64', '--b\r\nContent-Transfer-Encoding: base64\r\n\r\n'],
] as const;

const messages = (): Entry[] => {
  const strict = makeVerifier({ protectedNames: PROTECTED_NAMES }, textLookup(PUBLISHED));
  // The lenient mode hands the message to mailauth.
  const lenient = makeVerifier({ strict: false }, textLookup(PUBLISHED));
  const judge = (text: string, verify = strict) => {
    const message = Buffer.from(text, 'latin1');
    return () => verify(message, {}, options);
  };
  const fields = Object.entries(FIELDS).flatMap(([name, begun]) => {
    const others = name === 'From' ? 'Subject: s\r\n' : HEADER;
    return [
      {
        name: `${name}:`,
        maxBytes: HEADER_BYTES,
        prepare: (text: string) => judge(`${name}: ${text}\r\n${others}\r\n.`),
      },
      {
        name: `${name}: ${begun}`,
        maxBytes: HEADER_BYTES,
        prepare: (text: string) => judge(`${name}: ${begun}${text}x\r\n${others}\r\n.`),
      },
    ];
  });
  return [
    ...fields,
    { name: 'a field name', maxBytes: HEADER_BYTES, prepare: (text) => judge(`a${text}b: x\r\n${HEADER}\r\n.`) },
    { name: 'the header block', maxBytes: HEADER_BYTES, prepare: (text) => judge(`${text}\r\n${HEADER}\r\n.`) },
    { name: 'the body', maxBytes: 24 * MIB, prepare: (text) => judge(`${SIGNATURE}${HEADER}\r\n${text}`) },
    {
      name: 'the body, to mailauth',
      maxBytes: MIB,
      prepare: (text) => judge(`${SIGNATURE}${HEADER}\r\n${text}`, lenient),
    },
    {
      name: 'a MIME header of the body',
      maxBytes: MIB,
      prepare: (text) =>
        judge(`${HEADER}Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\nContent-Type: ${text}x\r\n\r\n--b--`),
    },
    ...PARTS.map(([name, begun]) => ({
      name: `parts: ${name}`,
      maxBytes: 2 * MIB,
      prepare: (text: string) =>
        judge(`${HEADER}Content-Type: multipart/mixed; boundary=b\r\n\r\n${begun}${text}\r\n--b--\r\n`),
    })),
    {
      name: 'an S/MIME signature',
      maxBytes: MIB,
      prepare: (text) =>
        judge(
          `${HEADER}Content-Type: application/pkcs7-mime; smime-type=signed-data\r\nContent-Transfer-Encoding: binary\r\n\r\n\x30\x80${text}`,
        ),
    },
    {
      name: 'a delivery status notification',
      maxBytes: MIB,
      prepare: (text) =>
        judge(
          `${HEADER}Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\n.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nX: y\r\n\r\nFinal-Recipient: ${text}\r\n--b--\r\n`,
        ),
    },
    ...['helo', 'mailFrom'].map((fact) => ({
      name: `${fact}, to SPF and mailauth`,
      maxBytes: 1000,
      prepare: (text: string) => () =>
        lenient(Buffer.from(`${HEADER}\r\n`), { ...FACTS, [fact]: `${text}@x.example` }, options),
    })),
  ];
};

/** Records of a message: the name's beginning, and texts that a record may begin with. */
const MESSAGE_RECORDS: Readonly<Record<string, readonly string[]>> = {
  '*': ['v=spf1 ', 'v=spf1 include:', 'v=spf1 exists:%{', 'v=spf1 ip4:1.2.3.4/', ''],
  's._domainkey': ['v=DKIM1; p=', 'v=DKIM1; h=', ''],
  '_dmarc.x.example': ['v=DMARC1; p=reject; rua=mailto:', 'v=DMARC1; fo=', 'v=DMARC1;', ''],
  'default._bimi': ['v=BIMI1; l=https://', 'v=BIMI1;', ''],
};

const messageRecords = (): Entry[] =>
  Object.entries(MESSAGE_RECORDS).flatMap(([name, texts]) =>
    texts.flatMap((begun) =>
      [true, false].map((strict) => ({
        name: `TXT ${name === '*' ? 'SPF' : name}: ${begun}${strict ? '' : ', to mailauth'}`,
        maxBytes: TEXT_BYTES,
        prepare: (text: string) => {
          const verify = makeVerifier({ strict }, textLookup({ ...PUBLISHED, [name]: `${begun}${text}x` }));
          return () => verify(Buffer.from(`${SIGNATURE}${HEADER}\r\n.`), FACTS, options);
        },
      })),
    ),
  );

const POLICY_URL = 'https://mta-sts.brand.example/.well-known/mta-sts.txt';
const BRAND: World = {
  ...GOOD,
  '_mta-sts.brand.example TXT': ['v=STSv1; id=1'],
  'default._bimi.brand.example TXT': ['v=BIMI1; l=https://brand.example/l.svg; a=https://brand.example/vmc.pem'],
  's._domainkey.brand.example TXT': ['v=DKIM1; p=AAAA'],
};
const SVG = '<svg version="1.2" baseProfile="tiny-ps"><title>B</title>';

const DOMAIN_RECORDS: readonly (readonly [name: string, type: RecordType, begun: string])[] = [
  ['brand.example', 'TXT', 'v=spf1 '],
  ['brand.example', 'TXT', 'v=spf1 include:'],
  ['brand.example', 'TXT', 'v=spf1 exists:%{'],
  ['_dmarc.brand.example', 'TXT', 'v=DMARC1; p=reject; rua=mailto:'],
  ['_dmarc.brand.example', 'TXT', 'v=DMARC1; '],
  ['s._domainkey.brand.example', 'TXT', 'v=DKIM1; p='],
  ['s._domainkey.brand.example', 'TXT', ''],
  ['_mta-sts.brand.example', 'TXT', 'v=STSv1; id='],
  ['_smtp._tls.brand.example', 'TXT', 'v=TLSRPTv1; rua=mailto:'],
  ['_smtp._tls.brand.example', 'TXT', 'v=TLSRPTv1; rua=https://'],
  ['default._bimi.brand.example', 'TXT', 'v=BIMI1; l='],
];

const domains = (): Entry[] => {
  const assess = (world: World, more: WorldOptions = {}) => {
    const settings = { domainCacheEntries: 0, ...more.settings };
    const assessor = createAssessor(worldParts(world, { ...more, settings }));
    return () => assessor('brand.example', { selectors: ['s'] });
  };
  const fetched = (url: string, text: string) =>
    assess(BRAND, { web: { [url]: { body: Buffer.from(text, 'latin1') } } });
  return [
    ...DOMAIN_RECORDS.map(([name, type, begun]) => ({
      name: `domain, ${name} ${type}: ${begun}`,
      maxBytes: TEXT_BYTES,
      prepare: (text: string) =>
        assess({ ...BRAND, [`${name} ${type}`]: [`${begun}${text}x`.replace(/[^\0-\xff]/g, '?')] }),
    })),
    ...['', 'version: STSv1\nmode: enforce\nmax_age: 86400\nmx: ', 'version: STSv1\nmode: enforce\nmax_age: '].map(
      (begun) => ({
        name: `an MTA-STS policy: ${begun.split('\n').at(-1)}`,
        maxBytes: MIB,
        prepare: (text: string) => fetched(POLICY_URL, `${begun}${text}`),
      }),
    ),
    ...['', `${SVG}<path `, `${SVG}<path d="`, '<svg '].map((begun) => ({
      name: `an SVG: ${begun}`,
      maxBytes: 4 * MIB,
      prepare: (text: string) => fetched('https://brand.example/l.svg', `${begun}${text}`),
    })),
    ...['-----BEGIN CERTIFICATE-----\n', `${MARK_CERTIFICATE}\n`, ''].map((begun) => ({
      name: `a mark certificate: ${begun.slice(0, 27).trim()}${begun.length > 40 ? '…' : ''}`,
      maxBytes: 4 * MIB,
      prepare: (text: string) => fetched('https://brand.example/vmc.pem', `${begun}${text}`),
    })),
  ];
};

/**
 * Members of a verify request, as paths; their limits refuse a long text, which has to be refused
 * at once.
 */
const MEMBERS = [
  ...['clientIp', 'clientName', 'clientNameCheck', 'helo', 'mailFrom', 'protocol', 'queueId', 'daemonName', 'receiver'],
  ...['tls.version', 'tls.cipher', 'auth.mechanism', 'auth.identity', 'tls.clientCertificate.subject'],
].map((name) => `smtp.${name}`);

const nested = (path: string, value: unknown): object =>
  path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as object;

const requests = async (): Promise<Entry[]> => {
  const config = { ...Config.parse({ dnsServers: '127.0.0.1:9', rateLimitPerAddress: 0 }), authservId: 'mx.x.example' };
  const log = createLog('silent');
  const verify = makeVerifier({}, textLookup(PUBLISHED));
  const lookup = textLookup(PUBLISHED);
  const parts = { ...createMailverdict(config, log), lookup, verify };
  const { assess } = createAssessorParts(lookup);
  const app = await makeApp({
    verify,
    settings: config,
    hooks: createMailFaces(config, parts, log),
    domains: { assess, width: 4 },
  });
  const post = (url: string, body: object | string, type = 'application/json') => {
    const octets = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
    const headers = { 'content-type': type, 'content-length': String(octets.length) };
    return () => app.inject({ method: 'POST', url, payload: Readable.from(segments(octets)), headers });
  };
  const get =
    (url: string, headers: Record<string, string> = {}) =>
    () =>
      app.inject({ url, headers });
  const message = `${HEADER}\r\n.`;
  const verifyWith = (more: object) => post('/v1/verify', { message, ...more });
  const record = { name: 'x.example', type: 'TXT', data: ['v=spf1 -all'] };
  const entries: readonly (readonly [name: string, maxBytes: number, prepare: Entry['prepare']])[] = [
    ...MEMBERS.map((path) => [`verify, ${path}`, MIB, (text: string) => verifyWith(nested(path, text))] as const),
    ['verify, smtp.rcptTo', MIB, (text) => verifyWith(nested('smtp.rcptTo', [text]))],
    ['verify, message', MIB, (text) => post('/v1/verify', { message: text })],
    ['verify, message in base64', MIB, (text) => post('/v1/verify', { message: text, encoding: 'base64' })],
    ['verify, an unknown member', MIB, (text) => verifyWith({ [text]: 1 })],
    ['verify, include', MIB, (text) => verifyWith({ include: [text] })],
    ['verify, trustReceived', MIB, (text) => verifyWith({ trustReceived: text })],
    ['verify, trustedAuthservIds', MIB, (text) => verifyWith({ trustedAuthservIds: [text] })],
    ['verify, dns name', MIB, (text) => verifyWith({ dns: [{ ...record, name: text }] })],
    ['verify, dns TXT', MIB, (text) => verifyWith({ dns: [{ ...record, data: [text] }] })],
    ['verify, dns A', MIB, (text) => verifyWith({ dns: [{ ...record, type: 'A', data: text }] })],
    ['verify, raw text as JSON', MIB, (text) => post('/v1/verify', text)],
    [
      'verify, the query',
      16_000,
      (text) => post(`/v1/verify?helo=${encodeURIComponent(text)}`, message, 'message/rfc822'),
    ],
    [
      'verify, Content-Type',
      16_000,
      (text) => post('/v1/verify', message, `text/${text.replace(/[^\x20-\x7e]/g, '?')}`),
    ],
    ['batch, an mbox', MIB, (text) => post('/v1/verify/batch', `From a\n${text}`, 'application/mbox')],
    ['batch, NDJSON', MIB, (text) => post('/v1/verify/batch', text, 'application/x-ndjson')],
    ['replay, a verdict', MIB, (text) => post('/v1/replay', { message, verdict: { evaluatedAt: text, smtp: text } })],
    [
      'raw hook, a recipient of 1,000',
      1000,
      (text) => post('/v1/hooks/raw', { message, smtp: { rcptTo: Array(1000).fill(`a@${text}`.slice(0, 1000)) } }),
    ],
    [
      'raw hook, message',
      MIB,
      (text) => post('/v1/hooks/raw', { message: `Authentication-Results: ${text}\r\n${message}` }),
    ],
    [
      'MTA hook, a header field',
      MIB,
      (text) =>
        post('/v1/hooks/mta', {
          context: { stage: 'DATA', client: { ip: '192.0.2.10', helo: text.slice(0, 4096) } },
          envelope: { from: { address: 'a@x.example' }, to: [{ address: 'b@y.example' }] },
          message: {
            headers: [
              ['From', ' a@x.example\r\n'],
              ['Received', `${text}\r\n`],
            ],
            contents: text,
            size: 1,
          },
        }),
    ],
    ['domains, the name', 4000, (text) => get(`/v1/domains/${encodeURIComponent(text)}`)],
    ['domains, mailFrom', MIB, (text) => post('/v1/domains/x.example', { mailFrom: text })],
    ['domains, selectors', 200_000, (text) => post('/v1/domains/x.example', { selectors: [text] })],
    ['domains, dns TXT', 200_000, (text) => post('/v1/domains/x.example', { dns: [{ ...record, data: [text] }] })],
    ['domains, a list', 200_000, (text) => post('/v1/domains', { domains: [text] })],
    ['X-Forwarded-For', 16_000, (text) => get('/healthz', { 'x-forwarded-for': plain(text) })],
    ['Authorization', 16_000, (text) => get('/metrics', { authorization: `Bearer ${plain(text)}` })],
    ['If-None-Match', 16_000, (text) => get('/', { 'if-none-match': plain(text) })],
  ];
  return entries.map(([name, maxBytes, prepare]) => ({ name, maxBytes, prepare }));
};

/** As a socket hands them over. */
function* segments(octets: Buffer): Generator<Buffer> {
  for (let at = 0; at < octets.length; at += 65_536) yield octets.subarray(at, at + 65_536);
}

const plain = (text: string): string => text.replace(/[^\x20-\x7e]/g, ' ');

const createAssessorParts = (lookup: Lookup) => ({
  assess: createAssessor({ ...worldParts({}, { settings: { domainCacheEntries: 0 } }), lookup }),
});

const frame = (code: string, text: string): Buffer => {
  const payload = Buffer.from(`${code}${text}`, 'latin1');
  const length = Buffer.alloc(4);
  length.writeUInt32BE(payload.length);
  return Buffer.concat([length, payload]);
};

const mailServers = (): Entry[] => {
  const config = Config.parse({ dnsServers: '127.0.0.1:9' });
  const lists = createLists(config);
  const session =
    (...frames: readonly Buffer[]) =>
    (): unknown => {
      const limits = { maxMessageBytes: config.maxMessageBytes, maxFields: config.maxHeaderFields };
      const one = new Session({ limits, memory: createMemory(1e9), authservId: '', lists, refusal: () => null });
      const reader = createFrameReader(1_114_112, createMemory(1e9));
      for (const chunk of frames) {
        reader.push(chunk);
        for (let next = reader.next(); next !== undefined; next = reader.next()) {
          const command = typeof next === 'string' ? next : readCommand(next);
          if (typeof command === 'string') return command;
          one.receive(command);
        }
      }
      return one.end();
    };
  const optneg = frame('O', '\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff');
  const connect = frame('C', 'mail.x.example\x004\0\x19192.0.2.10\0');
  const mail = frame('M', '<a@x.example>\0');
  const whole = (...frames: Buffer[]) => session(optneg, connect, ...frames, frame('E', ''));
  return [
    {
      name: 'milter, host name',
      maxBytes: MIB,
      prepare: (text) => session(optneg, frame('C', `${text}\x004\0\x19${text}\0`), mail, frame('E', '')),
    },
    { name: 'milter, HELO', maxBytes: MIB, prepare: (text) => whole(frame('H', `${text}\0`), mail) },
    {
      name: 'milter, a macro',
      maxBytes: MIB,
      prepare: (text) => whole(frame('D', `M{auth_authen}\0${text}\0i\0${text}\0{${text}}\0x\0`), mail),
    },
    {
      name: 'milter, macros',
      maxBytes: MIB,
      prepare: (text) => whole(frame('D', `M${text.replaceAll(',', '\0')}\0`), mail),
    },
    { name: 'milter, MAIL', maxBytes: MIB, prepare: (text) => whole(frame('M', `<${text}>\0${text}\0`)) },
    { name: 'milter, RCPT', maxBytes: MIB, prepare: (text) => whole(mail, frame('R', `<${text}>\0`)) },
    {
      name: 'milter, a field',
      maxBytes: MIB,
      prepare: (text) => whole(mail, frame('L', `Authentication-Results\0 x${text}\0`)),
    },
    { name: 'milter, a field name', maxBytes: MIB, prepare: (text) => whole(mail, frame('L', `${text}\0 x\0`)) },
    { name: 'milter, any octets', maxBytes: MIB, prepare: (text) => session(Buffer.from(text, 'latin1')) },
    ...['', 'request=smtpd_access_policy\nsender='].map((begun) => ({
      name: `policy service: ${begun.split('\n').at(-1)}`,
      maxBytes: 65_000,
      prepare: (text: string) => {
        const request = Buffer.from(`${begun}${text}\n\n`);
        return () => {
          const reader = createPolicyReader(createMemory(1e9));
          reader.push(request);
          return reader.next();
        };
      },
    })),
  ];
};

const LISTS = [
  'DNS_SERVERS',
  'MILTER_LISTEN',
  'ALLOW_DOMAINS',
  'ALLOW_NETWORKS',
  'TRUST_PROXY',
  'ENFORCE_DAEMONS',
  'HOST',
];

const files = (): Entry[] => [
  { name: 'settings file', maxBytes: 262_144, isOwnFile: true, prepare: (text) => () => parseSettings(text, 'f') },
  {
    name: 'settings file: host:',
    maxBytes: 262_144,
    isOwnFile: true,
    prepare: (text) => () => parseSettings(`host: ${text}`, 'f'),
  },
  ...LISTS.map((name) => ({
    name: `setting ${name}`,
    // A variable of the environment is no longer on Linux.
    maxBytes: 131_072,
    prepare: (text: string) => () => readConfig({ [name]: text }),
  })),
  { name: 'API key file', maxBytes: 262_144, isOwnFile: true, prepare: (text) => () => parseKeys(text, 'f') },
  { name: 'zone file', maxBytes: MIB, isOwnFile: true, prepare: (text) => () => parseZone(text) },
  {
    name: 'zone file: TXT',
    maxBytes: MIB,
    isOwnFile: true,
    prepare: (text) => () => parseZone(`$ORIGIN x.example.\n@ 60 TXT ${text}`),
  },
];

/** A reply whose answer section says that it goes on to its end. */
const replies = (): Entry[] => [
  {
    name: 'a DNS reply',
    maxBytes: 65_000,
    prepare: (text) => () =>
      decodeMessage(Buffer.from(`\0\x01\x81\x80\0\x01\xff\xff\0\0\0\0\x01x\0\0\x10\0\x01${text}`, 'latin1')),
  },
  {
    name: 'a DNS reply of TXT records',
    maxBytes: 65_000,
    prepare: (text) => {
      const records = (text.match(/.{1,200}/gs) ?? []).map(
        (piece) => `\xc0\x0c\0\x10\0\x01\0\0\0\x3c\0${String.fromCharCode(piece.length + 1, piece.length)}${piece}`,
      );
      const count = String.fromCharCode(records.length >> 8, records.length & 255);
      return () =>
        decodeMessage(
          Buffer.from(`\0\x01\x81\x80\0\x01${count}\0\0\0\0\x01x\0\0\x10\0\x01${records.join('')}`, 'latin1').subarray(
            0,
            65_535,
          ),
        );
    },
  },
];

/** All of them. */
export const growthEntries = async (): Promise<readonly Entry[]> => [
  ...messages(),
  ...messageRecords(),
  ...domains(),
  ...(await requests()),
  ...mailServers(),
  ...files(),
  ...replies(),
];
