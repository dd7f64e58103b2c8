/**
 * What verdicts cost in DNS: questions of a message from a domain never seen before, of one whose
 * domain is known, and the memory that what is known of a domain takes. Each message comes from a
 * domain and a client of its own, signed and aligned under p=reject, which is the worst case for a
 * cache. No promise hangs on it; docs/sizing.md does.
 */
import { generateKeyPairSync } from 'node:crypto';
import { keyRecord, signMessage } from '../test/dkim/sign.ts';
import { startDnsServer } from './dns-server.ts';
import { askOnce, post } from './load.ts';
import { startOurs } from './ours.ts';
import { letter } from './world.ts';

const DOMAINS = 1_000;

/** Means for each message. */
export type DnsLoad = {
  /** Questions a verdict asks, of the cache or of the network. */
  readonly questions: number;
  /** Those that go out, for a domain and a client never seen. */
  readonly unseen: number;
  /** Those that go out when another message comes from them. */
  readonly seen: number;
  /** Bytes of the cache for each domain and client: records, and names that do not exist. */
  readonly recordBytes: number;
  readonly negativeBytes: number;
};

const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const domains = Array.from({ length: DOMAINS }, (_, at) => ({
  domain: `d${at}`,
  clientIp: `10.0.${at >> 8}.${at & 255}`,
}));

const zone = (): string => {
  const record = (keyRecord(key).match(/.{1,200}/g) ?? []).map((piece) => `"${piece}"`).join(' ');
  return [
    '$ORIGIN example.',
    '$TTL 3600',
    '@ SOA ns.example. host.example. 1 3600 600 86400 3600',
    ...domains.flatMap(({ domain, clientIp }) => [
      `${domain} A ${clientIp}`,
      `${domain} MX 10 mail.${domain}`,
      `mail.${domain} A ${clientIp}`,
      `${domain} TXT "v=spf1 include:_spf.${domain}.example -all"`,
      `_spf.${domain} TXT "v=spf1 ip4:${clientIp} -all"`,
      `_dmarc.${domain} TXT "v=DMARC1; p=reject; rua=mailto:reports@${domain}.example"`,
      `s1._domainkey.${domain} TXT ${record}`,
    ]),
    '',
  ].join('\n');
};

/** Measures: every domain once, then every domain again. */
export const measureDnsLoad = async (): Promise<DnsLoad> => {
  const dns = await startDnsServer(zone());
  const ours = await startOurs(dns.port, {});
  try {
    const judge = async ({ domain, clientIp }: (typeof domains)[number]) => {
      const name = `${domain}.example`;
      const text = `From: Alice <alice@${name}>\r\nTo: bob@receiver.example\r\nSubject: figures\r\n\r\n${letter(2_000)}`;
      const tags = `v=1; d=${name}; s=s1;`;
      const message = await signMessage(text, { key, header: 'relaxed', body: 'relaxed', tags });
      const facts = new URLSearchParams({ clientIp, helo: `mail.${name}`, mailFrom: `alice@${name}` });
      const body = Buffer.from(message, 'latin1');
      const request = post(ours.port, `/v1/verify?${facts}`, body, { 'Content-Type': 'message/rfc822' });
      const verdict = JSON.parse((await askOnce(request)).toString('utf8'));
      const words = [verdict.spf.result, verdict.dkim[0]?.result, verdict.dmarc.result];
      if (words.some((word) => word !== 'pass')) throw new Error(`not the right verdict: ${words.join(' ')}`);
      return { questions: verdict.dns.questions.used as number, misses: verdict.dns.misses.used as number };
    };
    const judgeAll = async () => {
      const sum = { questions: 0, misses: 0 };
      for (const one of domains) {
        const { questions, misses } = await judge(one);
        sum.questions += questions;
        sum.misses += misses;
      }
      return { questions: sum.questions / DOMAINS, misses: sum.misses / DOMAINS };
    };
    const first = await judgeAll();
    const again = await judgeAll();
    const metrics = await (await fetch(`http://127.0.0.1:${ours.port}/metrics`)).text();
    const held = (store: string): number =>
      Number(new RegExp(`^mailverdict_dns_cache_bytes\\{store="${store}"\\} (\\S+)`, 'm').exec(metrics)?.[1]) / DOMAINS;
    return {
      questions: first.questions,
      unseen: first.misses,
      seen: again.misses,
      recordBytes: held('records'),
      negativeBytes: held('negatives'),
    };
  } finally {
    await ours.stop();
    dns.close();
  }
};
