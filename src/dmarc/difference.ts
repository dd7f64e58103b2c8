/** Whether the two readings of DMARC agree, and what makes them differ. Pure. */
import type { DmarcOlderReading, DmarcPolicy, DmarcReading, DmarcVerdict } from '../../schemas/dmarc.ts';

/** Whether the readings agree, and the first thing that makes them differ. */
export const compare = (newer: DmarcReading, older: DmarcOlderReading): Pick<DmarcVerdict, 'agree' | 'difference'> => {
  if (newer.result === older.result && (newer.policy?.applies ?? null) === older.applies) return { agree: true };
  return { agree: false, difference: difference(newer, older) };
};

const difference = (newer: DmarcReading, older: DmarcOlderReading): string => {
  const inWords = (result: string, policy: DmarcPolicy | null): string =>
    policy === null ? result : `${result} with policy ${policy}`;
  const words = `RFC 9989 gives ${inWords(newer.result, newer.policy?.applies ?? null)}, RFC 7489 ${inWords(older.result, older.applies)}`;
  if (newer.recordDomain !== older.recordDomain) {
    return `${words}: the Tree Walk uses the record of ${newer.recordDomain ?? 'no domain'}, the Public Suffix List that of ${older.recordDomain ?? 'no domain'}`;
  }
  if (newer.organizationalDomain !== older.organizationalDomain && newer.result !== older.result) {
    return `${words}: the organizational domain is ${newer.organizationalDomain ?? 'unknown'} by the Tree Walk and ${older.organizationalDomain} by the Public Suffix List`;
  }
  if (newer.policy?.testing) return `${words}: t=y lowers the policy by one level, which RFC 7489 does not know`;
  if (newer.policy?.tag === 'np')
    return `${words}: np applies to this non-existent subdomain, which RFC 7489 does not know`;
  if (older.percent === 0) return `${words}: pct=0 lowers the policy in RFC 7489 and is ignored by RFC 9989`;
  return `${words}: the tags of the record are read differently`;
};
