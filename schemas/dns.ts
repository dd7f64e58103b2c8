/**
 * DNS questions and answers as they cross a border: the evidence of a verdict, the cache resource,
 * the overlay. Never holds a raw packet. Follows RFC 1035 (records), RFC 2308 (negative answers),
 * RFC 9520 (failures).
 */
import { z } from 'zod';
import { ReachedLimit } from './limit.ts';

/**
 * Record types the resolver asks for. `SPF` is the deprecated type 99 (RFC 7208 section 3.1), asked
 * only by the domain view.
 */
export const RecordType = z
  .enum(['A', 'AAAA', 'TXT', 'MX', 'PTR', 'CNAME', 'NS', 'SOA', 'TLSA', 'SPF'])
  .describe('DNS record type (RFC 1035 section 3.2.2, RFC 6698 for TLSA)');
export type RecordType = z.infer<typeof RecordType>;

/**
 * Record data by type, in the shape handed on by the resolver. One byte of a TXT string is one code
 * unit (Latin-1).
 */
export const RecordData = z
  .union([
    z.string().describe('A, AAAA: address; PTR, CNAME, NS: domain name without the last dot'),
    z.array(z.string()).describe('TXT, SPF: the character-strings of one record, one byte = one code unit'),
    z.object({
      priority: z.number().int().describe('MX preference (RFC 1035 section 3.3.9)'),
      exchange: z.string().describe('MX host, "" for the null MX (RFC 7505)'),
    }),
    z.object({
      mname: z.string().describe('primary name server (RFC 1035 section 3.3.13)'),
      rname: z.string().describe('mailbox of the person responsible, as a domain name'),
      serial: z.number().int().describe('zone serial'),
      refresh: z.number().int().describe('seconds'),
      retry: z.number().int().describe('seconds'),
      expire: z.number().int().describe('seconds'),
      minimum: z.number().int().describe('seconds, the negative TTL (RFC 2308 section 4)'),
    }),
    z.object({
      usage: z.number().int().describe('TLSA certificate usage (RFC 6698 section 2.1.1)'),
      selector: z.number().int().describe('TLSA selector (RFC 6698 section 2.1.2)'),
      matchingType: z.number().int().describe('TLSA matching type (RFC 6698 section 2.1.3)'),
      data: z.string().describe('certificate association data, lower-case hexadecimal'),
    }),
  ])
  .describe('The data of one record');
export type RecordData = z.infer<typeof RecordData>;

/**
 * Why a question got no usable answer, which is never "no record": a verdict is `temperror`, or
 * `permerror` where a limit of ours would strike again.
 */
export const FailureKind = z
  .enum([
    'timeout',
    'servfail',
    'refused',
    'formerr',
    'notimp',
    'rcode',
    'badresp',
    'unproven',
    'badname',
    'network',
    'limit',
    'unrecorded',
  ])
  .describe(
    'timeout: no reply in time; servfail, refused, formerr, notimp: that RCODE; rcode: any other RCODE; badresp: a malformed or contradictory reply; unproven: NOERROR without records and without proof that there are none (RFC 2308 section 2.2); badname: the name cannot be encoded; network: no server reachable; limit: a limit of this service was reached, which is named beside it; unrecorded: a replay met a question that the evidence does not hold',
  );
export type FailureKind = z.infer<typeof FailureKind>;

/** Where an answer came from. */
export const AnswerSource = z
  .enum(['cache', 'stale', 'network', 'zone', 'overlay', 'local'])
  .describe(
    'cache: cached from an earlier question; stale: cached past its TTL (RFC 8767); network: a DNS server now; zone: a local zone file; overlay: records given with the request; local: decided without asking (bad name, limit, special-use name)',
  );
export type AnswerSource = z.infer<typeof AnswerSource>;

/** One question with its answer, as the ledger of a verification keeps it. */
export const Evidence = z
  .object({
    name: z.string().describe('QNAME, lower case, without the last dot'),
    type: RecordType,
    outcome: z.enum(['records', 'nodata', 'nxdomain', 'failure']).describe('kind of the answer (RFC 2308 section 2)'),
    records: z.array(RecordData).optional().describe('with outcome "records"'),
    failure: FailureKind.optional().describe('with outcome "failure"'),
    limit: ReachedLimit.optional().describe('with failure "limit"'),
    rcode: z.number().int().optional().describe('RCODE of the reply, where there was one (RFC 1035 section 4.1.1)'),
    ttlSeconds: z.number().int().optional().describe('seconds the answer may still be cached; absent on a failure'),
    authenticated: z.boolean().describe('AD bit from a trusted server (RFC 6840 section 5.8)'),
    source: AnswerSource,
    startedMs: z.number().describe('milliseconds from the start of the verification to the question'),
    elapsedMs: z.number().describe('milliseconds from the question to the answer'),
  })
  .meta({ id: 'Evidence', description: 'One DNS question with its answer' });
export type Evidence = z.infer<typeof Evidence>;

/** What one verification spent, against its limits. */
export const DnsUsage = z
  .object({
    questions: z.object({
      used: z.number().int().describe('questions asked'),
      limit: z.number().int().describe('most questions allowed'),
    }),
    misses: z.object({
      used: z.number().int().describe('questions not answered from memory'),
      limit: z.number().int().describe('most of them allowed'),
    }),
    domains: z.object({
      used: z.number().int().describe('distinct registered domains asked for'),
      limit: z.number().int().describe('most of them allowed'),
    }),
    failures: z.object({
      used: z.number().int().describe('questions that failed'),
      limit: z.number().int().describe('most of them allowed'),
    }),
    elapsedMs: z.object({
      used: z.number().describe('milliseconds from the first question to the last answer'),
      limit: z.number().describe('milliseconds allowed for all questions'),
    }),
    exceeded: z.array(ReachedLimit).describe('the limits that were reached, each once'),
  })
  .meta({
    id: 'DnsUsage',
    description: 'DNS questions of one verification against their limits',
  });
export type DnsUsage = z.infer<typeof DnsUsage>;

/** A record set used in place of real DNS for one verification only. */
export const OverlayRecord = z
  .strictObject({
    name: z.string().min(1).max(254).describe('owner name; a last dot is allowed'),
    type: RecordType,
    ttl: z.number().int().min(0).max(2147483647).optional().describe('seconds (default 300)'),
    records: z
      .array(RecordData)
      .min(1)
      .max(1000)
      .optional()
      .describe('the record set; TXT records may be plain strings. the limits records and text-bytes hold for it'),
    rcode: z
      .enum(['NOERROR', 'NXDOMAIN', 'SERVFAIL', 'REFUSED', 'TIMEOUT'])
      .optional()
      .describe('instead of records: NOERROR is an empty answer (NODATA)'),
  })
  .meta({
    id: 'OverlayRecord',
    description: 'An unpublished record set; exactly one of records and rcode',
  });
export type OverlayRecord = z.infer<typeof OverlayRecord>;

const StoreStats = z.object({
  entries: z.number().int().describe('answers cached, expired ones included'),
  bytes: z.number().int().describe('estimated memory they take, in bytes'),
  maxBytes: z.number().int().describe('memory they may take, in bytes'),
});

/** What the resolver holds and how it is doing. */
export const DnsCacheStats = z
  .object({
    records: StoreStats.describe('answers with records'),
    negatives: StoreStats.describe('NXDOMAIN, NODATA and failures (RFC 2308, RFC 9520)'),
    hits: z.number().int().describe('questions answered from memory since the start'),
    misses: z.number().int().describe('questions that went out to a server since the start'),
    shared: z.number().int().describe('questions that joined an identical one in flight since the start'),
    stale: z.number().int().describe('records given out past their TTL since the start (RFC 8767)'),
    prefetches: z.number().int().describe('records renewed before they expired since the start'),
    inFlight: z.number().int().describe('questions in flight now'),
    waiting: z.number().int().describe('questions that wait for their turn now'),
    unexpectedReplies: z
      .number()
      .int()
      .describe(
        'datagrams since the start that answered no open question, late replies apart; many of them in a short time are attempts to forge replies (RFC 5452)',
      ),
  })
  .meta({ id: 'DnsCacheStats', description: 'The resolver and its cache' });
export type DnsCacheStats = z.infer<typeof DnsCacheStats>;

/** Which answers to forget. */
export const DnsCacheFlushQuery = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(254)
    .optional()
    .describe('domain name whose answers of every type are forgotten; a last dot is allowed; absent: everything'),
});
export type DnsCacheFlushQuery = z.infer<typeof DnsCacheFlushQuery>;

/** Outcome of a flush. */
export const DnsCacheFlush = z
  .object({ forgotten: z.number().int().describe('answers removed from the cache') })
  .meta({ id: 'DnsCacheFlush', description: 'Answers forgotten' });
export type DnsCacheFlush = z.infer<typeof DnsCacheFlush>;
