/** Rules about the DMARC record itself: that there is one, and that it can be read. Pure. */
import { isDmarcRecord, parseDmarc } from '../../../records/dmarc.ts';
import { noAnswer } from '../../ask.ts';
import type { Assessed, Rule } from '../assessed.ts';
import { newText, replaceText, reportAddress } from '../suggest.ts';
import { STRENGTH } from './own-record.ts';

/**
 * A first record: it asks for reports, so that the next step can be taken with knowledge; a domain
 * that sends nothing needs no such step.
 */
const firstRecord = ({ sendsMail, domain }: Assessed): string =>
  sendsMail === false ? 'v=DMARC1; p=reject' : `v=DMARC1; p=none; rua=${reportAddress(domain, 'dmarc-reports')}`;

const strength = (text: string): number => {
  const parsed = parseDmarc(text);
  return parsed.kind === 'record' && parsed.policies !== null ? 1 + STRENGTH[parsed.policies.p] : 0;
};

/**
 * The record written out of what receivers make of it: tags with a fault get their default.
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

export const DMARC_RECORD_RULES: readonly Rule[] = [
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
];
