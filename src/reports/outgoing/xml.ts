/**
 * An aggregate report as XML, written row by row: the schema of RFC 9990 appendix A, or the older
 * one of RFC 7489 appendix C. Pure, and deterministic: the same rows make the same octets. What XML
 * cannot hold is replaced; no text gets in unescaped.
 */
import type { PolicyConfiguration, ReportPeriod } from '../../../schemas/reports/outgoing-report.ts';
import type { ReportDkim, ReportRow, ReportSpf } from '../../../schemas/reports/report-row.ts';
import type { ReportSettings } from '../../../schemas/settings/reports.ts';
import type { Override } from '../../../schemas/verdict.ts';
import { type DmarcRecord, parseDmarc, readAsRfc7489 } from '../../records/dmarc.ts';
import type { CountedRow } from '../../store/counted-messages.ts';
import { endSecondsOf } from './names.ts';
import { plainSentence } from './sentence.ts';

/** The schema that a report follows. */
type Format = ReportSettings['reportFormat'];

/** What a report says beside its rows. */
export type ReportHeader = ReportPeriod &
  PolicyConfiguration & {
    readonly format: Format;
    readonly reportId: string;
    readonly orgName: string;
    /** Address that reports come from. */
    readonly email: string;
    /** More on how to reach the people behind the report; empty: nothing. */
    readonly contact: string;
    /** Name and version of this software. */
    readonly generator: string;
  };

/** Characters that are gathered before they are handed on: a chunk for each row costs more. */
const CHUNK_CHARACTERS = 65_536;

/**
 * Writes a report.
 * @param rows at least one; read as they are needed
 * @throws where there are no rows or the record is none: such a report does not exist
 */
export async function* writeReport(
  header: ReportHeader,
  rows: AsyncIterable<CountedRow>,
): AsyncGenerator<string, void, undefined> {
  let chunk = writeHead(header);
  let count = 0;
  for await (const counted of rows) {
    chunk += writeRecord(counted, header.format);
    count += 1;
    if (chunk.length >= CHUNK_CHARACTERS) {
      yield chunk;
      chunk = '';
    }
  }
  if (count === 0) throw new RangeError('a report has at least one row');
  yield `${chunk}</feedback>\n`;
}

/** An element without children; nothing where the text is absent. */
const leaf = (name: string, text: string | number | null | undefined): string =>
  text === null || text === undefined ? '' : `<${name}>${escapeText(String(text))}</${name}>\n`;

/** An element with children that are written already. */
const branch = (name: string, ...children: string[]): string => `<${name}>\n${children.join('')}</${name}>\n`;

/** Characters that XML 1.0 has no way to hold, lone surrogates among them. */
const NOT_IN_XML = /[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' };

/** Anything that is not written as it is; nearly no text of a row has it. */
const NOT_PLAIN = /[^\t\n\x20-%'-;=?-~]/;

const escapeText = (text: string): string => (NOT_PLAIN.test(text) ? escapeCharacters(text) : text);

const escapeCharacters = (text: string): string =>
  text.replace(NOT_IN_XML, '\ufffd').replace(/[&<>\r]/g, (character) => ENTITIES[character] ?? '');

const writeHead = (header: ReportHeader): string => {
  const parsed = parseDmarc(header.record);
  if (parsed.kind !== 'record' || parsed.policies === null) throw new RangeError('a report is about a DMARC record');
  const isNew = header.format === 'rfc9990';
  return [
    '<?xml version="1.0" encoding="UTF-8"?>\n',
    // The older schema has a namespace that hardly a report ever had, and readers do not expect it.
    isNew ? '<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">\n' : '<feedback>\n',
    leaf('version', '1.0'),
    branch(
      'report_metadata',
      leaf('org_name', header.orgName),
      leaf('email', header.email),
      leaf('extra_contact_info', header.contact === '' ? null : header.contact),
      leaf('report_id', header.reportId),
      branch('date_range', leaf('begin', header.beginSeconds), leaf('end', endSecondsOf(header))),
      leaf('error', errorOf(parsed)),
      isNew ? leaf('generator', header.generator) : '',
    ),
    isNew ? writePolicy(header.policyDomain, parsed, parsed.policies) : writeOlderPolicy(header.policyDomain, parsed),
  ].join('');
};

/** Faults of the record, so that its owner hears of them; null: none. */
const errorOf = ({ faults }: DmarcRecord): string | null =>
  faults.length === 0 ? null : plainSentence(`in the DMARC record: ${faults.map(({ reason }) => reason).join('; ')}`);

const LETTERS = { relaxed: 'r', strict: 's' } as const;

/** What the record leaves out has its default value (RFC 9990 section 3.1.1.5). */
const writePolicy = (
  domain: string,
  { adkim, aspf, testing, fo }: DmarcRecord,
  { p, sp, np }: NonNullable<DmarcRecord['policies']>,
): string =>
  branch(
    'policy_published',
    leaf('domain', domain),
    leaf('discovery_method', 'treewalk'),
    leaf('p', p),
    leaf('sp', sp ?? p),
    leaf('np', np ?? sp ?? p),
    leaf('fo', fo.join(':')),
    leaf('adkim', LETTERS[adkim]),
    leaf('aspf', LETTERS[aspf]),
    leaf('testing', testing ? 'y' : 'n'),
  );

const writeOlderPolicy = (domain: string, record: DmarcRecord): string => {
  const { policies, percent } = readAsRfc7489(record);
  const p = policies?.p ?? 'none';
  return branch(
    'policy_published',
    leaf('domain', domain),
    leaf('adkim', LETTERS[record.adkim]),
    leaf('aspf', LETTERS[record.aspf]),
    leaf('p', p),
    leaf('sp', policies?.sp ?? p),
    leaf('pct', percent),
    leaf('fo', record.fo.join(':')),
  );
};

const writeRecord = ({ row, count }: CountedRow, format: Format): string => {
  const isNew = format === 'rfc9990';
  return branch(
    'record',
    branch(
      'row',
      leaf('source_ip', row.sourceIp),
      leaf('count', count),
      branch(
        'policy_evaluated',
        leaf('disposition', isNew || row.disposition !== 'pass' ? row.disposition : 'none'),
        leaf('dkim', row.dkim),
        leaf('spf', row.spf),
        ...row.reasons.map((reason) => writeReason(reason, format)),
      ),
    ),
    isNew ? writeIdentifiers(row) : writeOlderIdentifiers(row),
    branch('auth_results', ...row.dkimResults.map(writeDkim), isNew ? writeSpf(row.spfResult) : writeOlderSpf(row)),
  );
};

/** Words of RFC 9990 for which the older schema has others. */
const OLDER_TYPES: Readonly<Record<Override['type'], string>> = {
  local_policy: 'local_policy',
  mailing_list: 'mailing_list',
  other: 'other',
  policy_test_mode: 'other',
  trusted_forwarder: 'trusted_forwarder',
};

const writeReason = ({ type, comment }: Override, format: Format): string =>
  branch('reason', leaf('type', format === 'rfc9990' ? type : OLDER_TYPES[type]), leaf('comment', comment));

const writeIdentifiers = ({ headerFrom, envelopeFrom, envelopeTo }: ReportRow): string =>
  branch(
    'identifiers',
    leaf('header_from', headerFrom),
    leaf('envelope_from', envelopeFrom),
    leaf('envelope_to', envelopeTo),
  );

/** The older schema demands envelope_from. */
const writeOlderIdentifiers = ({ headerFrom, envelopeFrom, envelopeTo }: ReportRow): string =>
  branch(
    'identifiers',
    leaf('envelope_to', envelopeTo),
    leaf('envelope_from', envelopeFrom ?? ''),
    leaf('header_from', headerFrom),
  );

const writeDkim = ({ domain, selector, result, humanResult }: ReportDkim): string =>
  branch(
    'dkim',
    leaf('domain', domain),
    leaf('selector', selector),
    leaf('result', result),
    leaf('human_result', humanResult),
  );

const writeSpf = (spf: ReportSpf | null): string =>
  spf === null
    ? ''
    : branch(
        'spf',
        leaf('domain', spf.domain),
        leaf('scope', 'mfrom'),
        leaf('result', spf.result),
        leaf('human_result', spf.humanResult),
      );

/** The older schema demands one SPF result, knows no text for people there, and no `policy`. */
const writeOlderSpf = ({ spfResult, envelopeFrom, headerFrom }: ReportRow): string => {
  const { domain, result } = spfResult ?? { domain: envelopeFrom || headerFrom, result: 'none' as const };
  const scope = envelopeFrom === '' ? 'helo' : 'mfrom';
  return branch(
    'spf',
    leaf('domain', domain),
    leaf('scope', scope),
    leaf('result', result === 'policy' ? 'neutral' : result),
  );
};
