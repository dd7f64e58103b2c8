/**
 * Holds our reading of From beside those of other readers. A class of difference is who differs,
 * how, and what we say of the body. The property: when another reader sees another domain than the
 * one we authenticate, a finding says that readers may differ.
 */

import type { RecordData } from '../../../schemas/dns.ts';
import type { Finding } from '../../../schemas/finding.ts';
import type { Lookup } from '../../../src/dns/lookup.ts';
import { readMessage } from '../../../src/message/message.ts';
import { type Author, readAuthor } from '../../../src/verdict/author.ts';
import { makeVerifier } from '../../verdict/make-verifier.ts';
import type { Reader, ReaderName, Seen } from './readers.ts';

/**
 * How a reader differs. `other-domain`: we name one Author Domain, it sees another one, alone or
 * beside ours. `nobody`: we name one, it sees none. `somebody`: we name none, it sees exactly one.
 */
export type Relation = 'other-domain' | 'nobody' | 'somebody';

/** One difference over one body. */
export type Difference = {
  readonly reader: ReaderName;
  readonly relation: Relation;
  /** What we say of the body: the first fault, else the first finding about From, else why not. */
  readonly ground: string;
  readonly body: string;
  readonly seen: readonly string[];
  readonly ours: string | null;
  /** True when the property does not hold. */
  readonly isUnremarked: boolean;
};

const message = (body: Buffer): Buffer =>
  Buffer.concat([Buffer.from('From: '), body, Buffer.from('\r\nSubject: x\r\n\r\nx\r\n')]);

/**
 * Every domain lets every host send, and asks for rejection: whoever is taken for the author passes
 * SPF.
 */
const openLookup: Lookup = async ({ name, type }) => {
  const common = { ttlSeconds: 60, authenticated: false, source: 'zone' } as const;
  if (name === '_dmarc.example') return { kind: 'nodata', ...common };
  const text = name.startsWith('_dmarc.') ? 'v=DMARC1; p=reject' : 'v=spf1 +all';
  const records: RecordData[] = [[text]];
  return type === 'TXT' ? { kind: 'records', records, ...common } : { kind: 'nodata', ...common };
};
const verify = makeVerifier({}, openLookup);

/** Reads bodies with all readers and lists where they differ from us. */
export const differences = async (bodies: readonly Buffer[], readers: readonly Reader[]): Promise<Difference[]> => {
  const answers = await Promise.all(readers.map((reader) => reader.read(bodies)));
  const found = await Promise.all(
    bodies.map(async (body, index) => {
      const read = readMessage(message(body));
      if (read.kind !== 'message') return [];
      const author = readAuthor(read);
      const seen = new Map(answers.flatMap((answer) => [...(answer[index] as Seen)]));
      const differing = [...seen].flatMap(([reader, domains]) => {
        const relation = relationOf(author.domain, domains);
        return relation === null ? [] : [{ reader, relation, seen: domains }];
      });
      return differing.length === 0 ? [] : await described(body, author, differing);
    }),
  );
  return found.flat();
};

const relationOf = (ours: string | null, seen: readonly string[]): Relation | null => {
  const domains = new Set(seen);
  if (ours === null) return domains.size === 1 ? 'somebody' : null;
  if (domains.size === 0) return 'nobody';
  return domains.size === 1 && domains.has(ours) ? null : 'other-domain';
};

const described = async (
  body: Buffer,
  author: Author,
  differing: readonly Pick<Difference, 'reader' | 'relation' | 'seen'>[],
): Promise<Difference[]> => {
  // The attacker sends from whatever domain we take for the author's, so that it passes.
  const verdict = await verify(message(body), {
    clientIp: '192.0.2.25',
    mailFrom: `x@${author.domain ?? 'evil.example'}`,
  });
  const remarks = verdict.findings.filter(({ field }) => field === 'message.from');
  const isPass = verdict.dmarc.result === 'pass';
  const ground = groundOf(author, remarks);
  return differing.map((difference) => ({
    ...difference,
    ground,
    body: JSON.stringify(body.toString()),
    ours: author.domain,
    isUnremarked: isPass && difference.relation === 'other-domain' && remarks.length === 0,
  }));
};

const groundOf = (author: Author, remarks: readonly Finding[]): string => {
  const [fault] = author.fields.flatMap(({ faults }) => faults);
  if (fault !== undefined) return fault.word;
  if (author.domain !== null) return remarks[0]?.code.replace(/^from-/, '') ?? 'unremarked';
  if (author.domains.length > 1) return 'several-domains';
  return author.addresses.length === 0 ? 'no-mailbox' : 'unreadable-domain';
};
