/**
 * Rules about DMARC (RFC 9989, RFC 9990). Pure; each says nothing or tells a fact, and gives the
 * record to publish where one can be written. Over 300 lines, since it is one table: a rule stands
 * whole in one place.
 */
import type { DmarcPosture } from '../../../schemas/posture/dmarc.ts';
import { isDmarcRecord, parseDmarc } from '../../records/dmarc.ts';
import { noAnswer } from '../ask.ts';
import type { Assessed, Rule } from './assessed.ts';
import { newText, replaceText, reportAddress, rewriteDmarc } from './suggest.ts';

const STRENGTH = { none: 0, quarantine: 1, reject: 2 } as const;

/** The applied policies, where there is a usable record. */
const usable = ({ dmarc }: Assessed): NonNullable<DmarcPosture['policy']> | null =>
  dmarc.state === 'valid' ? dmarc.policy : null;

/**
 * A first record: it asks for reports, so that the next step can be taken with knowledge; a domain
 * that sends nothing needs no such step.
 */
const firstRecord = ({ sendsMail, domain }: Assessed): string =>
  sendsMail === false ? 'v=DMARC1; p=reject' : `v=DMARC1; p=none; rua=${reportAddress(domain, 'dmarc-reports')}`;

/** The tag that holds the policy of this domain in the record that applies. */
const ownTag = ({ dmarc }: Assessed): 'p' | 'sp' =>
  dmarc.inherited && dmarc.tags.some(({ name, status }) => name === 'sp' && status === 'published') ? 'sp' : 'p';

/**
 * A changed record is suggested where the domain publishes its own; mending another domain's record
 * is that domain's business.
 */
const mend = (assessed: Assessed, change: Readonly<Record<string, string | null>>) =>
  assessed.dmarc.inherited ? undefined : rewriteDmarc(assessed, change);

const published = ({ dmarc }: Assessed, name: string): string | undefined =>
  dmarc.tags.find((tag) => tag.name === name && tag.status !== 'default')?.value;

export const DMARC_RULES: readonly Rule[] = [
  {
    code: 'dmarc-dns-failure',
    severity: 'warning',
    section: 'RFC 9989 section 4.10',
    about: 'DNS did not answer on the way up the tree, so it is unknown which record applies',
    find: ({ dmarc }) =>
      dmarc.failure !== undefined
        ? {
            message: `${noAnswer(dmarc.failure)} for ${dmarc.failure.name}, so what applies there is unknown`,
            field: 'dmarc',
          }
        : null,
  },
  {
    code: 'dmarc-missing',
    severity: 'error',
    section: 'RFC 9989 section 4.7',
    about: 'neither the domain nor one above it publishes a DMARC record',
    find: (assessed) =>
      assessed.dmarc.state === 'absent'
        ? {
            message: `neither ${assessed.domain} nor a domain above it publishes a DMARC record, so anyone may write its name into From`,
            field: 'dmarc',
            suggestion: newText(`_dmarc.${assessed.domain}`, firstRecord(assessed), assessed.texts.dmarc),
          }
        : null,
  },
  {
    code: 'dmarc-several',
    severity: 'error',
    section: 'RFC 9989 section 4.10',
    about: 'several DMARC records stand at one name and count as none',
    find: (assessed) => {
      if (!assessed.dmarc.several) return null;
      const records = assessed.texts.dmarc.filter(isDmarcRecord);
      const strictest = records.toSorted((one, other) => strength(other) - strength(one))[0];
      return {
        message: `${records.length} DMARC records stand at _dmarc.${assessed.domain}; receivers use none of them`,
        field: 'dmarc',
        suggestion:
          strictest === undefined
            ? undefined
            : replaceText(`_dmarc.${assessed.domain}`, assessed.texts.dmarc, isDmarcRecord, strictest),
      };
    },
  },
  {
    code: 'dmarc-invalid',
    severity: 'error',
    section: 'RFC 9989 section 4.7',
    about: 'a DMARC record is published that receivers cannot use',
    find: (assessed) => {
      const { dmarc, domain } = assessed;
      if (dmarc.state !== 'invalid' || dmarc.several) return null;
      const reason =
        dmarc.steps.find((step) => step.domain === domain)?.reason ??
        'it has no valid policy and no address for reports';
      const place = dmarc.recordDomain ?? domain;
      return {
        message: `receivers cannot use the DMARC record of ${place}: ${reason}`,
        field: 'dmarc.record',
        suggestion:
          place === domain
            ? replaceText(
                `_dmarc.${domain}`,
                assessed.texts.dmarc,
                (text) => text === dmarc.record,
                firstRecord(assessed),
              )
            : undefined,
      };
    },
  },
  {
    code: 'dmarc-fault',
    severity: 'warning',
    section: 'RFC 9989 section 4.7',
    about: 'a tag of the DMARC record has a value that receivers ignore',
    find: (assessed) => {
      const { faults } = assessed.dmarc;
      if (faults.length === 0) return null;
      return {
        message: `the DMARC record has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}: ${faults[0]?.reason} (character ${(faults[0]?.offset ?? 0) + 1})`,
        field: 'dmarc.faults',
        suggestion: assessed.dmarc.inherited ? undefined : repaired(assessed),
      };
    },
  },
  {
    code: 'dmarc-policy-none',
    severity: 'warning',
    section: 'RFC 9989 section 4.7',
    about: 'the policy asks for nothing (p=none)',
    find: (assessed) => {
      const policy = usable(assessed);
      if (policy === null || policy.domain !== 'none') return null;
      const stricter = assessed.sendsMail === false ? 'reject' : 'quarantine';
      return {
        message: `the DMARC policy for ${assessed.domain} is none: receivers deliver forged mail; once reports show that its own mail passes, take the next step`,
        field: 'dmarc.policy',
        suggestion: mend(assessed, { [ownTag(assessed)]: stricter }),
      };
    },
  },
  {
    code: 'dmarc-policy-quarantine',
    severity: 'advice',
    section: 'RFC 9989 section 4.7',
    about: 'the policy could be one step stricter (p=quarantine)',
    find: (assessed) =>
      usable(assessed)?.domain === 'quarantine'
        ? {
            message: `the DMARC policy for ${assessed.domain} is quarantine; reject is one step stricter`,
            field: 'dmarc.policy',
            suggestion: mend(assessed, { [ownTag(assessed)]: 'reject' }),
          }
        : null,
  },
  {
    code: 'dmarc-testing',
    severity: 'advice',
    section: 'RFC 9989 section 4.7',
    about: 'testing mode (t=y) makes receivers apply the policy one level lower',
    find: (assessed) =>
      usable(assessed)?.testing === true
        ? {
            message: 'the DMARC record is in testing mode (t=y): receivers apply its policy one level lower',
            field: 'dmarc.policy',
            suggestion: mend(assessed, { t: null }),
          }
        : null,
  },
  {
    code: 'dmarc-subdomains-weaker',
    severity: 'warning',
    section: 'RFC 9989 section 4.7',
    about: 'subdomains are protected less than the domain itself (sp)',
    find: (assessed) => {
      const policy = usable(assessed);
      return policy !== null && !assessed.dmarc.inherited && STRENGTH[policy.subdomains] < STRENGTH[policy.domain]
        ? {
            message: `the DMARC policy for subdomains is ${policy.subdomains}, weaker than ${policy.domain} for the domain itself`,
            field: 'dmarc.policy',
            suggestion: mend(assessed, { sp: null }),
          }
        : null;
    },
  },
  {
    code: 'dmarc-np-open',
    severity: 'advice',
    section: 'RFC 9989 section 4.7',
    about: 'mail of subdomains that do not exist could be refused at no cost (np=reject)',
    find: (assessed) => {
      const policy = usable(assessed);
      return policy !== null && policy.nonExistent !== 'reject'
        ? {
            message: 'mail of subdomains that do not exist can be refused at no cost (np=reject)',
            field: 'dmarc.policy',
            suggestion: mend(assessed, { np: 'reject' }),
          }
        : null;
    },
  },
  {
    code: 'dmarc-removed-tag',
    severity: 'advice',
    section: 'RFC 9989 appendix C',
    about: 'the record has tags that RFC 9989 removed (pct, rf, ri)',
    find: (assessed) => {
      const removed = assessed.dmarc.tags.filter(({ status }) => status === 'removed');
      if (removed.length === 0) return null;
      const percent = published(assessed, 'pct');
      // pct=0 was the older way to say "testing" (RFC 9989 appendix A.6).
      const change = {
        pct: null,
        rf: null,
        ri: null,
        ...(percent === '0' && published(assessed, 't') === undefined && { t: 'y' }),
      };
      return {
        message: `the DMARC record has ${removed.map(({ name, value }) => `${name}=${value}`).join(', ')}, which receivers that follow RFC 9989 ignore`,
        field: 'dmarc.tags',
        suggestion: mend(assessed, change),
      };
    },
  },
  {
    code: 'dmarc-unknown-tag',
    severity: 'warning',
    section: 'RFC 9989 section 4.7',
    about: 'the record has a tag that no standard defines, often a typing error',
    find: (assessed) => {
      const unknown = assessed.dmarc.tags.filter(({ status }) => status === 'unknown');
      return unknown.length === 0
        ? null
        : {
            message: `the DMARC record has ${unknown.map(({ name }) => `"${name.slice(0, 40)}"`).join(', ')}, which no standard defines and receivers ignore`,
            field: 'dmarc.tags',
            suggestion: mend(assessed, Object.fromEntries(unknown.map(({ name }) => [name, null]))),
          };
    },
  },
  {
    code: 'dmarc-no-reports',
    severity: 'warning',
    section: 'RFC 9989 section 4.7',
    about: 'no address for aggregate reports (rua): nobody sees who sends in the name of the domain',
    find: (assessed) =>
      usable(assessed) !== null &&
      assessed.sendsMail !== false &&
      !assessed.dmarc.reports.some(({ tag }) => tag === 'rua')
        ? {
            message:
              'the DMARC record names no address for aggregate reports (rua), so nobody sees who sends in the name of the domain',
            field: 'dmarc.reports',
            suggestion: mend(assessed, { rua: reportAddress(assessed.domain, 'dmarc-reports') }),
          }
        : null,
  },
  {
    code: 'dmarc-report-unauthorized',
    severity: 'error',
    section: 'RFC 9990 section 4',
    about: 'a receiver of reports in another organization has not agreed to take them, so none are sent',
    find: ({ dmarc }) =>
      dmarc.reports
        .filter(({ authorized }) => authorized === false)
        .map(({ uri, asked, domain }, index, all) => ({
          message: `reports to ${uri} are not sent: ${domain ?? 'its domain'} has not agreed to take them at ${asked ?? 'a name that DNS can carry'}`,
          field: 'dmarc.reports',
          suggestion:
            asked === null || all.findIndex((other) => other.asked === asked) !== index
              ? undefined
              : newText(asked, 'v=DMARC1'),
        })),
  },
  {
    code: 'dmarc-report-dns-failure',
    severity: 'warning',
    section: 'RFC 9990 section 4',
    about: 'DNS left open whether a receiver of reports agreed to take them',
    find: ({ dmarc }) =>
      dmarc.reports
        .filter(({ authorized, asked }) => authorized === null && asked !== null)
        .map(({ uri }) => ({ message: `DNS left open whether reports to ${uri} may be sent`, field: 'dmarc.reports' })),
  },
  {
    code: 'dmarc-inherited',
    severity: 'info',
    section: 'RFC 9989 section 4.10.1',
    about: 'the record that applies is of a parent domain',
    find: ({ dmarc, domain }) =>
      dmarc.inherited
        ? {
            message: `the DMARC record of ${dmarc.recordDomain} applies to ${domain}, which publishes none of its own`,
            field: 'dmarc.recordDomain',
          }
        : null,
  },
  {
    code: 'dmarc-readings-differ',
    severity: 'info',
    section: 'RFC 9989 appendix C',
    about: 'receivers that follow RFC 7489 apply something else than those that follow RFC 9989',
    find: ({ dmarc }) =>
      dmarc.agree
        ? null
        : {
            message: `for mail that passes neither SPF nor DKIM, ${dmarc.difference ?? 'the readings differ'}`,
            field: 'dmarc.rfc7489',
          },
  },
  {
    code: 'dmarc-good',
    severity: 'good',
    section: 'RFC 9989 section 4.7',
    about: 'forged mail is quarantined or refused',
    find: (assessed) => {
      const policy = usable(assessed);
      return policy !== null && !policy.testing && policy.domain !== 'none'
        ? { message: `the DMARC policy for ${assessed.domain} is ${policy.domain}`, field: 'dmarc.policy' }
        : null;
    },
  },
];

const strength = (text: string): number => {
  const parsed = parseDmarc(text);
  return parsed.kind === 'record' && parsed.policies !== null ? 1 + STRENGTH[parsed.policies.p] : 0;
};

/**
 * The record written out of what receivers make of it: tags with a fault get what stands in their
 * place.
 */
const repaired = (assessed: Assessed) => {
  const parsed = parseDmarc(assessed.dmarc.record ?? '');
  if (parsed.kind === 'fault' || parsed.policies === null) return undefined;
  const { p, sp, np } = parsed.policies;
  const uris = (tag: 'rua' | 'ruf'): string | null => {
    const good = parsed[tag].filter(
      ({ mailDomain, uri }) => mailDomain !== null || !uri.toLowerCase().startsWith('mailto:'),
    );
    return good.length === 0 ? null : good.map(({ uri }) => uri).join(',');
  };
  const record = Object.entries({
    v: 'DMARC1',
    p,
    sp,
    np,
    t: parsed.testing ? 'y' : null,
    psd: parsed.psd === 'u' ? null : parsed.psd,
    adkim: parsed.adkim === 'strict' ? 's' : null,
    aspf: parsed.aspf === 'strict' ? 's' : null,
    rua: uris('rua'),
    ruf: uris('ruf'),
    fo: parsed.fo.join(':') === '0' ? null : parsed.fo.join(':'),
  })
    .flatMap(([name, value]) => (value === null ? [] : `${name}=${value}`))
    .join('; ');
  return replaceText(
    `_dmarc.${assessed.domain}`,
    assessed.texts.dmarc,
    (text) => text === assessed.dmarc.record,
    record,
  );
};
