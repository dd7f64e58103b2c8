/**
 * Unpublished records for `--dns`: a file with lines of a zone, or JSON as the API takes it in
 * "dns". What is wrong is told with its line or field.
 */
import type { OverlayRecord } from '../../schemas/dns.ts';
import { PostureRequest } from '../../schemas/requests/domain.ts';
import { readOverlayFile } from '../dns/zone/overlay-file.ts';
import { MAX_ZONE_CHARACTERS } from '../dns/zone/zone.ts';
import { RequestProblem } from '../http/problem.ts';
import { readBySchema } from '../http/validation.ts';
import { type Options, type Terminal, textOption, WrongUse } from './command.ts';
import { nameOf, readInput } from './read-input.ts';

/** The option. */
export const DNS_OPTION = { dns: { type: 'string' } } as const;

/** Its help. */
export const DNS_HELP = `  --dns <file>              judge as if the records in this file were published:
                            lines of a zone file, or JSON as the API takes it,
                            [{ "name": …, "type": "TXT", "records": [ … ] }]`;

const Unpublished = PostureRequest.pick({ dns: true });

/**
 * Reads the file that --dns names.
 * @returns undefined without the option
 * @throws NoInput; WrongUse that names the line or the field
 */
export const readUnpublished = async (options: Options, terminal: Terminal): Promise<OverlayRecord[] | undefined> => {
  const file = textOption(options, 'dns');
  if (file === undefined) return undefined;
  const octets = await readInput(file, { maxBytes: MAX_ZONE_CHARACTERS }, terminal);
  const text = octets.toString('utf8');
  const records = /^\s*[[{]/.test(text) ? fromJson(text, file) : fromZone(text, file);
  try {
    const { dns = [] } = readBySchema(Unpublished, { dns: records }, '');
    if (dns.length === 0) throw new WrongUse(`${nameOf(file)} holds no record`);
    return dns;
  } catch (cause) {
    if (cause instanceof RequestProblem) throw new WrongUse(`${nameOf(file)}: ${cause.message}`);
    throw cause;
  }
};

/** A list of records, or an object with one, as a request of the API has it. */
const fromJson = (text: string, file: string): unknown => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new WrongUse(`${nameOf(file)} begins as JSON does and is none`);
  }
  return typeof value === 'object' && value !== null && 'dns' in value ? value.dns : value;
};

const fromZone = (text: string, file: string): OverlayRecord[] => {
  const read = readOverlayFile(text);
  if (read.ok) return read.records;
  throw new WrongUse(read.errors.map(({ line, message }) => `${nameOf(file)}, line ${line}: ${message}`).join('\n'));
};
